"""Performances: whoever plays follows targets from beginning to end, and all of it is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tonewright.improvising.environment import ImproviseEnv, nobody
from tonewright.improvising.hearing import HOP
from tonewright.improvising.reward import reward
from tonewright.learning.held_out import HELD_OUT_SEED
from tonewright.synths.base import Synth

Player = Callable[[ImproviseEnv, Any], Any]
"""Actions of all rows, as the environment takes them, given the environment and what it shows."""


@dataclass(frozen=True, eq=False)
class Performance:
    """What happened hop by hop in a batch; the first hop is the one before anybody acted.

    Attributes:
        columns: Names of what was heard, `[U]`.
        controls: `[B, T, D]` float32.
        own: `[B, T, U]` float32 normalised features of the agent.
        target: `[B, T, U]` float32 those of the musician.
        presence: `[B, T, U]` float32, how far the musician has each.
        own_presence: `[B, T, U]` float32, how far the agent has each.
        distances: `[B, T]` that the rewards are made of.
        rewards: `[B, T]`.
    """

    columns: tuple[str, ...]
    controls: NDArray[np.float32]
    own: NDArray[np.float32]
    target: NDArray[np.float32]
    presence: NDArray[np.float32]
    own_presence: NDArray[np.float32]
    distances: NDArray[np.float64]
    rewards: NDArray[np.float64]

    def sound(self, synth: Synth, row: int, seed: int = 0) -> NDArray[np.float32]:
        """The agent's sound in a row, `[T * hop]`, rendered with its controls."""
        hops = self.controls.shape[1]
        seconds = hops * HOP / synth.sample_rate_hz
        sound = synth.render(
            self.controls[row : row + 1], seconds=seconds, gate_seconds=seconds + 1.0, seed=seed, hop=HOP
        )
        return np.asarray(sound[0])


def perform(env: ImproviseEnv, player: Player, hops: int, *, seed: int = HELD_OUT_SEED) -> Performance:
    """Play in all rows from a reset on.

    Args:
        env: Its episodes are as long as this at least.
        player: Who plays.
        hops: How long; a multiple of the environment's `hops_per_step`, or up to the next one.
        seed: Of the reset, so that all players begin alike and follow the same.
    """
    kept: list[tuple[NDArray[Any], ...]] = []

    def keep() -> None:
        own, targets = env.own, env.targets
        now = env.params, own.values, targets.values, targets.presence, own.presence, env.distances
        kept.append(tuple(part.copy() for part in now))

    observations, _ = env.reset(seed=seed)
    keep()
    env.watch = keep
    try:
        while len(kept) < hops + 1:
            observations, *_ = env.step(player(env, observations))
    finally:
        env.watch = nobody
    controls, own, target, presence, own_presence, distances = (
        np.stack(part, axis=1) for part in zip(*kept, strict=True)
    )
    config = env.config
    rewards = reward(distances, config.reward_type, config.reward_scale)
    return Performance(
        env.setting.scales.columns, controls, own, target, presence, own_presence, distances, rewards
    )
