"""Policies of Stable-Baselines3 as exported networks, to act without it and without torch."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from gymnasium import spaces

from tonewright.errors import CheckpointError, UsageError
from tonewright.files import StrPath
from tonewright.learning.export import export_network
from tonewright.learning.sb3.library import ActorCriticPolicy, BaseAlgorithm, BasePolicy
from tonewright.learning.spaces import action_size, to_env
from tonewright.learning.torch_import import Tensor, nn, torch

_TOLERANCE = 1e-5
_EXAMPLES = 13  # unlike any size in a network, so that none is mistaken for the batch's


def export_sb3(
    path: StrPath,
    algorithm: BaseAlgorithm,
    *,
    kind: str,
    configuration: Mapping[str, Any],
    controls: Sequence[str] = (),
    half: bool = False,
    overwrite: bool = False,
) -> None:
    """Write the acting part of an algorithm: from `observations` [D] to `actions` [A].

    Observations are flat, as `SB3VecEnv` gives them; if `VecNormalize` normalises them in training, that is
    part of what is written. Actions are those of `algorithm.predict(…, deterministic=True)`, flat: discrete
    ones whole, continuous ones in [−1, 1]. `to_env(algorithm.action_space, actions)` of `learning.spaces`
    gives them in their own type and range, as an `ActionView` takes them.

    Args:
        path: The ONNX file; the JSON beside it gets the same name with the ending ".json".
        algorithm: PPO, A2C, TRPO, DQN, QR-DQN, SAC, TD3, TQC…, with an "MlpPolicy".
        kind: What it is for.
        configuration: What it was trained with: numbers, text, lists and mappings. The algorithm's name is
            added to it.
        controls: Names of the controls it turns.
        half: See `export_network`.
        overwrite: Whether files of these names may be replaced.

    Raises:
        CheckpointError: The exported network does not do as the trained one.
        UsageError: A policy that remembers or masks, spaces that are not flat, or a configuration that
            cannot be written as JSON.
        MissingExtraError: onnx or onnxscript are not installed.
        OutputError: A file is there already or cannot be written.
    """
    acting = _Acting(algorithm).eval()
    noise = torch.randn(_EXAMPLES, len(acting.mean), generator=torch.Generator().manual_seed(0))
    observations = (acting.mean + 2 * acting.deviation * noise).float()
    _check_same(acting, algorithm, observations)
    export_network(
        path,
        acting,
        {"observations": observations},
        ("actions",),
        kind=kind,
        configuration={**configuration, "algorithm": type(algorithm).__name__},
        controls=controls,
        half=half,
        overwrite=overwrite,
    )


class _Acting(nn.Module):
    """What of an algorithm is needed to act, on the CPU."""

    mean: Tensor
    deviation: Tensor
    low: Tensor
    high: Tensor

    def __init__(self, algorithm: BaseAlgorithm) -> None:
        super().__init__()
        policy, self.space = algorithm.policy, algorithm.action_space
        action_size(self.space)  # refuses what cannot be flat
        shape, normaliser = algorithm.observation_space.shape, algorithm.get_vec_normalize_env()
        if not isinstance(algorithm.observation_space, spaces.Box) or shape is None or len(shape) != 1:
            raise UsageError(
                f"observations must be a flat Box to be exported; got {algorithm.observation_space}; "
                "make the algorithm with an SB3VecEnv"
            )
        self.network = copy.deepcopy(_layers(policy)).cpu()
        mean, deviation, self.clip = np.zeros(shape), np.ones(shape), np.inf
        self.normalises = normaliser is not None and normaliser.norm_obs
        if normaliser is not None and self.normalises:
            statistics: Any = normaliser.obs_rms  # of a flat Box, not of a Dict
            mean, deviation = statistics.mean, np.sqrt(statistics.var + normaliser.epsilon)
            self.clip = float(normaliser.clip_obs)
        # In float64, as Stable-Baselines3 has them: large means leave float32 few digits.
        self.register_buffer("mean", torch.as_tensor(mean))
        self.register_buffer("deviation", torch.as_tensor(deviation))
        self.squashed = policy.squash_output
        if isinstance(self.space, spaces.Box):
            self.register_buffer("low", torch.as_tensor(self.space.low.reshape(-1)))
            self.register_buffer("high", torch.as_tensor(self.space.high.reshape(-1)))

    def forward(self, observations: Tensor) -> Tensor:
        """From observations [B, D] to actions [B, A]."""
        if self.normalises:
            normal = (observations.double() - self.mean) / self.deviation
            observations = normal.clamp(-self.clip, self.clip).float()
        outputs: Tensor = self.network(observations)
        match self.space:
            case spaces.Discrete():
                return outputs.argmax(1, keepdim=True).float()
            case spaces.MultiDiscrete():
                parts = torch.split(outputs, self.space.nvec.tolist(), dim=1)
                return torch.cat([part.argmax(1, keepdim=True) for part in parts], dim=1).float()
        if not self.squashed:
            outputs = 2 * (outputs - self.low) / (self.high - self.low) - 1
        return outputs.clamp(-1, 1)  # also what is squashed: ONNX Runtime's tanh reaches 1.0000001


class _MeanOverQuantiles(nn.Module):
    """Values of actions, [B, Q · actions] by quantile, averaged over the quantiles."""

    def __init__(self, quantiles: int, actions: int) -> None:
        super().__init__()
        self.shape = (-1, quantiles, actions)

    def forward(self, values: Tensor) -> Tensor:
        """From [B, Q · actions] to [B, actions]."""
        return values.reshape(self.shape).mean(1)


def _layers(policy: BasePolicy) -> nn.Module:
    """Layers from observations to logits, values of actions, or continuous actions (squashed if they are)."""
    if isinstance(policy, ActorCriticPolicy) and not hasattr(policy, "lstm_actor"):
        squash = [nn.Tanh()] if policy.squash_output else []
        return nn.Sequential(
            policy.pi_features_extractor, policy.mlp_extractor.policy_net, policy.action_net, *squash
        )
    net: Any
    if (net := getattr(policy, "q_net", None)) is not None:
        return nn.Sequential(net.features_extractor, net.q_net)
    if (net := getattr(policy, "quantile_net", None)) is not None:
        return nn.Sequential(
            net.features_extractor,
            net.quantile_net,
            _MeanOverQuantiles(net.n_quantiles, int(net.action_space.n)),
        )
    actor: Any = getattr(policy, "actor", None)
    if hasattr(actor, "latent_pi"):  # its normal is squashed; TD3's network ends with a squashing
        return nn.Sequential(actor.features_extractor, actor.latent_pi, actor.mu, nn.Tanh())
    if hasattr(actor, "mu"):
        return nn.Sequential(actor.features_extractor, actor.mu)
    raise UsageError(
        "policies without memory and masks can be exported (PPO, A2C, DQN, QRDQN, SAC, TD3, TQC); "
        f"got {type(policy).__name__}; train one of these"
    )


def _check_same(acting: _Acting, algorithm: BaseAlgorithm, observations: Tensor) -> None:
    """Check that our layers act as the policy does, which may be of a class that we do not know."""
    normaliser = algorithm.get_vec_normalize_env()
    seen = observations.numpy() if normaliser is None else normaliser.normalize_obs(observations.numpy())
    assert isinstance(seen, np.ndarray)  # flat
    expected, _ = algorithm.predict(seen, deterministic=True)
    with torch.inference_mode():
        found = to_env(acting.space, acting(observations).numpy())
    span = acting.space.high - acting.space.low if isinstance(acting.space, spaces.Box) else 1
    if not (np.abs(found - expected) <= _TOLERANCE * span).all():  # also true for NaN
        raise CheckpointError(
            f"the layers of {type(algorithm.policy).__name__} do not act as its predict does; "
            "is it a class of your own, or not finite?"
        )
