"""Stable-Baselines3's algorithms inside a run: its log, its checkpoints, and going on from them."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress

import numpy as np

from tonewright.errors import UsageError
from tonewright.learning.runs import Run, read_metrics
from tonewright.learning.sb3.checkpoints import (
    check_algorithm,
    replay_buffer,
    restore_algorithm,
    save_algorithm,
)
from tonewright.learning.sb3.library import BaseAlgorithm, BaseCallback, Logger
from tonewright.learning.training import Progress, TrainConfig

Evaluate = Callable[[BaseAlgorithm, int], Mapping[str, float]]
"""Scores of an algorithm's policy after an update, by name."""


def train_sb3(
    algorithm: BaseAlgorithm,
    run: Run,
    config: TrainConfig,
    total_steps: int,
    evaluate: Evaluate | None = None,
    progress: Progress = lambda update, scores: None,
) -> None:
    """Train an algorithm until `total_steps` steps are made, from where the run stands.

    A run that is killed and resumed logs the same numbers, bit for bit (those under `time/` apart), and ends
    with the same weights as one that never was. This holds on one machine and library version:

    - On-policy algorithms (PPO, A2C, TRPO…): a checkpoint holds networks, optimisers and counters. It is
      written between two rollouts, when the rollout buffer is empty.
    - Off-policy algorithms (DQN, QR-DQN, SAC, TD3, TQC…): it also holds the transitions in the replay buffer,
      8 D + 4 A + 12 bytes each (D numbers an observation, A an action; 8 bytes in place of 4 A for a discrete
      one). 100,000 transitions with D = 400 and A = 10 are 329 MB, and three checkpoints stay on the disk;
      while one is written it takes three times its size in memory.
    - Both: statistics of `VecNormalize` are kept. Nothing is kept of random numbers, environments and action
      noise: all of them begin anew after each checkpoint, seeded by the number of the update. Other wrappers
      of the environment must begin anew at its reset, too.

    Python's, NumPy's and torch's global random numbers, which Stable-Baselines3 draws from, are seeded by
    this, and the algorithm's logger is replaced. The log has, under `learn/`, what the algorithm records
    about its last gradient steps, by its own names, and the `steps` made so far in all environments; under
    `episode/`, the means of return, length and numbers in the last info of the episodes that ended.

    Args:
        algorithm: Made with `seed=run.seed`; brought to the run's checkpoint, if there is one.
        run: Takes the log and the checkpoints. Its steps are updates, counted from 0.
        config: How often things happen. An update ends with the first of the algorithm's own rollouts that
            brings it to `config.steps` steps of each environment: PPO and A2C collect `n_steps` at a time,
            off-policy algorithms `train_freq`.
        total_steps: Steps of all environments together, those before the checkpoint included. Schedules of
            learning rates and exploration end there. More than before extend a run that has ended.
        evaluate: Called before each checkpoint with the algorithm and the update.
        progress: Told after every update, with what `evaluate` found if it was asked.

    Raises:
        CheckpointError: The run was trained by another algorithm or with other settings, or its checkpoint is
            damaged.
        UsageError: The run has made more steps than that; an algorithm that does not collect rollouts (ARS),
            observations that are not flat, or a replay buffer that cannot be kept: above 2 GiB,
            memory-optimised, or of a class of its own.
        OutputError: The run's disk is full or gone.
    """
    check_algorithm(algorithm)
    _check_total(run, total_steps)
    restore_algorithm(algorithm, run)
    algorithm.set_logger(Logger(None, []))
    watch = _Watch(config.steps * algorithm.n_envs)
    update = run.first_step
    while algorithm.num_timesteps < total_steps:
        if update == run.first_step or update % config.checkpoint_every == 0:
            _begin_anew(algorithm, run.seed, update)
            watch.begin_anew(algorithm.n_envs)
        metrics = watch.learn(algorithm, total_steps)
        complete = algorithm.num_timesteps >= total_steps
        checkpoint = complete or (update + 1) % config.checkpoint_every == 0
        scores = evaluate(algorithm, update) if checkpoint and evaluate else {}
        run.log(update, metrics | {f"evaluation/{key}": value for key, value in scores.items()})
        progress(update, scores)
        if checkpoint or run.first_checkpoint_due:
            save_algorithm(algorithm, run, update)
        update += 1


