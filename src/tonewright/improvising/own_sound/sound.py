"""What an agent hears of itself, and what random targets sound like."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class OwnSound(Protocol):
    """A batch of sounds that are heard while their controls are turned.

    Looked up (`TableSound`) or rendered (`RenderedSound`): both give what `Normaliser` makes of a real sound,
    and keep what is not there as it last was.

    Attributes:
        values: `[B, U]` float32 normalised features of the last hop, in −3…3.
        presence: `[B, U]` float32, how far each is there, in 0…1.
    """

    values: NDArray[np.float32]
    presence: NDArray[np.float32]

    def begin(self, rows: NDArray[np.intp], params: NDArray[np.float32], seeds: NDArray[np.uint64]) -> None:
        """Begin new sounds in some rows, heard as if they had sounded for long.

        Args:
            rows: Which ones.
            params: Controls of all rows, `[B, D]`.
            seeds: Of what is random in hearing them, one for each of `rows`.
        """
        ...

    def hear(self, rows: NDArray[np.intp], params: NDArray[np.float32]) -> None:
        """Turn some rows to their controls and listen for a hop; as `begin`."""
        ...
