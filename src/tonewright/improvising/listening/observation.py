"""What an agent sees: both sides now and shortly before, their difference, and its controls."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from tonewright.compiling import njit
from tonewright.improvising.listening.normalising import LIMIT


class Observer:
    """Makes observations of a batch, and remembers the last frames for them.

    Args:
        rows: B.
        features: F, how many features are seen: the first ones of those that are heard.
        controls: D.
        history: How many earlier frames are seen, 1, 2, 4, … hops before the present one.

    Attributes:
        space: Of one row's observation.
    """

    def __init__(self, rows: int, features: int, controls: int, history: int) -> None:
        self._features, self._history = features, history
        length = 1 << max(history - 1, 0)
        self._own, self._target = np.zeros((2, rows, length + 1, features), np.float32)
        self._at = np.zeros(rows, np.int64)
        side = spaces.Box(-LIMIT, LIMIT, (features,), np.float32)
        both = spaces.Box(-2 * LIMIT, 2 * LIMIT, (features,), np.float32)
        parts: dict[str, spaces.Space[Any]] = {"own": side, "target": side, "difference": both}
        if history:
            changes = spaces.Box(-2 * LIMIT, 2 * LIMIT, (history, features), np.float32)
            parts |= {"own_changes": changes, "target_changes": changes}
        parts["controls"] = spaces.Box(0.0, 1.0, (controls,), np.float32)
        self.space = spaces.Dict(parts, sort_keys=False)

    def begin(self, rows: NDArray[np.intp], own: NDArray[np.float32], target: NDArray[np.float32]) -> None:
        """Some rows begin anew: the past is as the present.

        Args:
            rows: Which ones.
            own: `[B, U]` features of the agent's sounds, of which the first F are seen.
            target: `[B, U]` those of the targets.
        """
        self._own[rows] = own[rows, None, : self._features]
        self._target[rows] = target[rows, None, : self._features]

    def take(self, rows: NDArray[np.intp], own: NDArray[np.float32], target: NDArray[np.float32]) -> None:
        """Take the next frame of some rows; as `begin`."""
        _take(rows, own, target, self._own, self._target, self._at)

    def observe(self, controls: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """Observations of all rows at their controls `[B, D]`."""
        rows, features = len(controls), self._features
        own, target, difference = (np.empty((rows, features), np.float32) for _ in range(3))
        own_changes, target_changes = (
            np.empty((rows, self._history, features), np.float32) for _ in range(2)
        )
        _observe(self._own, self._target, self._at, own, target, difference, own_changes, target_changes)
        seen: dict[str, NDArray[np.float32]] = {"own": own, "target": target, "difference": difference}
        if self._history:
            seen |= {"own_changes": own_changes, "target_changes": target_changes}
        return seen | {"controls": controls.copy()}


@njit(cache=True, nogil=True)
def _take(
    rows: NDArray[np.intp],
    own: NDArray[np.float32],
    target: NDArray[np.float32],
    own_before: NDArray[np.float32],
    target_before: NDArray[np.float32],
    at: NDArray[np.int64],
) -> None:
    length, features = own_before.shape[1:]
    for b in rows:
        here = at[b] + 1 if at[b] + 1 < length else 0
        at[b] = here
        for c in range(features):
            own_before[b, here, c] = own[b, c]
            target_before[b, here, c] = target[b, c]


@njit(cache=True, nogil=True)
def _observe(
    own_before: NDArray[np.float32],
    target_before: NDArray[np.float32],
    at: NDArray[np.int64],
    own: NDArray[np.float32],
    target: NDArray[np.float32],
    difference: NDArray[np.float32],
    own_changes: NDArray[np.float32],
    target_changes: NDArray[np.float32],
) -> None:
    length, features = own_before.shape[1:]
    for b in range(len(at)):
        here = at[b]
        for c in range(features):
            own[b, c] = own_before[b, here, c]
            target[b, c] = target_before[b, here, c]
            difference[b, c] = target[b, c] - own[b, c]
        for h in range(own_changes.shape[1]):
            then = (here - (1 << h)) % length
            for c in range(features):
                own_changes[b, h, c] = own[b, c] - own_before[b, then, c]
                target_changes[b, h, c] = target[b, c] - target_before[b, then, c]
