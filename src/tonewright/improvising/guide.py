"""Where a synth comes nearest to what a musician plays: the point of its table that the reward likes best."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tonewright.improvising.listening.nearest import NearestPoints
from tonewright.improvising.listening.normalising import Normaliser
from tonewright.improvising.setting import Setting


class Guide:
    """Finds the controls at which a synth, held still, earns most for given targets.

    Every point of the table is looked at, with the weights of the reward and what the target has. What a
    point does not have (a pitch, where it is silent) counts as a miss, as in the reward.

    Args:
        setting: What is played with.
    """

    def __init__(self, setting: Setting) -> None:
        values, presence = Normaliser(setting.scales, setting.table.columns)(setting.table.means)
        self._counted = setting.counted
        self._nearest = NearestPoints(values[:, self._counted], presence[:, self._counted])
        self._params = setting.table.params
        self._weights = np.array(setting.reward.weights)

    def goals(self, values: NDArray[np.float32], presence: NDArray[np.float32]) -> NDArray[np.float32]:
        """Controls `[B, D]` for targets, `[B, U]` normalised features and how far each is there."""
        counts = presence[:, self._counted] * self._weights
        return self._params[self._nearest(values[:, self._counted], counts)]
