"""Our environments as Stable-Baselines3 takes them: with flat observations and flat actions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray

from tonewright.errors import UsageError
from tonewright.learning.sb3.library import VecEnv, VecEnvIndices
from tonewright.learning.spaces import action_size, flatten, observation_size, to_env
from tonewright.learning.vector import BatchEnv

VecStep = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_], list[dict[str, Any]]]


class ActionView(Protocol):
    """Actions as an algorithm takes them, in place of those of the environment.

    Attributes:
        space: Of one action of the algorithm.
    """

    space: gymnasium.Space[Any]

    def to_env(self, actions: NDArray[Any]) -> Any:
        """A batch of them [N, …], as the environment takes it."""
        ...


class FlatActions:
    """One Box, Discrete or MultiDiscrete action in place of a Dict or Tuple; other spaces stay as they are.

    The Box of a Dict or Tuple has, in [−1, 1], as many numbers as each discrete value has choices (the
    largest picks one), and one for each continuous value.

    Args:
        space: Of one action of the environment.

    Raises:
        UsageError: A space that `spaces.to_env` does not take.
    """

    def __init__(self, space: gymnasium.Space[Any]) -> None:
        self._target = space
        self._choices = _choices(space)
        numbers = sum(max(count, 1) for count in self._choices)
        composite = isinstance(space, spaces.Dict | spaces.Tuple)
        self.space = spaces.Box(-1, 1, (numbers,)) if composite else space

    def to_env(self, actions: NDArray[Any]) -> Any:
        """See `ActionView`."""
        if self.space is self._target:
            return actions
        ends = np.cumsum([max(count, 1) for count in self._choices])
        groups = zip(np.split(actions, ends[:-1], axis=1), self._choices, strict=True)
        columns = [group.argmax(axis=1) if count else group[:, 0] for group, count in groups]
        return to_env(self._target, np.stack(columns, axis=1).astype(np.float32))


class Nudges:
    """Discrete actions in place of a Box: 2d moves its dimension d down by one step, 2d + 1 moves it up.

    Args:
        space: Box [D] of one action of the environment, with 0 for no change.
        step: Size of a nudge, in the units of that Box.

    Raises:
        UsageError: Not such a Box, or a step that leaves it.
    """

    def __init__(self, space: gymnasium.Space[Any], step: float) -> None:
        if not isinstance(space, spaces.Box) or len(space.shape) != 1:
            raise UsageError(f"nudges need a Box action space of one axis; got {space}")
        size = space.shape[0]
        signs = np.repeat(np.eye(size, dtype=space.dtype), 2, axis=0)
        signs[::2] *= -1
        self._moves = signs * step
        if not step > 0 or (self._moves < space.low).any() or (self._moves > space.high).any():
            raise UsageError(f"a nudge must be above 0 and stay within {space}; got step={step}")
        self.space = spaces.Discrete(2 * size)

    def to_env(self, actions: NDArray[Any]) -> Any:
        """See `ActionView`."""
        return self._moves[actions]


class SB3VecEnv(VecEnv):
    """A batch of environments as a vector environment of Stable-Baselines3.

    Observations are flat, float32 [N, D]. A row that ends has its last observation in
    `terminal_observation`, and `TimeLimit.truncated` says whether only time has ended it. Attributes and
    methods are those of the whole batch.

    Args:
        env: The batch; its autoreset mode is SAME_STEP, the only one that Stable-Baselines3 knows.
        actions: The actions that the algorithm sees; `FlatActions` by default.

    Raises:
        UsageError: Another autoreset mode, or spaces that cannot be flattened.
    """

    def __init__(self, env: BatchEnv, actions: ActionView | None = None) -> None:
        if env.metadata["autoreset_mode"] is not AutoresetMode.SAME_STEP:
            raise UsageError(
                "Stable-Baselines3 needs an environment with autoreset_mode 'SameStep'; "
                f"got {env.metadata['autoreset_mode'].value!r}"
            )
        self.env = env
        self.actions = actions or FlatActions(env.single_action_space)
        size = observation_size(env.single_observation_space)
        super().__init__(env.num_envs, spaces.Box(-np.inf, np.inf, (size,)), self.actions.space)

    def reset(self) -> NDArray[np.float32]:
        """Begin new episodes, with the seeds given to `seed` since the last time."""
        observations, info = self.env.reset(seed=self._seeds)
        self._reset_seeds()
        self.reset_infos = _by_row(info, self.num_envs)
        return self._flat(observations)

    def step_async(self, actions: NDArray[Any]) -> None:
        """Remember the actions; `step_wait` takes them."""
        self._pending = actions

    def step_wait(self) -> VecStep:
        """Act in every row.

        Returns:
            Observations [N, D], rewards [N], whether each row has ended [N], info by row.
        """
        step = self.env.step(self.actions.to_env(self._pending))
        observations, rewards, terminated, truncated, info = step
        over = terminated | truncated
        infos = _by_row(info, self.num_envs)
        if over.any():
            last_observations = self._flat(info["final_obs"])
            last_infos = _by_row(info["final_info"], self.num_envs)
            for row in np.flatnonzero(over):
                self.reset_infos[row] = infos[row]
                infos[row] = last_infos[row] | {"terminal_observation": last_observations[row]}
        for row_info, by_time in zip(infos, truncated.tolist(), strict=True):
            row_info["TimeLimit.truncated"] = by_time
        return self._flat(observations), rewards, over, infos

    def close(self) -> None:
        """Close the batch."""
        self.env.close()

    def get_attr(self, attr_name: str, indices: VecEnvIndices = None) -> list[Any]:
        """The batch's attribute, once for each row asked for."""
        return [getattr(self.env, attr_name) for _ in self._get_indices(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: VecEnvIndices = None) -> None:
        """Set an attribute of the batch, whichever rows are named."""
        setattr(self.env, attr_name, value)

    def env_method(
        self, method_name: str, *method_args: Any, indices: VecEnvIndices = None, **method_kwargs: Any
    ) -> list[Any]:
        """Call a method of the batch once; its result, for each row asked for."""
        result = getattr(self.env, method_name)(*method_args, **method_kwargs)
        return [result for _ in self._get_indices(indices)]

    def env_is_wrapped(
        self, wrapper_class: type[gymnasium.Wrapper[Any, Any, Any, Any]], indices: VecEnvIndices = None
    ) -> list[bool]:
        """No row is wrapped by itself."""
        return [False for _ in self._get_indices(indices)]

    def _flat(self, observations: Any) -> NDArray[np.float32]:
        return flatten(self.env.single_observation_space, observations)


def _by_row(info: dict[str, Any], rows: int) -> list[dict[str, Any]]:
    """Info of each row, without what is about ends and masks."""
    named = {key: value for key, value in info.items() if f"_{key}" in info and not key.startswith("final_")}
    return [{key: value[row] for key, value in named.items()} for row in range(rows)]


def _choices(space: gymnasium.Space[Any]) -> Sequence[int]:
    """For each number of an action as `to_env` takes it: of how many choices, or 0 for a continuous one."""
    match space:
        case spaces.Discrete():
            return [int(space.n)]
        case spaces.MultiDiscrete():
            return [int(count) for count in space.nvec.flat]
        case spaces.Dict():
            return [count for part in space.spaces.values() for count in _choices(part)]
        case spaces.Tuple():
            return [count for part in space.spaces for count in _choices(part)]
    return [0] * action_size(space)
