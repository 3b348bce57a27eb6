"""How controls glide to where they are turned: through two one-pole low-passes, one after the other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tonewright.compiling import njit

GLIDE_S = 0.002
"""Time constant of each of the two low-passes that a control glides through: nine tenths in 7.8 ms, and no
kink to be heard as a click."""
_STILL = 1e-7  # a control this near to where it goes has arrived; a click 140 dB down


def glide_share(steps_per_second: float) -> float:
    """What a step goes of the way that is left."""
    return float(-np.expm1(-1.0 / (GLIDE_S * steps_per_second)))


@njit(cache=True, nogil=True, error_model="numpy")
def glide(target: NDArray[np.float64], now: NDArray[np.float64], share: float) -> bool:
    """Move the controls of one row by a step.

    Args:
        target: `[D]` unit values where they go.
        now: `[2, D]` unit values behind the first low-pass and behind both, moved on in place; `now[1]` is
            what is heard.
        share: Of the way that is left, what a step goes: `glide_share`.

    Returns:
        Whether any control has moved.
    """
    moved = False
    for d in range(len(target)):
        if now[1, d] != target[d] or now[0, d] != target[d]:
            moved = True
            now[0, d] += share * (target[d] - now[0, d])
            now[1, d] += share * (now[0, d] - now[1, d])
            if abs(now[0, d] - target[d]) < _STILL and abs(now[1, d] - target[d]) < _STILL:
                now[0, d] = now[1, d] = target[d]
    return moved


@njit(cache=True, nogil=True, error_model="numpy")
def arrived(target: NDArray[np.float64], now: NDArray[np.float64]) -> bool:
    """Whether the controls of one row stand still where they go; arrays as in `glide`."""
    still = True
    for d in range(len(target)):
        still = still and now[1, d] == target[d] and now[0, d] == target[d]
    return still
