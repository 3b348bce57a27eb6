"""Probes: four environments, each solved in seconds by a trainer that does one thing right.

They are there to test trainers. `CopyProbe`: does it learn at all? `CreditProbe`: does a reward reach the
action that earned it? `MaskProbe`: does it keep to valid actions? `HybridProbe`: does it choose and steer at
once?
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from tonewright.learning.spaces import one_hot
from tonewright.learning.vector import BatchEnv, SingleEnv

Outcome = tuple[NDArray[np.floating[Any]], NDArray[np.bool_]]


class CopyProbe(BatchEnv):
    """Earn 1 by naming the symbol that is shown; every step shows a new one.

    Observation: one-hot [4]. Action: Discrete(4). Chance earns 0.25 a step, the best policy 1.

    Args:
        num_envs: Rows of the batch.
        max_episode_steps: Steps after which an episode is truncated.
        kwargs: As `BatchEnv`.
    """

    SYMBOLS = 4

    def __init__(self, num_envs: int = 1, *, max_episode_steps: int = 8, **kwargs: Any) -> None:
        observation, action = spaces.Box(0, 1, (self.SYMBOLS,)), spaces.Discrete(self.SYMBOLS)
        super().__init__(num_envs, observation, action, max_episode_steps=max_episode_steps, **kwargs)
        self._symbol = np.zeros(num_envs, np.intp)

    def _begin(self, rows: NDArray[np.intp]) -> None:
        for row in rows:
            self._symbol[row] = self.rngs[row].integers(self.SYMBOLS)

    def _advance(self, actions: Any, rows: NDArray[np.intp]) -> Outcome:
        rewards = (actions == self._symbol).astype(np.float32)
        self._begin(rows)
        return rewards, np.zeros(self.num_envs, np.bool_)

    def _observe(self) -> NDArray[np.float32]:
        return one_hot(self._symbol, self.SYMBOLS)


class CreditProbe(BatchEnv):
    """Earn 1 at the second step for having chosen, at the first, the side that was shown.

    Observation [2]: side shown (−1 or 1), side chosen (0 at the first step). Action: Discrete(2), side −1 or
    1; the second one does nothing. Episodes end after it. Chance earns 0.5 an episode, the best policy 1.

    Args:
        num_envs: Rows of the batch.
        max_episode_steps: Steps after which an episode is truncated.
        kwargs: As `BatchEnv`.
    """

    def __init__(self, num_envs: int = 1, *, max_episode_steps: int = 2, **kwargs: Any) -> None:
        observation, action = spaces.Box(-1, 1, (2,)), spaces.Discrete(2)
        super().__init__(num_envs, observation, action, max_episode_steps=max_episode_steps, **kwargs)
        self._shown = np.zeros(num_envs, np.float32)
        self._chosen = np.zeros(num_envs, np.float32)

    def _begin(self, rows: NDArray[np.intp]) -> None:
        self._chosen[rows] = 0
        for row in rows:
            self._shown[row] = 2 * self.rngs[row].integers(2) - 1

    def _advance(self, actions: Any, rows: NDArray[np.intp]) -> Outcome:
        first = self.elapsed == 0
        self._chosen[first] = 2 * actions[first] - 1
        earned = ~first & (self._chosen == self._shown)
        return earned.astype(np.float32), ~first

    def _observe(self) -> NDArray[np.float32]:
        return np.stack([self._shown, self._chosen], axis=1)


class MaskProbe(BatchEnv):
    """Earn 1 by naming the pair that is shown; an invalid pair costs 1 and ends the episode.

    Pair (a, b) is valid, and may be shown, where `VALID[a, b]`. Observation: two one-hot vectors, [3 + 4].
    Action: MultiDiscrete([3, 4]). The best policy earns 1 a step.

    Args:
        num_envs: Rows of the batch.
        max_episode_steps: Steps after which an episode is truncated.
        kwargs: As `BatchEnv`.
    """

    VALID = np.array([[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 0, 1]], np.bool_)

    def __init__(self, num_envs: int = 1, *, max_episode_steps: int = 8, **kwargs: Any) -> None:
        counts = np.array(self.VALID.shape)
        observation, action = spaces.Box(0, 1, (int(counts.sum()),)), spaces.MultiDiscrete(counts)
        super().__init__(num_envs, observation, action, max_episode_steps=max_episode_steps, **kwargs)
        self._pair = np.zeros((num_envs, 2), np.intp)

    def _begin(self, rows: NDArray[np.intp]) -> None:
        valid = np.argwhere(self.VALID)
        for row in rows:
            self._pair[row] = valid[self.rngs[row].integers(len(valid))]

    def _advance(self, actions: Any, rows: NDArray[np.intp]) -> Outcome:
        invalid = ~self.VALID[actions[:, 0], actions[:, 1]]
        right = (actions == self._pair).all(axis=1)
        self._begin(rows)
        return right.astype(np.float32) - invalid, invalid

    def _observe(self) -> NDArray[np.float32]:
        parts = [one_hot(self._pair[:, k], count) for k, count in enumerate(self.VALID.shape)]
        return np.concatenate(parts, axis=1)


class HybridProbe(BatchEnv):
    """Earn up to 1 by choosing the module that is shown and moving its controls as shown.

    `USED[m]` marks the controls of module m. The right module earns 1 − d/2, where d is the mean distance of
    the moves of its controls from those shown; a wrong one earns 0. Observation: one-hot [3], then moves [2]
    (0 where the module has no control). Action: Dict of `module`, Discrete(3), and `deltas`, Box(−1, 1,
    [2]), in this order.

    Args:
        num_envs: Rows of the batch.
        max_episode_steps: Steps after which an episode is truncated.
        kwargs: As `BatchEnv`.
    """

    USED = np.array([[1, 1], [1, 0], [0, 1]], np.bool_)

    def __init__(self, num_envs: int = 1, *, max_episode_steps: int = 8, **kwargs: Any) -> None:
        modules, controls = self.USED.shape
        observation = spaces.Box(-1, 1, (modules + controls,))
        parts = {"module": spaces.Discrete(modules), "deltas": spaces.Box(-1, 1, (controls,))}
        action = spaces.Dict(parts, sort_keys=False)
        super().__init__(num_envs, observation, action, max_episode_steps=max_episode_steps, **kwargs)
        self._module = np.zeros(num_envs, np.intp)
        self._move = np.zeros((num_envs, controls), np.float32)

    def _begin(self, rows: NDArray[np.intp]) -> None:
        modules, controls = self.USED.shape
        for row in rows:
            self._module[row] = self.rngs[row].integers(modules)
            self._move[row] = self.rngs[row].uniform(-0.9, 0.9, controls) * self.USED[self._module[row]]

    def _advance(self, actions: Any, rows: NDArray[np.intp]) -> Outcome:
        used = self.USED[self._module]
        distance = np.mean(np.abs(actions["deltas"] - self._move), axis=1, where=used)
        rewards = np.where(actions["module"] == self._module, 1 - distance / 2, 0)
        self._begin(rows)
        return rewards, np.zeros(self.num_envs, np.bool_)

    def _observe(self) -> NDArray[np.float32]:
        return np.concatenate([one_hot(self._module, len(self.USED)), self._move], axis=1)


copy_probe = partial(SingleEnv, CopyProbe)
credit_probe = partial(SingleEnv, CreditProbe)
mask_probe = partial(SingleEnv, MaskProbe)
hybrid_probe = partial(SingleEnv, HybridProbe)
