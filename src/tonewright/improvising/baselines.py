<<<<<<< HEAD
"""Who plays without learning: what an agent has to be better than, and what it can hope for."""

from __future__ import annotations

from typing import Any

import numpy as np

from tonewright.errors import UnknownNameError
from tonewright.improvising.environment import ImproviseEnv
from tonewright.improvising.guide import Guide
from tonewright.improvising.performing import Player

BASELINES = ("random", "hold", "nearest", "limited", "proportional")
GAIN = 0.25
"""Of the proportional controller: the share of the way to the nearest neighbour that it goes in a step. With 1
it would be the step-limited oracle."""
_SEED = 0


def baseline(name: str, env: ImproviseEnv) -> Player:
    """A player by its name.

    - `random`: any action at any time;
    - `hold`: the controls stay where they are;
    - `nearest`: the controls jump to the point of the table that is nearest to the target, in the metric of
      the reward: the oracle, without the agent's step limit;
    - `limited`: the same, as fast as an agent may move;
    - `proportional`: goes a quarter of that way in each step, within the limit.

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
=======
"""What agents are compared with: chance, nothing, and whoever knows the table by heart."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tonewright.checks import check_number, check_whole
from tonewright.compiling import njit
from tonewright.improvising.environment import ImproviseEnv
from tonewright.improvising.normalising import Normaliser
from tonewright.threads import map_rows

GAIN = 0.5
"""Share of the way that a proportional controller goes in a hop: the best all in all of those measured."""
_ROWS_AT_ONCE = 8


class Policy(Protocol):
    """Whoever acts in an environment."""

    def act(self, env: ImproviseEnv, observations: dict[str, NDArray[np.float32]]) -> Any:
        """The next actions of all rows, in the environment's action space."""
        ...


class RandomMoves:
    """Moves every control at random, evenly between the largest moves down and up.

    Args:
        seed: Of the moves.
    """

    def __init__(self, seed: int = 0) -> None:
        self._rng = np.random.default_rng(check_whole(seed, "seed", 0))

    def act(self, env: ImproviseEnv, observations: dict[str, NDArray[np.float32]]) -> Any:
        """See `Policy`."""
        return env.actions.of(self._rng.uniform(-1.0, 1.0, env.params.shape))


class Hold:
    """Leaves every control where it is."""

    def act(self, env: ImproviseEnv, observations: dict[str, NDArray[np.float32]]) -> Any:
        """See `Policy`."""
        return env.actions.of(np.zeros_like(env.params))


class Follow:
    """Goes to the point of the table that sounds most like the present target, as the reward hears it.

    With a gain of 1 it is the oracle: it goes all the way in a hop, or as far as a hop may go; where the step
    size of the environment is 1, it jumps. With less it is a proportional controller, that smooths what the
    nearest points make of a noisy target. It knows the target and the table, but does not hear the sound it
    makes, so that it is as wrong as the table.

    Args:
        gain: Share of the way that is left that it goes in a hop, above 0 to 1.

    Raises:
        UsageError: The gain is out of range.
    """

    def __init__(self, gain: float = 1.0) -> None:
        self._gain = check_number(gain, "gain", 0, 1, above=True)
        self._env: ImproviseEnv | None = None

    def act(self, env: ImproviseEnv, observations: dict[str, NDArray[np.float32]]) -> Any:
        """See `Policy`."""
        if env is not self._env:
            self._learn(env)
        share = 1.0 - (1.0 - self._gain) ** env.config.hops_per_step
        return env.actions.of(share * (self.goals(env) - env.params) / env.reach)

    def goals(self, env: ImproviseEnv) -> NDArray[np.float32]:
        """Controls `[N, D]` of the points that are nearest to the present targets."""
        if env is not self._env:
            self._learn(env)
        counted = env.setting.counted
        target = np.ascontiguousarray(env.targets.values[:, counted])
        weights = env.targets.presence[:, counted] * np.array(env.setting.reward.weights, np.float32)
        points = np.empty(len(target), np.int64)

        def find(first: int, last: int, _: int) -> None:
            _nearest(target, weights, self._values, points, first, last)

        map_rows(find, len(target), block=_ROWS_AT_ONCE)
        goals: NDArray[np.float32] = env.setting.table.params[points]
        return goals

    def _learn(self, env: ImproviseEnv) -> None:
        setting = env.setting
        values, _ = Normaliser(setting.scales, setting.table.columns)(setting.table.means)
        self._values = np.ascontiguousarray(values[:, setting.counted])
        self._env = env


@njit(cache=True, nogil=True)
def _nearest(
    target: NDArray[np.float32],
    weights: NDArray[np.float32],
    values: NDArray[np.float32],
    points: NDArray[np.int64],
    first: int,
    last: int,
) -> None:
    """The point `values [points, R]` of the least weighted squared distance to each target `[B, R]`."""
    for b in range(first, last):
        least, where = np.float32(np.inf), 0
        for p in range(len(values)):
            square = np.float32(0.0)
            for c in range(values.shape[1]):
                difference = target[b, c] - values[p, c]
                square += weights[b, c] * difference * difference
            if square < least:
                least, where = square, p
        points[b] = where
>>>>>>> 90ecfab8728edd2cfc3e278b0abe0226b76555ea
