"""Three views of one action: how fast every control moves, down or up."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from tonewright.errors import UnknownNameError, UsageError

ACTION_VIEWS = ("continuous", "each", "joint")
_MOST_JOINT = 3**9
_FIRM = 0.97  # a demonstrated move at most: a squashed normal reaches 1 only by running away


class Actions:
    """What actions say, and which of them leads towards given controls.

    - `continuous`: Box [D] of −1 to 1, a share of the largest move of each control;
    - `each`: MultiDiscrete of [3] * D, each control down (0), held (1) or up (2);
    - `joint`: Discrete(3^D), all of these at once: the digits to base 3 of the action, the first control
      first.

    Args:
        view: One of `ACTION_VIEWS`.
        controls: How many controls there are, D.

    Attributes:
        space: Of one action.

    Raises:
        UnknownNameError: There is no such view.
        UsageError: More than nine controls at once: 3^10 is 59,049 actions.
    """

    def __init__(self, view: str, controls: int) -> None:
        if view not in ACTION_VIEWS:
            raise UnknownNameError("action_view", view, ACTION_VIEWS)
        self._view, self._controls = view, controls
        self.space: spaces.Space[Any]
        if view == "continuous":
            self.space = spaces.Box(-1.0, 1.0, (controls,), np.float32)
        elif view == "each":
            self.space = spaces.MultiDiscrete([3] * controls)
        else:
            if 3**controls > _MOST_JOINT:
                raise UsageError(
                    f"action_view 'joint' takes up to nine controls, 3^9 = 19,683 actions; got {controls}; "
                    "choose 'each'"
                )
            self._powers = 3 ** np.arange(controls - 1, -1, -1)
            moves = np.arange(3**controls)[:, None] // self._powers % 3 - 1
            self._moves = moves.astype(np.float32)
            self.space = spaces.Discrete(3**controls)

    def moves(self, actions: Any) -> NDArray[np.float32]:
        """How each control moves `[B, D]`, −1 to 1, given actions of B rows."""
        if self._view == "continuous":
            return np.asarray(actions, np.float32)
        if self._view == "each":
            return np.asarray(actions, np.float32) - 1.0
        moves: NDArray[np.float32] = self._moves[actions]
        return moves

    def of(self, moves: NDArray[Any]) -> Any:
        """The actions of B rows that come nearest to moves `[B, D]`; they are clipped to −1…1 first."""
        clipped = np.clip(moves, -1.0, 1.0)
        if self._view == "continuous":
            return clipped.astype(np.float32)
        choices = np.rint(clipped).astype(np.int64) + 1
        return choices if self._view == "each" else choices @ self._powers

    def demonstrated(self, moves: NDArray[Any]) -> NDArray[np.float32]:
        """Flat actions `[B, A]` that come nearest to moves `[B, D]`, as the heads of `learning` give them."""
        actions = self.of(moves)
        if self._view == "continuous":
            actions = np.clip(actions, -_FIRM, _FIRM)
        return np.asarray(actions, np.float32).reshape(len(moves), -1)
