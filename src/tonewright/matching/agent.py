"""The agent's network: an actor-critic that knows which stage of the curriculum it is in."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from tonewright.errors import UsageError
from tonewright.learning.heads import Branch, Categorical, Head, SquashedGaussian
from tonewright.learning.policy import ActorCritic
from tonewright.learning.spaces import observation_size
from tonewright.matching.environment import MatchEnv


class MatchPolicy(ActorCritic):
    """Acts in a `MatchEnv`; the stage travels with the weights, to workers and into checkpoints.

    Args:
        env: Environment of the same synth and action view; its stage is the first one.
        hidden: Width of each hidden layer.
        seed: Of the first weights.
    """

    stage: torch.Tensor

    def __init__(self, env: MatchEnv, hidden: Sequence[int] = (256, 256), *, seed: int = 0) -> None:
        super().__init__(observation_size(env.single_observation_space), make_head(env), hidden, seed=seed)
        self.register_buffer("stage", torch.tensor(env.stage_names.index(env.stage.name)))

    def enter_stage(self, env: MatchEnv) -> None:
        """Bring an environment to the policy's stage, and let the policy pick exposed modules alone.

        Raises:
            UsageError: The stage is none of the environment's.
        """
        index = int(self.stage)
        if not 0 <= index < len(env.stage_names):
            raise UsageError(f"{env.synth.name} has {len(env.stage_names)} stages; got stage {index}")
        if env.stage.name != env.stage_names[index]:
            env.set_stage(env.stage_names[index])
        self.head = make_head(env)


def make_head(env: MatchEnv) -> Head:
    """The distribution over an environment's actions: a module and its deltas, or deltas of everything."""
    if env.action_view == "all":
        return SquashedGaussian(len(env.synth.controls))
    choice = Categorical(len(env.modules), env.exposed_modules)
    return Branch(choice, SquashedGaussian(env.moves.width), env.moves.used)
