"""Proximal policy optimisation (J. Schulman et al., 2017): configuration, advantages, one update."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tonewright.checks import check_number, check_whole
from tonewright.errors import TonewrightError
from tonewright.learning.checkpoints import TrainingState
from tonewright.learning.policy import ActorCritic, Outputs
from tonewright.learning.rollout import Rollout
from tonewright.learning.torch_import import Tensor, nn, torch

_ADAM_EPSILON = 1e-5  # not Adam's usual 1e-8, as in every well-known PPO
_LARGEST_LOG_RATIO = 20.0  # beyond, exp could overflow, and its gradient be 0 · ∞
_KL_SLACK = 1.5  # as Stable-Baselines3 has it


@dataclass(frozen=True)
class PPOConfig:
    """How PPO learns from rollouts."""

    learning_rate: float = 3e-4
    """Step size of Adam."""
    anneal: bool = True
    """Let the learning rate fall linearly, to 0 at the end of training or when it changes."""
    gamma: float = 0.99
    """Discount of rewards, a step."""
    gae_lambda: float = 0.95
    """Decay of temporal differences in advantages: 0 trusts the critic alone, 1 the rewards alone."""
    epochs: int = 4
    """Passes over the rollouts in an update."""
    minibatch_size: int = 512
    """Samples in a gradient step, at most."""
    micro_batches: int = 1
    """Parts of a minibatch that are computed one after the other, to need less memory."""
    clip: float = 0.2
    """How far the ratio of probabilities, new to old, may move away from 1."""
    value_clip: float | None = None
    """How far a value may move in an update; not limited by default."""
    value_weight: float = 0.5
    """Weight of the squared error of values."""
    entropy_weight: float = 0.01
    """Weight of the entropy bonus."""
    target_kl: float | None = None
    """An update stops once the policy has moved by 1.5 times this (nats); by default it does not."""
    policy_from: float = 0.0
    """Progress from which the policy loss counts; before it critic, entropy bonus and added terms do."""
    policy_learning_rate: float | None = None
    """Step size from then on: the policy loss wants far smaller ones than imitation. By default the same."""
    max_grad_norm: float = 0.5
    """Largest norm of the gradient; what is longer is shortened to it."""
    mixed_precision: bool = False
    """Compute the network in bfloat16, where the machine is faster at that."""

    def __post_init__(self) -> None:
        for name in ("epochs", "minibatch_size", "micro_batches"):
            check_whole(getattr(self, name), name, 1)
        for name in ("learning_rate", "clip", "max_grad_norm"):
            check_number(getattr(self, name), name, 0, above=True)
        for name in ("value_clip", "target_kl", "policy_learning_rate"):
            if getattr(self, name) is not None:
                check_number(getattr(self, name), name, 0, above=True)
        for name in ("gamma", "gae_lambda", "policy_from"):
            check_number(getattr(self, name), name, 0, 1)
        for name in ("value_weight", "entropy_weight"):
            check_number(getattr(self, name), name, 0)


def gae(
    rewards: NDArray[np.float32],
    values: NDArray[np.float32],
    terminated: NDArray[np.bool_],
    truncated: NDArray[np.bool_],
    final_values: NDArray[np.float32],
    last_values: NDArray[np.float32],
    gamma: float,
    gae_lambda: float,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Generalised advantage estimation (J. Schulman et al., 2016); arguments as the fields of a `Rollout`.

    What follows on a step is worth nothing if it terminated, `final_values` if it was truncated, else the
    next value. Nothing passes from one episode to the one before.

    Returns:
        Advantages [T, N], and returns [T, N] for the critic to learn: advantages + values.
    """
    following: NDArray[np.float32] = np.concatenate([values[1:], last_values[None]])
    following = np.where(terminated, np.float32(0), np.where(truncated, final_values, following))
    differences: NDArray[np.float32] = rewards + np.float32(gamma) * following - values
    decay = np.where(terminated | truncated, np.float32(0), np.float32(gamma * gae_lambda))
    advantages = np.empty_like(differences)
    advantage = np.zeros_like(last_values)
    for t in reversed(range(len(rewards))):
        advantage = differences[t] + decay[t] * advantage
        advantages[t] = advantage
    return advantages, advantages + values


