"""Some rows of a batch rendered, the others looked up: quick to train with, and true to the stage."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tonewright.improvising.own_sound.sound import OwnSound

RENDERED = 8
"""One row in so many is rendered."""


class MixedSound:
    """The first eighth of the rows rendered, the rest looked up.

    Tables know still sounds alone. An agent that has never heard how a sound smears while it moves is misled
    by its own ears on stage, and trembles.

    Args:
        rendered: For the first rows.
        looked_up: For the others.

    Attributes:
        values: See `OwnSound`.
        presence: See `OwnSound`.
    """

    def __init__(self, rendered: OwnSound, looked_up: OwnSound) -> None:
        self._rendered, self._looked_up = rendered, looked_up
        self._first = len(rendered.values)
        self.values = np.concatenate([rendered.values, looked_up.values])
        self.presence = np.concatenate([rendered.presence, looked_up.presence])

    def begin(self, rows: NDArray[np.intp], params: NDArray[np.float32], seeds: NDArray[np.uint64]) -> None:
        """See `OwnSound`."""
        early = rows < self._first
        if early.any():
            self._rendered.begin(rows[early], params[: self._first], seeds[early])
        if not early.all():
            self._looked_up.begin(rows[~early] - self._first, params[self._first :], seeds[~early])
        self._gather(rows)

    def hear(self, rows: NDArray[np.intp], params: NDArray[np.float32]) -> None:
        """See `OwnSound`."""
        early = rows < self._first
        if early.any():
            self._rendered.hear(rows[early], params[: self._first])
        if not early.all():
            self._looked_up.hear(rows[~early] - self._first, params[self._first :])
        self._gather(rows)

    def _gather(self, rows: NDArray[np.intp]) -> None:
        for first, source in ((0, self._rendered), (self._first, self._looked_up)):
            some = rows[(rows >= first) & (rows < first + len(source.values))]
            self.values[some] = source.values[some - first]
            self.presence[some] = source.presence[some - first]
