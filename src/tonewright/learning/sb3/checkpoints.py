"""Checkpoints of Stable-Baselines3's algorithms: what of one must be kept, so that it goes on from there."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from operator import attrgetter
from typing import Any

import numpy as np
from gymnasium import spaces

from tonewright.errors import CheckpointError, UsageError
from tonewright.learning.checkpoints import TrainingState, check_checkpoint
from tonewright.learning.runs import Run
from tonewright.learning.sb3.library import (
    BaseAlgorithm,
    NStepReplayBuffer,
    OffPolicyAlgorithm,
    OnPolicyAlgorithm,
    ReplayBuffer,
    RunningMeanStd,
)
from tonewright.learning.torch_import import Tensor, nn, torch

# DQN and QR-DQN count in `_n_calls` when the target network follows, TD3 in `_n_updates` when its actor
# learns.
_COUNTERS = ("num_timesteps", "_n_updates", "_n_calls", "exploration_rate")
_TRANSITION = ("observations", "next_observations", "actions", "rewards", "dones", "timeouts")
_NO_SETTINGS = {"self", "policy", "env", "seed", "device", "verbose", "tensorboard_log", "_init_setup_model"}
_NORMALISER_SETTINGS = ("norm_obs", "norm_reward", "clip_obs", "clip_reward", "gamma", "epsilon")
_MOST_REPLAY_BYTES = 2 << 30  # a checkpoint is built in memory, which takes three times as much again


def check_algorithm(algorithm: BaseAlgorithm) -> None:
    """Check that a run can keep an algorithm.

    Raises:
        UsageError: See `train_sb3`.
    """
    name, rule = type(algorithm).__name__, "a run can keep algorithms that collect rollouts from a flat Box"
    if not isinstance(algorithm, OnPolicyAlgorithm | OffPolicyAlgorithm):
        raise UsageError(f"{rule}; got {name}; use PPO, A2C, DQN, QRDQN, SAC, TD3 or TQC")
    if not isinstance(algorithm.observation_space, spaces.Box):
        raise UsageError(f"{rule}; got {algorithm.observation_space}; make {name} with an SB3VecEnv")
    buffer = replay_buffer(algorithm)
    if buffer is None:
        return
    if type(buffer) not in (ReplayBuffer, NStepReplayBuffer) or buffer.optimize_memory_usage:
        raise UsageError(
            "a run can keep a ReplayBuffer or NStepReplayBuffer without optimize_memory_usage; "
            f"got {type(buffer).__name__}, {buffer.optimize_memory_usage}; leave both at their defaults"
        )
    size = sum(getattr(buffer, part).nbytes for part in _TRANSITION)
    if size > _MOST_REPLAY_BYTES:
        most = buffer.buffer_size * buffer.n_envs * _MOST_REPLAY_BYTES // size
        raise UsageError(
            f"a run can keep a replay buffer of at most {_MOST_REPLAY_BYTES >> 20} MiB; "
            f"got one of {size >> 20} MiB; choose a buffer_size of at most {most}"
        )


def save_algorithm(algorithm: BaseAlgorithm, run: Run, update: int) -> None:
    """Write a checkpoint after an update; see `Run.save`."""
    buffer = replay_buffer(algorithm)
    statistics = {
        name: {"mean": np.asarray(one.mean).tolist(), "var": np.asarray(one.var).tolist(), "count": one.count}
        for name, one in _statistics(algorithm).items()
    }
    values = {
        "settings": _settings(algorithm),
        "counters": {name: getattr(algorithm, name) for name in _COUNTERS if hasattr(algorithm, name)},
        "replay": {} if buffer is None else {"pos": buffer.pos, "full": buffer.full},
        "statistics": statistics,
    }
    run.save(update, _state(algorithm), values)


def restore_algorithm(algorithm: BaseAlgorithm, run: Run) -> None:
    """Bring an algorithm to the run's checkpoint, if there is one.

    Raises:
        CheckpointError: The checkpoint is damaged, or of another algorithm or other settings.
    """
    if run.checkpoint is None:
        return
    values, ours = check_checkpoint(run.checkpoint).values, _settings(algorithm)
    theirs = values.get("settings", {"algorithm": "none of Stable-Baselines3"})
    for name in ours:
        if theirs.get(name) != ours[name]:
            raise CheckpointError(
                f"a run goes on with the settings it began with: its {name} is {theirs.get(name)}; "
                f"got {ours[name]}; make the algorithm as it was, or begin another run"
            )
    buffer = replay_buffer(algorithm)
    if buffer is not None:
        buffer.pos, buffer.full = values["replay"]["pos"], values["replay"]["full"]
    run.restore(_state(algorithm))  # the rows of the buffer that are filled now
    for name, value in values["counters"].items():
        setattr(algorithm, name, value)
    for name, statistics in _statistics(algorithm).items():
        kept = values["statistics"][name]
        statistics.mean, statistics.var = np.array(kept["mean"]), np.array(kept["var"])
        statistics.count = kept["count"]


def replay_buffer(algorithm: BaseAlgorithm) -> ReplayBuffer | None:
    """The replay buffer of an off-policy algorithm."""
    return getattr(algorithm, "replay_buffer", None)


class _Loose(nn.Module):
    """Tensors that belong to no network, as buffers that share their memory."""

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        super().__init__()
        for name, tensor in tensors.items():
            self.register_buffer(name, tensor)


def _state(algorithm: BaseAlgorithm) -> TrainingState:
    """The tensors that Stable-Baselines3 would put into its own files, and the filled replay buffer."""
    names, variables = algorithm._get_torch_save_params()
    parts = {name: attrgetter(name)(algorithm) for name in names}
    loose = {name: attrgetter(name)(algorithm).detach() for name in variables}
    buffer = replay_buffer(algorithm)
    if buffer is not None:
        loose |= {name: torch.from_numpy(getattr(buffer, name)[: buffer.size()]) for name in _TRANSITION}
    networks = {name: part for name, part in parts.items() if isinstance(part, nn.Module)}
    optimizers = {name: part for name, part in parts.items() if isinstance(part, torch.optim.Optimizer)}
    return TrainingState(networks | {"loose": _Loose(loose)}, optimizers)


def _settings(algorithm: BaseAlgorithm) -> dict[str, str]:
    """What decides how it learns, the algorithm first, in words that are the same in every process."""
    normaliser = algorithm.get_vec_normalize_env()
    settings: dict[str, Any] = {
        "algorithm": type(algorithm),
        "policy_class": algorithm.policy_class,
        "observation_space": algorithm.observation_space.shape,
        "action_space": algorithm.action_space,
        "n_envs": algorithm.n_envs,
        "normaliser": normaliser and {name: getattr(normaliser, name) for name in _NORMALISER_SETTINGS},
    }
    for name in inspect.signature(type(algorithm).__init__).parameters:
        if name not in _NO_SETTINGS and hasattr(algorithm, name):
            settings[name] = getattr(algorithm, name)
    # The noise of one environment has been made that of several once the algorithm learns.
    settings["action_noise"] = getattr(algorithm.action_noise, "base_noise", algorithm.action_noise)
    return {name: re.sub(r" at 0x\w+", "", repr(value)) for name, value in settings.items()}


def _statistics(algorithm: BaseAlgorithm) -> dict[str, RunningMeanStd]:
    """Running statistics of `VecNormalize`, if it is there."""
    normaliser = algorithm.get_vec_normalize_env()
    if normaliser is None:
        return {}
    found: dict[str, Any] = {"returns": normaliser.ret_rms}
    return found | ({"observations": normaliser.obs_rms} if normaliser.norm_obs else {})
