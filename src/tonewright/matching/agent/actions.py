"""What an action does to the controls, and which action leads towards a preset that is known."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from tonewright.synths.control import ControlSpace

_FARTHEST = 0.95  # of a demonstrated change: a policy with tanh can reach no 1


class Actions:
    """What actions do to controls: they change one module at a time, or all controls at once.

    Args:
        controls: What is changed.
        step_size: How far a change of 1 moves a continuous control, as a share of its range. An integer
            control moves by the nearest whole number of steps; a change of 1 is at least one step.
        per_module: Actions are `{"module": Discrete, "deltas": Box}` (the deltas in the order of the module's
            controls, those beyond the last without effect), else `Box` over all controls.
    """

    def __init__(self, controls: ControlSpace, step_size: float, *, per_module: bool) -> None:
        self.per_module = per_module
        self.modules: dict[str, list[int]] = {}
        for position, control in enumerate(controls):
            self.modules.setdefault(control.group, []).append(position)
        self.width = max(map(len, self.modules.values()))
        # Position in a module's deltas of each control; `used` says which deltas stand for one.
        self.used = np.zeros((len(self.modules), self.width), np.bool_)
        self._positions = np.zeros((len(self.modules), self.width), np.intp)
        for row, positions in enumerate(self.modules.values()):
            self.used[row, : len(positions)] = True
            self._positions[row, : len(positions)] = positions
        self._steps = np.array([control.steps for control in controls])
        self._discrete = self._steps > 0
        whole = np.maximum(1.0, np.floor(step_size * (self._steps - 1)))
        # How far a change of 1 moves each control: a share of the range, or whole steps.
        self._reach = np.where(self._discrete, whole, step_size)

    @property
    def space(self) -> spaces.Space[Any]:
        """Actions of one row."""
        if self.per_module:
            deltas = spaces.Box(-1.0, 1.0, (self.width,), np.float32)
            module = spaces.Discrete(len(self.modules))
            return spaces.Dict({"module": module, "deltas": deltas}, sort_keys=False)
        return spaces.Box(-1.0, 1.0, (len(self._steps),), np.float32)

    @property
    def continuous(self) -> NDArray[np.bool_]:
        """Which numbers of a flat action are changes; the others are choices."""
        first = [False] if self.per_module else []
        return np.array([*first, *[True] * (self.width if self.per_module else len(self._steps))])

    def apply(
        self, params: NDArray[np.float32], actions: Any, exposed: NDArray[np.bool_]
    ) -> NDArray[np.float32]:
        """Controls `[batch, D]` after an action in each row; what is not exposed `[D]` stays."""
        changes = self._changes(actions, len(params)) * exposed
        moved = params + np.where(self._discrete, 0.0, changes * self._reach)
        steps = np.maximum(self._steps, 1)
        bins = np.minimum(np.floor(params * steps), steps - 1) + np.rint(changes * self._reach)
        whole = (np.clip(bins, 0, steps - 1) + 0.5) / steps
        return np.where(self._discrete, whole, np.clip(moved, 0.0, 1.0)).astype(np.float32)

    def towards(
        self, params: NDArray[np.float32], goal: NDArray[np.float32], exposed: NDArray[np.bool_]
    ) -> NDArray[np.float32]:
        """The flat action that comes closest to a preset: in the module that is farthest off, or in all.

        Args:
            params: Present controls `[batch, D]`.
            goal: Preset to reach `[batch, D]`, NaN where it is not known.
            exposed: Which controls may move `[D]`.

        Returns:
            `[batch, 1 + width]` module and deltas, or `[batch, D]`; NaN where the goal is not known.
        """
        scale = np.where(self._discrete, np.maximum(self._steps, 1), 1.0)
        changes = np.clip((goal - params) * scale / self._reach, -_FARTHEST, _FARTHEST) * exposed
        if not self.per_module:
            return changes.astype(np.float32)
        deltas = np.where(self.used, changes[:, self._positions], 0.0)  # [batch, modules, width]
        off = np.abs((goal - params) * exposed)[:, self._positions]
        module = np.where(self.used, off, 0.0).sum(axis=2).argmax(axis=1)
        chosen = deltas[np.arange(len(params)), module]
        known = np.isfinite(goal).all(axis=1, keepdims=True)
        return np.where(known, np.concatenate([module[:, None], chosen], axis=1), np.nan).astype(np.float32)

    def _changes(self, actions: Any, batch: int) -> NDArray[np.float64]:
        """Change of every control `[batch, D]`, −1…1."""
        if not self.per_module:
            return np.clip(np.asarray(actions, np.float64), -1.0, 1.0)
        module = np.asarray(actions["module"], np.intp)
        deltas = np.clip(np.asarray(actions["deltas"], np.float64), -1.0, 1.0)
        changes = np.zeros((batch, len(self._steps)))
        used = self.used[module]
        rows = np.nonzero(used)[0]
        changes[rows, self._positions[module][used]] = deltas[used]
        return changes
