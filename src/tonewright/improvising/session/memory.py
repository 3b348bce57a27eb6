"""What the musician played lately, to play on from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tonewright.improvising.hearing import HOP_S

_KEPT = round(30 / HOP_S)
_LEAST = round(1 / HOP_S)
_SHORTEST, _LONGEST = round(1 / HOP_S), round(4 / HOP_S)


class Memory:
    """The last half minute of a musician, and passages of it.

    Args:
        features: How many columns are heard.
        rng: Chooses passages.
    """

    def __init__(self, features: int, rng: np.random.Generator) -> None:
        self._frames = np.zeros((_KEPT, features), np.float32)
        self._begins = np.zeros(_KEPT, np.bool_)
        self._count = 0
        self._sounded = False
        self._rng = rng
        self._at = self._left = 0

    def keep(self, frame: NDArray[np.float32], sounds: bool) -> None:
        """Keep a frame `[F]`; where sound begins after silence, a passage may begin."""
        place = self._count % _KEPT
        self._frames[place] = frame
        self._begins[place] = sounds and not self._sounded
        self._sounded = sounds
        self._count += 1

    def leave(self) -> None:
        """Give the present passage up."""
        self._left = 0

    def recall(self) -> NDArray[np.float32] | None:
        """The next frame `[F]` of a passage; None while there is less than a second to choose from."""
        if self._count < _LEAST:
            return None
        # What is about to be overwritten is given up.
        if self._left == 0 or self._at < self._count - _KEPT + 1 or self._at >= self._count:
            self._choose()
        frame: NDArray[np.float32] = self._frames[self._at % _KEPT]
        self._at += 1
        self._left -= 1
        return frame

    def _choose(self) -> None:
        oldest = max(0, self._count - _KEPT + _LONGEST)
        newest = max(oldest, self._count - _LEAST)
        there = np.arange(oldest, newest + 1)
        begins = there[self._begins[there % _KEPT]]
        self._at = int(self._rng.choice(begins if len(begins) else there))
        self._left = int(self._rng.integers(_SHORTEST, _LONGEST + 1))
