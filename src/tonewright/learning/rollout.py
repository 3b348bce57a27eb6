"""Rollouts: what a policy did in a batch of environments, and the worker that collects them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray

from tonewright.errors import UsageError
from tonewright.learning.policy import ActorCritic
from tonewright.learning.spaces import flatten, to_env
from tonewright.learning.torch_import import torch
from tonewright.learning.vector import BatchEnv

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Rollout:
    """T steps of N environments; float32 where nothing else is said.

    Attributes:
        observations: [T, N, D] acted upon.
        actions: [T, N, A] as the policy's head gives them.
        log_probs: [T, N] of the actions, when they were taken.
        values: [T, N] of the observations, when they were acted upon.
        rewards: [T, N].
        terminated: [T, N] bool; the step reached an end of the environment's own.
        truncated: [T, N] bool; the step was the last that time allowed.
        final_values: [T, N] of the observation a truncated episode ended with; 0 elsewhere.
        last_values: [N] of the observation after the last step.
        extras: Infos [T, N, …] that came with the observations.
        episodes: "return" [E] and "length" [E] of the E episodes that ended, and infos of their ends [E].
    """

    observations: NDArray[np.float32]
    actions: NDArray[np.float32]
    log_probs: NDArray[np.float32]
    values: NDArray[np.float32]
    rewards: NDArray[np.float32]
    terminated: NDArray[np.bool_]
    truncated: NDArray[np.bool_]
    final_values: NDArray[np.float32]
    last_values: NDArray[np.float32]
    extras: Arrays = field(default_factory=dict)
    episodes: Arrays = field(default_factory=dict)


class RolloutWorker:
    """A batch of environments, and a copy of the policy that acts in it.

    What it collects depends on the weights, on `seed`, `index` and the `reseed` last given (0 at first), and
    on the steps taken since; on nothing else.

    Args:
        make_env: Makes the environments; their autoreset mode is SAME_STEP.
        make_policy: Makes a policy; its weights do not matter.
        seed: Of the whole run.
        index: Number of this worker among those of the run; no two act alike.
        extras: Infos to keep beside each observation.
        episode_keys: Infos, one number a row, to keep from the end of each episode.
        prepare: Called with environments and policy whenever new weights have come, to set the environments
            to what the weights are for (a stage of a curriculum).

    Raises:
        UsageError: The environments autoreset in another mode.
    """

    def __init__(
        self,
        make_env: Callable[[], BatchEnv],
        make_policy: Callable[[], ActorCritic],
        seed: int,
        index: int,
        extras: Sequence[str] = (),
        episode_keys: Sequence[str] = (),
        prepare: Callable[[Any, ActorCritic], None] = lambda env, policy: None,
    ) -> None:
        self.env, self.policy = make_env(), make_policy()
        self._prepare = prepare
        mode = self.env.metadata.get("autoreset_mode")
        if mode is not AutoresetMode.SAME_STEP:
            raise UsageError(f"rollouts need environments with autoreset mode SAME_STEP; got {mode}")
        self.seed, self.index = seed, index
        self.extras, self.episode_keys = tuple(extras), tuple(episode_keys)
        self._generator = torch.Generator()
        self._begin(0)

    def collect(self, weights: Mapping[str, NDArray[Any]], steps: int, reseed: int | None = None) -> Rollout:
        """Act for some steps in every environment.

        Args:
            weights: Of the policy, as `ActorCritic.weights` gives them.
            steps: T.
            reseed: Number from which episodes and random numbers begin anew; None lets them go on.

        Raises:
            UsageError: The environments give no info of a name asked for.
        """
        self.policy.load_weights(weights)
        self._prepare(self.env, self.policy)
        if reseed is not None:
            self._begin(reseed)
        with torch.inference_mode():
            steps_taken, extras, episodes = zip(*[self._step() for _ in range(steps)], strict=True)
            last_values = self._values(self._observations)
        return Rollout(
            **_joined(np.stack, steps_taken),
            last_values=last_values,
            extras=_joined(np.stack, extras),
            episodes=_joined(np.concatenate, episodes),
        )

    def _begin(self, reseed: int) -> None:
        env_seed, policy_seed = np.random.SeedSequence((self.seed, self.index, reseed)).generate_state(2)
        self._generator.manual_seed(int(policy_seed))
        observations, self._info = self.env.reset(seed=int(env_seed))
        self._observations = self._flat(observations)
        self._returns, self._lengths = np.zeros((2, self.env.num_envs), np.float32)

    def _step(self) -> tuple[Arrays, Arrays, Arrays]:
        """Act once: fields of a `Rollout` [N, …], extras [N, …], and episodes that ended [E]."""
        observations = self._observations
        extras = {key: _look_up(self._info, key) for key in self.extras}
        actions, log_probs, values = (
            output.numpy() for output in self.policy.act(torch.from_numpy(observations), self._generator)
        )
        following, rewards, terminated, truncated, self._info = self.env.step(
            to_env(self.env.single_action_space, actions)
        )
        self._observations = self._flat(following)
        step = {
            "observations": observations,
            "actions": actions,
            "log_probs": log_probs,
            "values": values,
            "rewards": np.asarray(rewards, np.float32),
            "terminated": terminated,
            "truncated": truncated,
            "final_values": self._final_values(truncated & ~terminated),
        }
        return step, extras, self._ended(step["rewards"], terminated | truncated)

    def _final_values(self, rows: NDArray[np.bool_]) -> NDArray[np.float32]:
        values = np.zeros(len(rows), np.float32)
        if rows.any():
            values[rows] = self._values(self._flat(self._info["final_obs"])[rows])
        return values

    def _ended(self, rewards: NDArray[np.float32], rows: NDArray[np.bool_]) -> Arrays:
        """Count a step, and give the episodes that it ended in `rows` [N]."""
        self._returns += rewards
        self._lengths += 1
        ended = {"return": self._returns[rows], "length": self._lengths[rows]}
        if rows.any():
            ended |= {key: _look_up(self._info["final_info"], key)[rows] for key in self.episode_keys}
        else:
            ended |= {key: np.zeros(0, np.float32) for key in self.episode_keys}
        self._returns[rows] = self._lengths[rows] = 0
        return ended

    def _flat(self, observations: Any) -> NDArray[np.float32]:
        return flatten(self.env.single_observation_space, observations)

    def _values(self, observations: NDArray[np.float32]) -> NDArray[np.float32]:
        values: NDArray[np.float32] = self.policy(torch.from_numpy(observations)).values.numpy()
        return values


def _look_up(info: Mapping[str, Any], key: str) -> NDArray[np.float32]:
    if key not in info:
        names = ", ".join(sorted(name for name in info if not name.startswith("_"))) or "none"
        raise UsageError(f"the environments give no info {key!r}; choose from: {names}")
    return np.asarray(info[key], np.float32)


def _joined(join: Callable[[list[NDArray[Any]]], NDArray[Any]], steps: Sequence[Arrays]) -> Arrays:
    return {key: join([step[key] for step in steps]) for key in steps[0]}
