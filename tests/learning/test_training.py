import numpy as np
import pytest

from tonewright.errors import UsageError

pytest.importorskip("torch")

from tonewright.learning.heads import Categorical
from tonewright.learning.policy import ActorCritic
from tonewright.learning.pools import LocalPool
from tonewright.learning.ppo import PPO, PPOConfig
from tonewright.learning.probes import CopyProbe
from tonewright.learning.rollout import RolloutWorker
from tonewright.learning.runs import Run
from tonewright.learning.training import TrainConfig, train


def make_policy():
    return ActorCritic(4, Categorical(4), (8,))


class Diary(LocalPool):
    """Notes what it is asked for."""

    def __init__(self):
        super().__init__(1, lambda index: RolloutWorker(lambda: CopyProbe(4), make_policy, 0, index))
        self.asked = []
        self.weights = []

    def collect(self, weights, steps, update, reseed=None):
        self.asked.append((steps, update, reseed))
        self.weights.append(weights)
        return super().collect(weights, steps, update, reseed)


def trained(folder, updates, terms=()):
    algorithm, pool = PPO(make_policy(), PPOConfig(), terms), Diary()
    with Run.create(folder, {}, seed=0, sinks=()) as run:
        train(TrainConfig(steps=6, checkpoint_every=2), pool, algorithm, run, updates)
    return pool


def test_environments_begin_anew_after_each_checkpoint(tmp_path):
    pool = trained(tmp_path / "run", 5)
    assert pool.asked == [(6, 0, 0), (6, 0, 0), (6, 1, None), (6, 2, 2), (6, 3, None), (6, 4, 4)]


def test_the_first_rollout_only_feeds_the_normaliser(tmp_path):
    first, second, third, *_ = trained(tmp_path / "run", 2).weights
    assert first["normaliser.count"] == 0
    assert second["normaliser.count"] == 24
    assert np.array_equal(first["actor.weight"], second["actor.weight"])
    assert not np.array_equal(second["actor.weight"], third["actor.weight"])


def test_progress_goes_from_zero_towards_one(tmp_path):
    seen = []

    def term(policy, minibatch, progress):
        seen.append(progress)
        return minibatch.outputs.values.sum() * 0, {}

    trained(tmp_path / "run", 4, [term])
    assert sorted(set(seen)) == [0, 0.25, 0.5, 0.75]


def test_every_update_is_told_with_its_scores_where_it_was_evaluated(tmp_path):
    told = []
    with Run.create(tmp_path / "run", {}, seed=0, sinks=()) as run:
        train(
            TrainConfig(steps=6, checkpoint_every=2),
            Diary(),
            PPO(make_policy(), PPOConfig()),
            run,
            5,
            lambda policy, update: {"score": float(update)},
            lambda update, scores: told.append((update, scores)),
        )
    assert told == [(0, {}), (1, {"score": 1.0}), (2, {}), (3, {"score": 3.0}), (4, {"score": 4.0})]


@pytest.mark.parametrize("name", ["steps", "checkpoint_every"])
def test_nonsense_is_refused(name):
    with pytest.raises(UsageError, match=f"{name} is a whole number from 1; got 0"):
        TrainConfig(**{name: 0})
