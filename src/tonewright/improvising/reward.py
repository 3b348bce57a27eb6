"""Rewards: how near the agent's sound is to the musician's, in the features that count."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tonewright.compiling import njit, register_jitable
from tonewright.distances.closeness import closeness
from tonewright.errors import UnknownNameError
from tonewright.improvising.listening.normalising import MISSING, THERE
from tonewright.improvising.row_random import uniform

REWARD_TYPES = ("closeness", "linear", "cubic")


def reward(distance: NDArray[np.float64], kind: str, scale: float) -> NDArray[np.float64]:
    """Rewards of distances; all of them fall as the distance grows, and are halfway at `scale`.

    - `closeness`: 1 / (1 + distance / scale), in [0, 1]; it tells near from nearer best, and has a slope
      however far off.
    - `linear`: 1 − distance / (2 scale), not below 0.
    - `cubic`: (1 − distance / scale)³, not below −1: flat around `scale`, steep near the target. With a scale
      of 0.5 it is the 8 (0.5 − RMSE)³ of RL-impro where that lies in [−1, 1].

    Args:
        distance: Distances, 0 or more.
        kind: One of `REWARD_TYPES`.
        scale: Distance at which the reward is halfway: 0.5, and 0 for `cubic`.

    Returns:
        The same shape, in [0, 1], `cubic` in [−1, 1].

    Raises:
        UnknownNameError: There is no such type.
        UsageError: A distance is negative or NaN, or the scale not a positive number.
    """
    near = closeness(distance, scale)  # checks both
    if kind == "closeness":
        return near
    if kind == "linear":
        return np.maximum(0.0, 1.0 - distance / (2.0 * scale))
    if kind == "cubic":
        return np.maximum(-1.0, (1.0 - distance / scale) ** 3)
    raise UnknownNameError("reward_type", kind, REWARD_TYPES)


@register_jitable
def is_missing(own_presence: Any, presence: Any) -> Any:
    """Whether the agent has not what the target has, of numbers or arrays.

    Its presence is below `THERE`, and below half of the target's: of two fading sounds neither is missing.
    """
    return own_presence < np.minimum(THERE, 0.5 * presence)


@njit(cache=True, nogil=True, error_model="numpy")
def weigh(
    rows: NDArray[np.intp],
    counted: NDArray[np.intp],
    target: NDArray[np.float32],
    own: NDArray[np.float32],
    presence: NDArray[np.float32],
    own_presence: NDArray[np.float32],
    weights: NDArray[np.float64],
    states: NDArray[np.uint64],
    noise_weight: float,
    errors: NDArray[np.float32],
    distance: NDArray[np.float64],
) -> None:
    """Weighted root mean square of the differences in some rows of a batch.

    A feature counts as far as the target has it: √(Σ w p (t − a)² / Σ w p), p its presence there; the pitch
    of a breath, or the brightness of silence, is nothing to be matched. Where the target has nothing that
    counts, the distance is 0. What it has and the agent has not (`is_missing`) differs by `MISSING`. A
    dimension of noise, even from 0 to 1 on both sides, is one feature more; its difference is multiplied by
    its weight, as RL-impro has it.

    Args:
        rows: Which ones.
        counted: `[R]` the columns that count.
        target: `[B, U]` normalised features of the target.
        own: `[B, U]` those of the agent.
        presence: `[B, U]` 0 to 1, how far the target has each.
        own_presence: `[B, U]` the same of the agent.
        weights: `[R]`.
        states: `[B]` of the random numbers.
        noise_weight: 0 for no noise.
        errors: `[B, R]`, written: p |t − a|.
        distance: `[B]`, written.
    """
    for b in rows:
        total = squares = 0.0
        if noise_weight > 0:
            total = noise_weight
            squares = (noise_weight * (uniform(states, b) - uniform(states, b))) ** 2
        for i in range(len(counted)):
            c = counted[i]
            difference = MISSING
            if not is_missing(own_presence[b, c], presence[b, c]):
                difference = float(target[b, c]) - float(own[b, c])
            weight = weights[i] * presence[b, c]
            errors[b, i] = presence[b, c] * abs(difference)
            squares += weight * difference * difference
            total += weight
        distance[b] = np.sqrt(squares / total) if total > 0 else 0.0
