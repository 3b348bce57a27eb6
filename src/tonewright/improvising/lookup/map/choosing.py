"""Which points of a table a map shows: those that sound, and of many those that cover the controls evenly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_SHAKEN = (
    1e-3  # of the range of a control, so that points of a grid which are equally far are drawn by chance
)


def spread_out(params: NDArray[np.float32], count: int, seed: int = 0) -> NDArray[np.int64]:
    """Points that cover the controls evenly: each is the farthest from all that were taken before it.

    No point is then farther from one of them than twice what the best choice of as many could reach:
    Gonzalez, "Clustering to minimize the maximum intercluster distance" (1985).

    Args:
        params: `[points, D]` unit vectors.
        count: How many to take, from 1.
        seed: Of what chance decides between points that are equally far.

    Returns:
        Rows of `params`, ascending; all of them if there are no more than `count`.
    """
    if len(params) <= count:
        return np.arange(len(params))
    rng = np.random.default_rng(seed)
    places = params + rng.uniform(-_SHAKEN, _SHAKEN, params.shape).astype(np.float32)
    taken = np.empty(count, np.int64)
    taken[0] = np.square(places).sum(axis=1).argmin()
    nearest = np.full(len(places), np.inf, np.float32)
    for i in range(1, count):
        away = places - places[taken[i - 1]]
        np.minimum(nearest, np.einsum("nd,nd->n", away, away), out=nearest)
        taken[i] = nearest.argmax()
    return np.sort(taken)
