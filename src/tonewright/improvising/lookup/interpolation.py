"""Between the points of a table: what controls sound like that were not measured."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tonewright.compiling import njit
from tonewright.improvising.lookup.table import LookupTable


class Interpolator:
    """Multilinear interpolation in a grid."""

    def __init__(self, table: LookupTable, columns: Sequence[str]) -> None:
        at = [table.columns.index(name) for name in columns]
        self._values = np.ascontiguousarray(table.means[:, at])
        self._grid = np.array(table.grid, np.int64)

    def __call__(self, params: NDArray[np.float32]) -> NDArray[np.float32]:
        """Values `[B, C]` at controls `[B, D]`."""
        out = np.zeros((len(params), self._values.shape[1]), np.float32)
        _interpolate(params, self._grid, self._values, out)
        return out


@njit(cache=True, nogil=True)
def _interpolate(params, grid, values, out):  # type: ignore[no-untyped-def]
    dims = len(grid)
    low = np.empty(dims, np.int64)
    share = np.empty(dims, np.float32)
    for b in range(len(params)):
        for d in range(dims):
            x = params[b, d] * (grid[d] - 1)
            i = min(int(x), grid[d] - 2)
            low[d], share[d] = i, x - i
        for corner in range(1 << dims):
            weight, index = np.float32(1.0), 0
            for d in range(dims):
                high = (corner >> d) & 1
                weight *= share[d] if high else np.float32(1.0) - share[d]
                index = index * grid[d] + low[d] + high
            if weight > 0:
                for c in range(values.shape[1]):
                    out[b, c] += weight * values[index, c]
