"""Where a synth comes nearest to what a musician plays: the point of its table that the reward likes best."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tonewright.compiling import njit
from tonewright.improvising.listening.normalising import Normaliser
from tonewright.improvising.setting import Setting
from tonewright.threads import map_rows

_WORTH_A_THREAD = 32  # targets


class Guide:
    """Finds the controls at which a synth, held still, earns most for given targets.

    Exact: every point of the table is looked at, with the weights of the reward and what the target has. What
    a point does not have (a pitch, where it is silent) counts as the median, as in the reward of an agent
    that comes from nowhere.

    Args:
        setting: What is played with.
    """

    def __init__(self, setting: Setting) -> None:
        values, _ = Normaliser(setting.scales, setting.table.columns)(setting.table.means)
        self._counted = setting.counted
        self._points = np.ascontiguousarray(values[:, self._counted])
        self._params = setting.table.params
        self._weights = np.array(setting.reward.weights, np.float32)

    def goals(self, values: NDArray[np.float32], presence: NDArray[np.float32]) -> NDArray[np.float32]:
        """Controls `[B, D]` for targets, `[B, U]` normalised features and how far each is there."""
        target = np.ascontiguousarray(values[:, self._counted])
        weights = presence[:, self._counted] * self._weights
        found = np.zeros(len(target), np.int64)

        def find(first: int, last: int, _: int) -> None:
            _nearest(first, last, target, weights, self._points, found)

        map_rows(find, len(target), block=_WORTH_A_THREAD)
        return self._params[found]


@njit(cache=True, nogil=True)
def _nearest(
    first: int,
    last: int,
    target: NDArray[np.float32],
    weights: NDArray[np.float32],
    points: NDArray[np.float32],
    found: NDArray[np.int64],
) -> None:
    """Nearest of points `[N, R]` for some rows of targets `[B, R]` with weights of their own."""
    count, width = points.shape
    for b in range(first, last):
        best = np.float32(np.inf)
        for k in range(count):
            total = np.float32(0.0)
            for i in range(width):
                off = target[b, i] - points[k, i]
                total += weights[b, i] * off * off
                if total >= best:
                    break
            else:
                best, found[b] = total, k
