"""The agent's network: an actor-critic that knows which stage of the curriculum it is in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch

from tonewright.errors import UsageError
from tonewright.learning.heads import Branch, Categorical, Head, SquashedGaussian
from tonewright.learning.policy import ActorCritic
from tonewright.learning.spaces import observation_size
from tonewright.matching.agent.curriculum import Stage, stages

if TYPE_CHECKING:
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
        self._stage_names = env.stage_names
        self._heads = [make_head(env, stage) for stage in stages(env.synth)]
        first = self._stage_names.index(env.stage.name)
        super().__init__(
            observation_size(env.single_observation_space), self._heads[first], hidden, seed=seed
        )
        self.register_buffer("stage", torch.tensor(first))

    @property
    def stage_name(self) -> str:
        """Name of the present stage."""
        return self._stage_names[int(self.stage)]

    def load_state_dict(self, state_dict: Mapping[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Take over weights and their stage.

        Raises:
            UsageError: The stage is none of the synth's.
        """
        result = super().load_state_dict(state_dict, *args, **kwargs)
        self.enter(int(self.stage))
        return result

    def enter(self, stage: int) -> None:
        """Go to a stage: only modules that it exposes are picked from now on.

        Raises:
            UsageError: There is no such stage.
        """
        if not 0 <= stage < len(self._heads):
            raise UsageError(f"this synth has {len(self._heads)} stages, counted from 0; got stage {stage}")
        self.stage.fill_(stage)
        self.head = self._heads[stage]


def make_head(env: MatchEnv, stage: Stage) -> Head:
    """The distribution over actions in a stage: a module and its deltas, or deltas of everything."""
    if env.config.action_view == "all":
        return SquashedGaussian(len(env.synth.controls), stage.exposed(env.synth))
    exposed = [name in stage.modules for name in env.modules]
    return Branch(Categorical(len(exposed), exposed), SquashedGaussian(env.actions.width), env.actions.used)
