"""Held-out episodes: one of each row of a batch, played to its end by whoever acts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray

from tonewright.errors import UsageError
from tonewright.learning.spaces import to_env
from tonewright.learning.vector import BatchEnv, Info

HELD_OUT_SEED = 2**30
"""For the episodes: training's seeds are spread over all of 32 bits, and none of them comes near by plan."""


class Episodes(NamedTuple):
    """The first episode of each row.

    Attributes:
        returns: `[N]` sums of the rewards.
        steps: `[N]` how many steps each took.
        terminated: `[N]` whether it reached an end of its own, not one of time.
        first: Info at the beginning, each `[N, …]` by name.
        last: Info at the end of each row's episode, likewise.
    """

    returns: NDArray[np.float64]
    steps: NDArray[np.intp]
    terminated: NDArray[np.bool_]
    first: dict[str, NDArray[Any]]
    last: dict[str, NDArray[Any]]


def play_episodes(
    env: BatchEnv, act: Callable[[Any], NDArray[np.float32]], started: tuple[Any, Info]
) -> Episodes:
    """Play until the first episode of each row is over.

    Args:
        env: A batch in autoreset mode SAME_STEP.
        act: Flat actions `[N, A]`, as `spaces.to_env` takes them, for the observations of the batch.
        started: What `env.reset` gave: all episodes are at their beginning.

    Raises:
        UsageError: Another autoreset mode.
    """
    if env.autoreset_mode is not AutoresetMode.SAME_STEP:
        raise UsageError(
            f"held-out episodes need autoreset mode 'SameStep'; got {env.autoreset_mode.value!r}"
        )
    observations, info = started
    first = {name: values.copy() for name, values in info.items() if not name.startswith("_")}
    last = {name: values.copy() for name, values in first.items()}
    runs = np.ones(env.num_envs, np.bool_)
    returns, steps = np.zeros(env.num_envs), np.zeros(env.num_envs, np.intp)
    ended = np.zeros(env.num_envs, np.bool_)
    while runs.any():
        actions = to_env(env.single_action_space, act(observations))
        observations, rewards, terminated, truncated, info = env.step(actions)
        returns += np.where(runs, rewards, 0.0)
        steps += runs
        ended |= runs & terminated
        over = runs & (terminated | truncated)
        if over.any():
            for name, values in last.items():
                values[over] = info["final_info"][name][over]
        runs &= ~over
    return Episodes(returns, steps, ended, first, last)
