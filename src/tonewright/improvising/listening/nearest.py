"""The points of a table that are nearest to what is heard, each feature counting as far as it is there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tonewright.improvising.listening.normalising import MISSING, THERE
from tonewright.threads import blas_on_one_thread, map_rows

_AT_ONCE = 256  # frames


class NearestPoints:
    """Finds the nearest of some points, looking at every one of them.

    Args:
        points: `[N, R]` normalised features a.
        presence: `[N, R]` how far each point has each; what is below `THERE` differs by `MISSING`.
    """

    def __init__(self, points: NDArray[np.floating], presence: NDArray[np.floating]) -> None:
        points, there = np.asarray(points, np.float64), np.asarray(presence) >= THERE
        known = points * there
        offered = np.concatenate([there, known, np.where(there, points**2, MISSING**2)], axis=1)
        self._offered = offered.astype(np.float32).T.copy()

    def __call__(self, target: NDArray[np.floating], counts: NDArray[np.floating]) -> NDArray[np.int64]:
        """The point of the least Σ c (t − a)² for each frame; of equals the first.

        Sums are in single precision: of points that are nearly as near as each other either may be found.

        Args:
            target: `[n, R]` normalised features t.
            counts: `[n, R]` how much each counts in that frame, c, from 0.

        Returns:
            `[n]` rows of the points.
        """
        # Σ c (t − a)² = Σ c t² − 2 Σ (c t) a + Σ c a²: one matrix product for all points.
        asked = np.concatenate([counts * target**2, -2.0 * counts * target, counts], axis=1)
        asked = asked.astype(np.float32)
        rows = np.empty(len(asked), np.int64)

        def find(first: int, last: int, _: int) -> None:
            for begin in range(first, last, _AT_ONCE):
                some = slice(begin, min(begin + _AT_ONCE, last))
                rows[some] = (asked[some] @ self._offered).argmin(axis=1)

        with blas_on_one_thread():
            map_rows(find, len(asked), block=_AT_ONCE)
        return rows