def _check_total(run: Run, total_steps: int) -> None:
    """Check that the last update of a run was not one too many."""
    made = [int(line["learn/steps"]) for line in read_metrics(run.folder) if "learn/steps" in line]
    if len(made) > 1 and total_steps <= made[-2]:
        raise UsageError(
            f"the steps of a run are counted from its beginning: {str(run.folder)!r} has made {made[-1]:,}; "
            f"got {total_steps:,} in all; ask for more than {made[-1]:,} to train on"
        )


class _UpdateDone(Exception):  # noqa: N818 (no error: it leaves `learn` where nothing is half done)
    """An update has as many steps as it needs."""


class _Watch(BaseCallback):
    """Lets an algorithm learn for one update after the other, and measures what happens.

    Args:
        update_steps: Steps of all environments in an update, at least.
    """

    def __init__(self, update_steps: int) -> None:
        super().__init__()
        self._update_steps = update_steps
        self._lap_began_s = 0.0

    def begin_anew(self, rows: int) -> None:
        """Forget the episodes under way."""
        self._returns, self._lengths = np.zeros((2, rows), np.float32)

    def learn(self, algorithm: BaseAlgorithm, total_steps: int) -> dict[str, float]:
        """Learn for one update, and give its metrics."""
        before = algorithm.num_timesteps
        self._enough = before + self._update_steps
        self._collect_s = self._learn_s = 0.0
        self._episodes: dict[str, list[float]] = defaultdict(list)
        with suppress(_UpdateDone):
            algorithm.learn(
                total_steps - before,
                callback=self,
                log_interval=None,  # type: ignore[arg-type] # no log of its own, which comes before learning
                reset_num_timesteps=False,
            )
        recorded = {key.rpartition("/")[2]: value for key, value in algorithm.logger.name_to_value.items()}
        algorithm.logger.dump()  # to nowhere: it forgets them
        metrics = {f"learn/{key}": float(value) for key, value in recorded.items()}
        metrics["learn/steps"] = float(algorithm.num_timesteps)
        metrics |= {f"episode/{key}": float(np.mean(values)) for key, values in self._episodes.items()}
        seconds = self._collect_s + self._learn_s
        return metrics | {
            "time/collect_s": self._collect_s,
            "time/learn_s": self._learn_s,
            "time/steps_per_s": (algorithm.num_timesteps - before) / seconds,
        }

    def _on_training_start(self) -> None:
        self._lap()

    def _on_rollout_start(self) -> None:
        self._learn_s += self._lap()
        if self.model.num_timesteps >= self._enough:
            raise _UpdateDone

    def _on_rollout_end(self) -> None:
        self._collect_s += self._lap()

    def _on_training_end(self) -> None:
        self._learn_s += self._lap()

    def _on_step(self) -> bool:
        normaliser = self.model.get_vec_normalize_env()
        self._returns += self.locals["rewards"] if normaliser is None else normaliser.get_original_reward()
        self._lengths += 1
        for row in np.flatnonzero(self.locals["dones"]):
            info = self.locals["infos"][row]
            numbers = {key: value for key, value in info.items() if isinstance(value, np.number | np.bool_)}
            numbers |= {"return": self._returns[row], "length": self._lengths[row]}
            for key, value in numbers.items():
                self._episodes[key].append(float(value))
            self._returns[row] = self._lengths[row] = 0
        return True

    def _lap(self) -> float:
        """Seconds since the last lap."""
        began_s, self._lap_began_s = self._lap_began_s, time.monotonic()
        return self._lap_began_s - began_s


def _begin_anew(algorithm: BaseAlgorithm, seed: int, update: int) -> None:
    """Begin all random numbers and environments anew."""
    buffer = replay_buffer(algorithm)
    if buffer is not None and buffer.size():
        # No n-step return may go on from an episode that is left here into the next one.
        last = buffer.pos - 1
        buffer.timeouts[last] = np.maximum(buffer.timeouts[last], 1 - buffer.dones[last])
    (anew,) = np.random.SeedSequence((seed, update)).generate_state(1)
    algorithm.set_random_seed(int(anew))
    env = algorithm.get_env()
    assert env is not None  # checked
    algorithm.set_env(env)  # whereupon `learn` resets it
