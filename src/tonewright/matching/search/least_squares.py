"""Refinement: from a preset that is roughly right, follow every difference that is heard at once.

A search that is told one number per preset needs thousands of them to learn which way is better in twenty
dimensions. Here each preset tells thousands: the level of every mel band at every moment. Turning each
control a little shows what it does to all of them, and the changes that together explain the whole
difference from the target are a least-squares problem (Levenberg, 1944; Marquardt, 1963). A step
costs about as many presets as there are controls.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tonewright.features.stft import mel_spectrogram
from tonewright.matching.search.objective import Objective

_NUDGE = 0.01  # of a control's range
_DAMPINGS = 10.0 ** np.arange(-2.0, 4.0)  # tried at once, times the last that was best
_GREATEST_DAMPING = 1e6
_RELATIVE_DAMPING = 0.01
_FLOOR_DB = -60.0
# Windows of about 64 and 256 ms: where things happen, and on which frequencies.
_VIEWS = ((0.064, 96), (0.256, 128))
_LEAST_PROGRESS = 0.01
_MUCH = 0.3  # progress after which slopes are corrected instead of measured again


class Residuals:
    """Differences from one target, in dB, that least squares can work on.

    Args:
        target: `[frames]`.
        sample_rate_hz: Its rate.
    """

    def __init__(self, target: NDArray[np.float32], sample_rate_hz: int) -> None:
        self._rate = sample_rate_hz
        self._windows = [(2 ** round(np.log2(seconds * sample_rate_hz)), mels) for seconds, mels in _VIEWS]
        powers = [self._power(target[None], *view) for view in self._windows]
        self._floors = [power.max() * 10 ** (_FLOOR_DB / 10) + 1e-12 for power in powers]
        self._target = self._levels(powers)

    def __call__(self, audio: NDArray[np.float32]) -> NDArray[np.float32]:
        """Difference of every band and frame, `[batch, n]`, for sounds `[batch, frames]`."""
        return self._levels([self._power(audio, *view) for view in self._windows]) - self._target

    def _power(self, audio: NDArray[np.float32], window: int, mels: int) -> NDArray[np.float32]:
        return mel_spectrogram(audio, self._rate, window, window // 4, mels)

    def _levels(self, powers: list[NDArray[np.float32]]) -> NDArray[np.float32]:
        levels = [
            10 * np.log10(power + floor).reshape(len(power), -1)
            for power, floor in zip(powers, self._floors, strict=True)
        ]
        return np.concatenate(levels, axis=1, dtype=np.float32)


def refine(objective: Objective, residuals: Residuals, start: NDArray[np.float32], *, steps: int) -> None:
    """Refine one point; the objective remembers the best that is heard on the way.

    Integer controls stay as they are. After a step that brought much, the next one makes do with the slopes
    as that step has corrected them (Broyden, 1965). Ends early when two steps in a row bring less than 1 %.

    Args:
        objective: Renders and counts.
        residuals: Of the objective's target.
        start: Point `[N]`.
        steps: At most so many times are slopes measured, one preset for every continuous coordinate; each
            step takes six more.

    Raises:
        BudgetSpent: See `Objective`.
    """
    free = np.array([i for i in range(len(objective.space)) if i not in objective.space.integers], np.intp)
    if not len(free):
        return
    point = objective.space.decode(start[None])[0]
    difference = residuals(objective.render_and_compare(point[None])[1])[0]
    error, damping, idle = _mean_square(difference), 1.0, 0
    slopes, measured = None, 0
    while slopes is not None or measured < steps:
        fresh = slopes is None
        if slopes is None:
            slopes = _slopes(objective, residuals, point, difference, free)
            measured += 1
        curvature = slopes @ slopes.T / slopes.shape[1]
        gradient = slopes @ difference / slopes.shape[1]
        candidates = np.repeat(point[None], len(_DAMPINGS), axis=0)
        for row, factor in enumerate(damping * _DAMPINGS):
            ridge = factor * (np.eye(len(free)) + _RELATIVE_DAMPING * np.diag(np.diag(curvature)))
            candidates[row, free] = np.clip(point[free] - np.linalg.solve(curvature + ridge, gradient), 0, 1)
        differences = residuals(objective.render_and_compare(candidates)[1])
        errors = np.array([_mean_square(row) for row in differences])
        best = int(np.argmin(errors))
        progress = 1 - errors[best] / error if error else 0.0
        if progress > 0:
            step, change = (candidates[best] - point)[free], differences[best] - difference
            point, difference, error = candidates[best], differences[best], float(errors[best])
            damping *= _DAMPINGS[best]
        elif fresh:
            damping *= 10.0
        if progress > _MUCH:
            slopes = slopes + np.outer(step, (change - step @ slopes) / (step @ step))
            idle = 0
            continue
        slopes = None
        if fresh:
            idle = 0 if progress > _LEAST_PROGRESS else idle + 1
        if idle == 2 or damping > _GREATEST_DAMPING:
            return


def _slopes(
    objective: Objective,
    residuals: Residuals,
    point: NDArray[np.float32],
    difference: NDArray[np.float32],
    free: NDArray[np.intp],
) -> NDArray[np.float32]:
    """What a change of each free coordinate does to every difference, `[free, n]`."""
    nudges = np.where(point[free] > 0.5, -_NUDGE, _NUDGE).astype(np.float32)
    nudged = np.repeat(point[None], len(free), axis=0)
    nudged[np.arange(len(free)), free] += nudges
    slopes: NDArray[np.float32] = (residuals(objective.render_and_compare(nudged)[1]) - difference) / nudges[
        :, None
    ]
    return slopes


def _mean_square(difference: NDArray[np.float32]) -> float:
    return float(np.square(difference, dtype=np.float64).mean())
