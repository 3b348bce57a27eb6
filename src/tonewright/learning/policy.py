"""The network of an agent: an actor and a critic over normalised observations."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tonewright.learning.heads import Head
from tonewright.learning.torch_import import Tensor, nn, torch

_CLIP = 10.0
_ROWS_AT_ONCE = 256
_LEAST_VARIANCE = 1e-6  # a feature that never changes stays near 0 instead of turning into noise


class Outputs(NamedTuple):
    """What the network says about observations.

    Attributes:
        logits: [B, head.n_logits] for the action head.
        values: [B] expected returns.
        features: [B, hidden[-1]] of the trunk, for heads that learn something else beside.
    """

    logits: Tensor
    values: Tensor
    features: Tensor


class Normaliser(nn.Module):
    """Running mean and variance of observations, kept as buffers; before any are known it only clips.

    Args:
        size: Numbers in an observation.
    """

    count: Tensor
    mean: Tensor
    m2: Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        self.register_buffer("count", torch.zeros((), dtype=torch.float64))
        self.register_buffer("mean", torch.zeros(size, dtype=torch.float64))
        self.register_buffer("m2", torch.zeros(size, dtype=torch.float64))  # sum of squared deviations

    def forward(self, observations: Tensor) -> Tensor:
        """Observations [B, D], centred, in standard deviations, clipped to ±10."""
        variance = torch.where(self.count > 0, self.m2 / self.count.clamp(min=1), 1.0)
        scale = variance.clamp(min=_LEAST_VARIANCE).rsqrt()
        # In place: observations are wide, and memory for each step costs more than the arithmetic.
        return (observations - self.mean.float()).mul_(scale.float()).clamp_(-_CLIP, _CLIP)

    @torch.no_grad()
    def update(self, observations: Tensor) -> None:
        """Take in observations [B, D].

        Source: T. Chan, G. Golub and R. LeVeque, Updating formulae and a pairwise algorithm for computing
        sample variances (1979).
        """
        added, mean = len(observations), observations.mean(0)
        m2 = torch.zeros_like(mean)
        for part in torch.split(observations, _ROWS_AT_ONCE):  # as a whole it would leave the cache
            m2 += (part - mean).square_().sum(0)
        total = self.count + added
        difference = mean.double() - self.mean
        self.mean += difference * (added / total)
        self.m2 += m2.double() + difference.square() * (self.count * added / total)
        self.count.copy_(total)


class ActorCritic(nn.Module):
    """A multilayer perceptron with tanh, whose outputs are the head's logits and the value.

    Actor and critic share the trunk: with observations as wide as ours, nearly all work is in the first
    layer, and both need to learn the same hearing. Weights start orthogonal, with a near-zero last layer of
    the actor (M. Andrychowicz et al., What Matters in On-Policy Reinforcement Learning, 2021). Auxiliary
    losses that need weights of their own add them in a subclass, so that they are saved and sent along with
    the rest.

    Args:
        observation_size: Numbers in an observation, D.
        head: Distribution over actions.
        hidden: Width of each hidden layer.
        shared: Whether the critic uses the actor's trunk; else it has another of the same shape.
        seed: Of the first weights.
    """

    def __init__(
        self,
        observation_size: int,
        head: Head,
        hidden: Sequence[int] = (256, 256),
        *,
        shared: bool = True,
        seed: int = 0,
    ) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.head = head
        self.normaliser = Normaliser(observation_size)
        self.trunk = _trunk(observation_size, hidden, generator)
        self.critic_trunk = None if shared else _trunk(observation_size, hidden, generator)
        self.actor = _linear(hidden[-1], head.n_logits, 0.01, generator)
        self.critic = _linear(hidden[-1], 1, 1.0, generator)

    def forward(self, observations: Tensor) -> Outputs:
        """Logits, values and features of observations [B, D]."""
        inputs = self.normaliser(observations)
        features = self.trunk(inputs)
        values = self.critic(features if self.critic_trunk is None else self.critic_trunk(inputs))
        return Outputs(self.actor(features).float(), values[:, 0].float(), features.float())

    def act(
        self, observations: Tensor, generator: torch.Generator | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Random actions [B, head.width], their log probabilities [B], and values [B]."""
        logits, values, _ = self(observations)
        actions = self.head.sample(logits, generator)
        return actions, self.head.log_prob(logits, actions), values

    def mode(self, observations: Tensor) -> Tensor:
        """The actions [B, head.width] without exploring."""
        return self.head.mode(self(observations).logits)

    def weights(self) -> dict[str, NDArray[Any]]:
        """Weights and buffers by name, as arrays of their own."""
        return {name: tensor.detach().cpu().numpy().copy() for name, tensor in self.state_dict().items()}

    def load_weights(self, weights: Mapping[str, NDArray[Any]]) -> None:
        """Take over what `weights` of a policy of the same shape gave."""
        self.load_state_dict({name: torch.from_numpy(np.array(array)) for name, array in weights.items()})


def _trunk(inputs: int, hidden: Sequence[int], generator: torch.Generator) -> nn.Sequential:
    layers: list[nn.Module] = []
    for narrow, wide in pairwise((inputs, *hidden)):
        layers += [_linear(narrow, wide, math.sqrt(2), generator), nn.Tanh()]
    return nn.Sequential(*layers)


def _linear(inputs: int, outputs: int, gain: float, generator: torch.Generator) -> nn.Linear:
    with torch.random.fork_rng(devices=()):  # nn.Linear first draws weights from the global random numbers
        layer = nn.Linear(inputs, outputs)
    nn.init.orthogonal_(layer.weight, gain, generator)
    nn.init.zeros_(layer.bias)
    return layer
