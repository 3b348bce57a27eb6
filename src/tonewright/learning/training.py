"""The loop that trains: collect, learn, log, and now and then evaluate and write a checkpoint."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tonewright.checks import check_whole
from tonewright.learning.policy import ActorCritic
from tonewright.learning.pools import Pool
from tonewright.learning.ppo import PPO
from tonewright.learning.rollout import Rollout
from tonewright.learning.runs import Run


@dataclass(frozen=True)
class TrainConfig:
    """How often things happen in training."""

    steps: int = 32
    """Steps of each environment between two updates."""
    checkpoint_every: int = 50
    """Updates from one evaluation and checkpoint to the next. After each, all episodes begin anew. If they
    take more than half a minute, one checkpoint comes before."""

    def __post_init__(self) -> None:
        check_whole(self.steps, "steps", 1)
        check_whole(self.checkpoint_every, "checkpoint_every", 1)


Evaluate = Callable[[ActorCritic, int], Mapping[str, float]]
"""Scores of a policy after an update, by name."""
Progress = Callable[[int, Mapping[str, float]], None]
"""Told an update that is done, and its scores where it was evaluated."""


def train(
    config: TrainConfig,
    pool: Pool,
    algorithm: PPO,
    run: Run,
    total_updates: int,
    evaluate: Evaluate | None = None,
    progress: Progress = lambda update, scores: None,
    begin: Callable[[], object] = lambda: None,
) -> None:
    """Train until `total_updates` updates are done, from where the run stands.

    A run that is killed and resumed logs the same numbers, bit for bit (those under `time/` apart), as one
    that never was, because every `checkpoint_every` updates all environments begin anew, seeded by the number
    of the update. Two checkpoints may lie between these: the first one, if half a minute goes by without
    any (`Run.first_checkpoint_due`), and that at the end, if the run is extended. Nothing begins anew after
    the first one but in a run that goes on from there; it then learns from other episodes.

    Args:
        config: How often things happen.
        pool: Collects the rollouts; its workers have the run's seed.
        algorithm: Learns from them; brought to the run's checkpoint, if there is one.
        run: Takes the log and the checkpoints. Its steps are updates, counted from 0.
        total_updates: Updates in all, those before the checkpoint included. More than before extend a run
            that has ended; what depends on the progress of training follows the new number.
        evaluate: Called before each checkpoint.
        progress: Told after every update, with what `evaluate` found if it was asked.
        begin: Called when the algorithm is at the run's checkpoint.

    Raises:
        UsageError: The run has done more updates than that.
    """
    run.check_total(total_updates)
    run.restore(algorithm.state)
    begin()
    policy = algorithm.policy
    if policy.normaliser.count == 0:
        algorithm.observe(pool.collect(policy.weights(), config.steps, update=0, reseed=0))
    for update in range(run.first_step, total_updates):
        began_s = time.monotonic()
        anew = update == run.first_step or update % config.checkpoint_every == 0
        rollouts = pool.collect(policy.weights(), config.steps, update, update if anew else None)
        collected_s = time.monotonic()
        learned = algorithm.learn(rollouts, update / total_updates)
        ended_s = time.monotonic()

        samples = sum(one.rewards.size for one in rollouts)
        metrics = {f"learn/{key}": value for key, value in learned.items()} | _episodes(rollouts)
        metrics |= {
            "time/collect_s": collected_s - began_s,
            "time/learn_s": ended_s - collected_s,
            "time/steps_per_s": samples / (ended_s - began_s),
        }
        checkpoint = (update + 1) % config.checkpoint_every == 0 or update + 1 == total_updates
        scores = evaluate(policy, update) if checkpoint and evaluate else {}
        metrics |= {f"evaluation/{key}": value for key, value in scores.items()}
        run.log(update, metrics)
        progress(update, scores)
        if checkpoint or run.first_checkpoint_due:
            run.save(update, algorithm.state)


def _episodes(rollouts: Sequence[Rollout]) -> dict[str, float]:
    """Means over the episodes that ended, if any did."""
    episodes = {key: np.concatenate([one.episodes[key] for one in rollouts]) for key in rollouts[0].episodes}
    return {f"episode/{key}": float(values.mean()) for key, values in episodes.items() if len(values)}
