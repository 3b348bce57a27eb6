"""What is used of Stable-Baselines3, or a clear word on how to install it."""

from __future__ import annotations

from tonewright.errors import MissingExtraError

try:
    from stable_baselines3.common.base_class import BaseAlgorithm
    from stable_baselines3.common.buffers import NStepReplayBuffer, ReplayBuffer
    from stable_baselines3.common.callbacks import BaseCallback
    from stable_baselines3.common.logger import Logger
    from stable_baselines3.common.off_policy_algorithm import OffPolicyAlgorithm
    from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm
    from stable_baselines3.common.policies import ActorCriticPolicy, BasePolicy
    from stable_baselines3.common.running_mean_std import RunningMeanStd
    from stable_baselines3.common.vec_env import VecEnv, VecNormalize
    from stable_baselines3.common.vec_env.base_vec_env import VecEnvIndices
except ModuleNotFoundError as error:
    raise MissingExtraError("stable-baselines3", "train", "training with its algorithms") from error

__all__ = [
    "ActorCriticPolicy",
    "BaseAlgorithm",
    "BaseCallback",
    "BasePolicy",
    "Logger",
    "NStepReplayBuffer",
    "OffPolicyAlgorithm",
    "OnPolicyAlgorithm",
    "ReplayBuffer",
    "RunningMeanStd",
    "VecEnv",
    "VecEnvIndices",
    "VecNormalize",
]
