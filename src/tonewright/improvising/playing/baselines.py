"""Who plays without learning: what an agent has to be better than, and what it can hope for."""

from __future__ import annotations

from typing import Any

import numpy as np

from tonewright.errors import UnknownNameError
from tonewright.improvising.environment import ImproviseEnv
from tonewright.improvising.guide import Guide
from tonewright.improvising.playing.performing import Player

BASELINES = ("random", "hold", "nearest", "limited", "proportional")
GAIN = 0.5
"""What the proportional controller goes, in a step, of the way to the nearest neighbour. With 1 it would be
the step-limited oracle."""
_SEED = 0


def baseline(name: str, env: ImproviseEnv) -> Player:
    """A player by its name.

    - `random`: any action at any time;
    - `hold`: the controls stay where they are;
    - `nearest`: the controls jump to the point of the table that is nearest to the target, in the metric of
      the reward: the oracle, without the agent's step limit;
    - `limited`: the same, as fast as an agent may move;
    - `proportional`: goes half of that way in each step, within the limit.

    Args:
        name: One of `BASELINES`.
        env: Where it is going to play.

    Raises:
        UnknownNameError: There is no such player.
    """
    if name not in BASELINES:
        raise UnknownNameError("baseline", name, BASELINES)
    if name == "random":
        return at_random()
    if name == "hold":
        return hold
    if name == "nearest":
        return nearest(env)
    return limited(env) if name == "limited" else proportional(env)


def hold(env: ImproviseEnv, observations: Any) -> Any:
    """The controls stay where they are."""
    return env.actions.of(np.zeros_like(env.params))


def at_random() -> Player:
    """Any action at any time, the same ones every time."""
    rng = np.random.default_rng(_SEED)

    def act(env: ImproviseEnv, observations: Any) -> Any:
        return env.actions.of(rng.uniform(-1.5, 1.5, env.params.shape))

    return act


def nearest(env: ImproviseEnv) -> Player:
    """The controls jump to where the synth is nearest, whatever the step limit says."""
    guide = Guide(env.setting)

    def act(env: ImproviseEnv, observations: Any) -> Any:
        env.params[:] = guide.goals(env.targets.values, env.targets.presence)
        return hold(env, observations)

    return act


def limited(env: ImproviseEnv) -> Player:
    """Towards where the synth is nearest, as fast as an agent may move."""
    return proportional(env, 1.0)


def proportional(env: ImproviseEnv, gain: float = GAIN) -> Player:
    """A share of the way to where the synth is nearest in each step, within the agent's limit."""
    guide = Guide(env.setting)

    def act(env: ImproviseEnv, observations: Any) -> Any:
        goals = guide.goals(env.targets.values, env.targets.presence)
        return env.actions.of(gain * (goals - env.params) / env.reach)

    return act