@dataclass(frozen=True)
class Samples:
    """Steps of rollouts, in any order; fields as those of `Rollout`, with one axis B in place of [T, N]."""

    observations: Tensor
    actions: Tensor
    log_probs: Tensor
    values: Tensor
    advantages: Tensor
    returns: Tensor
    extras: dict[str, Tensor]

    def __len__(self) -> int:
        return len(self.observations)

    def take(self, rows: Tensor | slice) -> Samples:
        """Some of the samples."""

        def some(field: Tensor) -> Tensor:
            # A third of the time that `field[rows]` takes.
            return field[rows] if isinstance(rows, slice) else field.index_select(0, rows)

        picked = {name: some(field) for name, field in vars(self).items() if name != "extras"}
        return Samples(**picked, extras={key: some(extra) for key, extra in self.extras.items()})


@dataclass(frozen=True)
class Minibatch(Samples):
    """Samples, and what the policy says about them now; gradients flow through `outputs`."""

    outputs: Outputs


class Term(Protocol):
    """Something added to the loss.

    Weights it needs belong to the policy (see `ActorCritic`), infos to `extras` of the rollouts.
    """

    def __call__(
        self, policy: ActorCritic, minibatch: Minibatch, progress: float
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Loss to add, a mean over the minibatch, and scalars for the log.

        Args:
            policy: The policy that learns.
            minibatch: Samples, with the policy's outputs.
            progress: How much of the training is done, from 0 to 1.
        """
        ...


class PPO:
    """A policy that learns from rollouts.

    Args:
        policy: On the device to learn on.
        config: How.
        terms: What else to add to the loss.
        seed: Of the order of samples.
    """

    def __init__(
        self,
        policy: ActorCritic,
        config: PPOConfig | None = None,
        terms: Sequence[Term] = (),
        *,
        seed: int = 0,
    ) -> None:
        self.policy, self.config, self.terms = policy, config or PPOConfig(), tuple(terms)
        self.device = next(policy.parameters()).device
        self.optimizer = torch.optim.Adam(
            policy.parameters(), self.config.learning_rate, eps=_ADAM_EPSILON, fused=True
        )
        self.rng = np.random.default_rng(seed)

    @property
    def state(self) -> TrainingState:
        """All that `learn` changes."""
        return TrainingState({"policy": self.policy}, {"policy": self.optimizer}, {"order": self.rng})

    def learn(self, rollouts: Sequence[Rollout], progress: float = 0.0) -> dict[str, float]:
        """Update the policy, then let its normaliser take in the observations.

        Args:
            rollouts: Collected with the policy's present weights.
            progress: How much of the training is done, from 0 to 1.

        Returns:
            Numbers for the log, each a mean over the minibatches that were looked at.

        Raises:
            TonewrightError: A gradient is not finite.
        """
        samples = self._samples(rollouts)
        learning_rate = self._learning_rate(progress)
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate
        # Imitation has to move the policy, far at first.
        limit = self.config.target_kl if progress >= self.config.policy_from else None
        history, steps = [], 0
        for rows in self._minibatches(len(samples)):
            scalars = self._compute_gradient(samples.take(rows), progress)
            history.append(scalars)
            if limit and scalars["approx_kl"] > _KL_SLACK * limit:
                break
            self.optimizer.step()
            steps += 1
        # Only now: the ratios compare probabilities of the same inputs.
        self.policy.normaliser.update(samples.observations)
        metrics = {key: torch.stack([one[key] for one in history]).mean().item() for key in history[0]}
        metrics["explained_variance"] = _explained_variance(samples.values, samples.returns)
        metrics["gradient_steps"] = steps
        return metrics

    def observe(self, rollouts: Sequence[Rollout]) -> None:
        """Let the policy's normaliser take in observations without learning from them."""
        for rollout in rollouts:
            self.policy.normaliser.update(self._joined([rollout.observations]))

    def _learning_rate(self, progress: float) -> float:
        """Of an update: one slope over the training, or one before the policy loss counts and one after."""
        config = self.config
        rate, begin, end = config.learning_rate, 0.0, 1.0
        if config.policy_learning_rate is not None:
            if progress < config.policy_from:
                end = config.policy_from
            else:
                rate, begin = config.policy_learning_rate, config.policy_from
        left = (end - progress) / (end - begin) if end > begin else 0.0
        return rate * (left if config.anneal else 1.0)

    def _samples(self, rollouts: Sequence[Rollout]) -> Samples:
        discounts = self.config.gamma, self.config.gae_lambda
        estimates = [
            gae(r.rewards, r.values, r.terminated, r.truncated, r.final_values, r.last_values, *discounts)
            for r in rollouts
        ]
        return Samples(
            observations=self._joined([r.observations for r in rollouts]),
            actions=self._joined([r.actions for r in rollouts]),
            log_probs=self._joined([r.log_probs for r in rollouts]),
            values=self._joined([r.values for r in rollouts]),
            advantages=self._joined([advantages for advantages, _ in estimates]),
            returns=self._joined([returns for _, returns in estimates]),
            extras={key: self._joined([r.extras[key] for r in rollouts]) for key in rollouts[0].extras},
        )

    def _joined(self, arrays: Sequence[NDArray[np.float32]]) -> Tensor:
        """[T, N, …] arrays as one tensor [B, …]."""
        return torch.from_numpy(np.concatenate([a.reshape(-1, *a.shape[2:]) for a in arrays])).to(self.device)

    def _minibatches(self, samples: int) -> Iterator[Tensor]:
        """Rows of each gradient step: in each epoch all samples in a new order, in equal parts (±1)."""
        for _ in range(self.config.epochs):
            order = torch.from_numpy(self.rng.permutation(samples)).to(self.device)
            yield from order.tensor_split(math.ceil(samples / self.config.minibatch_size))

    def _compute_gradient(self, samples: Samples, progress: float) -> dict[str, Tensor]:
        """Leave the gradient of a minibatch in the parameters, and give the scalars of its loss."""
        self.optimizer.zero_grad()
        samples = replace(samples, advantages=_normalised(samples.advantages))
        scalars: dict[str, Tensor] = {}
        size = math.ceil(len(samples) / self.config.micro_batches)
        for start in range(0, len(samples), size):
            part = samples.take(slice(start, start + size))
            share = len(part) / len(samples)
            loss, own = self._loss(part, progress)
            torch.autograd.backward(loss * share)
            scalars = {key: scalars.get(key, 0) + value.detach() * share for key, value in own.items()}
        norm = nn.utils.clip_grad_norm_(self.policy.parameters(), self.config.max_grad_norm)
        if not norm.isfinite():
            raise TonewrightError(
                "training has diverged: the gradient is not finite; look for rewards or observations that "
                f"are not, or lower the learning rate ({self.config.learning_rate:g})"
            )
        return scalars | {"grad_norm": norm}

    def _loss(self, samples: Samples, progress: float) -> tuple[Tensor, dict[str, Tensor]]:
        config = self.config
        with torch.autocast(self.device.type, torch.bfloat16, enabled=config.mixed_precision):
            outputs = self.policy(samples.observations)
        minibatch = Minibatch(**vars(samples), outputs=outputs)

        log_probs = self.policy.head.log_prob(outputs.logits, samples.actions)
        log_ratio = (log_probs - samples.log_probs).clamp(-_LARGEST_LOG_RATIO, _LARGEST_LOG_RATIO)
        ratio = log_ratio.exp()
        near = ratio.clamp(1 - config.clip, 1 + config.clip)
        policy_loss = -torch.min(samples.advantages * ratio, samples.advantages * near).mean()

        errors = (outputs.values - samples.returns).square()
        if config.value_clip:
            moved = (outputs.values - samples.values).clamp(-config.value_clip, config.value_clip)
            errors = torch.max(errors, (samples.values + moved - samples.returns).square())
        value_loss = errors.mean()

        entropy = self.policy.head.entropy(outputs.logits).mean()
        loss = config.value_weight * value_loss - config.entropy_weight * entropy
        if progress >= config.policy_from:
            loss = loss + policy_loss
        scalars = {
            "policy_loss": policy_loss,
            "value_loss": value_loss,
            "entropy": entropy,
            "approx_kl": (ratio - 1 - log_ratio).mean(),  # J. Schulman, Approximating KL divergence, 2020
            "clip_fraction": (ratio != near).float().mean(),
        }
        for term in self.terms:
            addition, own = term(self.policy, minibatch, progress)
            loss = loss + addition
            scalars |= own
        return loss, scalars


def _normalised(advantages: Tensor) -> Tensor:
    if len(advantages) == 1:
        return advantages
    return (advantages - advantages.mean()) / (advantages.std() + 1e-8)


def _explained_variance(values: Tensor, returns: Tensor) -> float:
    """Share of the variance of returns that values explain: 1 at best; 0 where there is none to explain."""
    variance = returns.var(correction=0)
    return (1 - (returns - values).var(correction=0) / variance).item() if variance > 0 else 0.0
