"""The control panel of notes that sound: where each control stands, and where it goes.

A panel is `[batch, 5, 26]`. The five are

0. physical values at the last tick, which the sound is made of,
1. physical values where they go,
2. unit values where they go,
3. and 4. the two of `glide`, in unit values.

The columns are the 24 controls, and for each envelope by how much it is above its controls. Those of an
envelope do not glide: it would run through all that lies between, its peak for one, within a tick. They are
taken as they are, and the level that the envelope had glides to the one it has now.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tonewright.compiling import njit
from tonewright.synths.elementary import exp2
from tonewright.synths.gliding import arrived, glide
from tonewright.synths.serum_lite.controls import CONTROLS
from tonewright.synths.serum_lite.curves import ABOVE, ENVELOPES, envelope_of

_LOG = np.array([control.curve == "log" for control in CONTROLS] + [False, False])
# A whole number is the middle of its bin: what lies between two middles is on its way.
_LOW = np.array([control.low - 0.5 * (control.curve == "integer") for control in CONTROLS] + [0.0, 0.0])
_SPAN = np.array(
    [
        np.log2(control.high / control.low)
        if control.curve == "log"
        else control.steps or control.high - control.low
        for control in CONTROLS
    ]
    + [1.0, 1.0]
)


def new_panel(params: NDArray[np.float32]) -> NDArray[np.float64]:
    """A panel that stands still at unit vectors `[batch, 24]`."""
    panel = np.zeros((len(params), 5, len(_LOW)))
    goal, target = _goal_and_target(params)
    panel[:, :2, : len(CONTROLS)], panel[:, 2:, : len(CONTROLS)] = goal[:, None], target[:, None]
    return panel


def turn_panel(
    panel: NDArray[np.float64], params: NDArray[np.float32], gate_seconds: NDArray[np.float64], seconds: float
) -> None:
    """Send a panel on its way to unit vectors `[batch, 24]`.

    Args:
        panel: Changed in place.
        params: Where the controls go.
        gate_seconds: `[batch]` when the keys are let go.
        seconds: Time of the last tick.
    """
    _turn(panel, *_goal_and_target(params), gate_seconds, seconds)


def _goal_and_target(params: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    goal, target = CONTROLS.to_physical(params), params.astype(np.float64)
    for d, control in enumerate(CONTROLS):
        if control.steps:
            target[:, d] = control.to_unit(goal[:, d])
    return goal, target


@njit(cache=True, nogil=True, error_model="numpy")
def _turn(
    panel: NDArray[np.float64],
    goal: NDArray[np.float64],
    target: NDArray[np.float64],
    gate_seconds: NDArray[np.float64],
    seconds: float,
) -> None:
    for b in range(len(panel)):
        p, now = panel[b, 0], panel[b, 3:]
        for d in range(goal.shape[1]):
            panel[b, 1, d], panel[b, 2, d] = goal[b, d], target[b, d]
        for e in range(2):
            above = envelope_of(p, e, seconds, gate_seconds[b])
            for d in ENVELOPES[e]:
                p[d], now[0, d], now[1, d] = goal[b, d], target[b, d], target[b, d]
            above -= envelope_of(p, e, seconds, gate_seconds[b])
            p[ABOVE[e]] += above
            now[0, ABOVE[e]] += above
            now[1, ABOVE[e]] += above


@njit(cache=True, nogil=True, error_model="numpy")
def is_still(panel: NDArray[np.float64]) -> bool:
    """Whether the controls of one row, `[5, 26]`, have arrived."""
    return arrived(panel[2], panel[3:])


@njit(cache=True, nogil=True, error_model="numpy")
def move_controls(panel: NDArray[np.float64], share: float) -> bool:
    """Move the controls of one row, `[5, 26]`, by a tick; False where they have arrived before."""
    p, goal, target, now = panel[0], panel[1], panel[2], panel[3:]
    if not glide(target, now, share):
        return False
    for d in range(len(target)):
        if now[1, d] == target[d] and now[0, d] == target[d]:
            p[d] = goal[d]
        elif _LOG[d]:
            p[d] = _LOW[d] * exp2(_SPAN[d] * now[1, d])
        else:
            p[d] = _LOW[d] + _SPAN[d] * now[1, d]
    return True
