"""Held-out episodes of an agent in training: its scores, and the sounds it ended with."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from tonewright.learning.held_out import HELD_OUT_SEED, play_episodes
from tonewright.learning.policy import ActorCritic
from tonewright.learning.runs import Run
from tonewright.learning.spaces import flatten
from tonewright.matching.agent.policy import MatchPolicy
from tonewright.matching.hearing.cells import HEARING_RATE_HZ
from tonewright.reports.pictures import FrequencyAxis, stacked_spectrograms

if TYPE_CHECKING:
    from tonewright.matching.environment import MatchEnv

NEAR = (0.2, 0.3)
"""Losses that say how near unmatched episodes came: a match is rare, even after thousands of renders."""
_KEPT = 4  # episodes whose sounds are kept
_TEMPERATURE = (
    0.5  # an agent that is sure of an error makes it at every step; `AgentSteps` explores half, too
)


class Played(NamedTuple):
    """One held-out episode of each row.

    Attributes:
        scores: `success` (share), `loss` of the best sound of an episode (mean), `start_loss` and `steps`
            (means), and the shares of episodes that came near a match: `below_0.2` and `below_0.3`.
        losses: `[episodes]` of the best sound of each.
        targets: `[n, frames]` of the first rows.
        matches: `[n, frames]` their best sounds.
    """

    scores: dict[str, float]
    losses: NDArray[np.float64]
    targets: NDArray[np.float32]
    matches: NDArray[np.float32]


@torch.no_grad()
def measure(policy: MatchPolicy, env: MatchEnv, seed: int = HELD_OUT_SEED) -> Played:
    """One held-out episode in each row, exploring half as much as in training."""
    enter_stage(env, policy)
    head = policy.head
    rng = _noise(seed)

    def act(observations: Any) -> Any:
        flat = torch.from_numpy(flatten(env.single_observation_space, observations))
        gumbel = rng.gumbel(size=(len(flat), head.n_gumbel))
        noise = np.column_stack([gumbel, rng.standard_normal((len(flat), head.n_normal))])
        return head.perturbed(policy(flat).logits, torch.from_numpy(_TEMPERATURE * noise).float()).numpy()

    return play(env, act, seed)


def measure_random(env: MatchEnv, seed: int = HELD_OUT_SEED) -> Played:
    """The same episodes of an agent that acts at random."""
    rng = _noise(seed)
    modules = np.flatnonzero(env.exposed_modules)

    def act(_: Any) -> Any:
        if env.config.action_view == "all":
            return rng.uniform(-1, 1, (env.num_envs, len(env.synth.controls))).astype(np.float32)
        deltas = rng.uniform(-1, 1, (env.num_envs, env.actions.width))
        return np.column_stack([rng.choice(modules, env.num_envs), deltas]).astype(np.float32)

    return play(env, act, seed)


def _noise(seed: int) -> np.random.Generator:
    """Random numbers of actions, other ones than those of the first row's targets."""
    return np.random.default_rng([seed, 1])


def play(env: MatchEnv, act: Callable[[Any], Any], seed: int) -> Played:
    """The first episode of each row, given flat actions for observations."""
    started = env.reset(seed=seed)
    targets = env.target.take(range(min(_KEPT, env.num_envs)))
    played = play_episodes(env, act, started)
    best = played.last["best_loss"]
    scores = {
        "success": float(played.terminated.mean()),
        "loss": float(best.mean()),
        "start_loss": float(played.first["loss"].mean()),
        "steps": float(played.steps.mean()),
    }
    scores |= {f"below_{loss}": float((best < loss).mean()) for loss in NEAR}
    return Played(scores, best, targets.audio, env.sounds(played.last["best_controls"][:_KEPT], targets))


def keep_sounds(run: Run, update: int, played: Played) -> None:
    """Keep a few targets, what the agent made of them, and spectrograms, each target above its match."""
    axis = FrequencyAxis.of_rate(HEARING_RATE_HZ)
    for row, pair in enumerate(zip(played.targets, played.matches, strict=True)):
        for name, sound in zip(("target", "match"), pair, strict=True):
            run.audio(f"{row}-{name}", sound, HEARING_RATE_HZ, update)
        run.picture(str(row), stacked_spectrograms(np.stack(pair), HEARING_RATE_HZ, axis), update)


def enter_stage(env: Any, policy: ActorCritic) -> None:
    """Bring environments to the stage of the curriculum that a policy is in."""
    assert isinstance(policy, MatchPolicy)
    if env.stage.name != policy.stage_name:
        env.set_stage(policy.stage_name)
