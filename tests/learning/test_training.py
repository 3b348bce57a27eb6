from types import SimpleNamespace

import numpy as np
import pytest

from tonewright.errors import UsageError

pytest.importorskip("torch")

from tonewright.learning import runs
from tonewright.learning.checkpoints import checkpoints
from tonewright.learning.heads import Categorical
from tonewright.learning.policy import ActorCritic
from tonewright.learning.pools import LocalPool
from tonewright.learning.ppo import PPO, PPOConfig
from tonewright.learning.probes import CopyProbe
from tonewright.learning.rollout import RolloutWorker
from tonewright.learning.runs import Run, read_metrics
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


def trained(folder, updates, terms=(), config=None):
    """Train, or go on."""
    algorithm, pool = PPO(make_policy(), config or PPOConfig(), terms), Diary()
    with Run.resume(folder) if folder.exists() else Run.create(folder, {}, seed=0, sinks=()) as run:
        train(TrainConfig(steps=6, checkpoint_every=2), pool, algorithm, run, updates)
    return pool


def saved(folder):
    """Updates after which there are checkpoints."""
    return [int(path.name) for path in checkpoints(folder / "checkpoints")]


def logged(folder):
    """The log but for what a clock says."""
    return [
        {name: value for name, value in line.items() if name != "wall_s" and not name.startswith("time/")}
        for line in read_metrics(folder)
    ]


def test_environments_begin_anew_after_each_checkpoint(tmp_path):
    pool = trained(tmp_path / "run", 5)
    assert pool.asked == [(6, 0, 0), (6, 0, 0), (6, 1, None), (6, 2, 2), (6, 3, None), (6, 4, 4)]


class TestFirstCheckpoint:
    def test_comes_when_it_is_time_and_changes_nothing(self, tmp_path, monkeypatch):
        expected = trained(tmp_path / "late", 3)
        monkeypatch.setattr(runs, "FIRST_CHECKPOINT_S", 0.0)
        pool = trained(tmp_path / "soon", 3)
        assert (saved(tmp_path / "late"), saved(tmp_path / "soon")) == ([1, 2], [0, 1, 2])
        assert pool.asked == expected.asked
        assert logged(tmp_path / "soon") == logged(tmp_path / "late")

    def test_is_what_a_killed_run_goes_on_from(self, tmp_path, monkeypatch):
        monkeypatch.setattr(runs, "FIRST_CHECKPOINT_S", 0.0)

        def kill(update, scores):
            if update == 1:  # before the regular one
                raise KeyboardInterrupt

        algorithm = PPO(make_policy(), PPOConfig())
        with Run.create(tmp_path / "run", {}, seed=0, sinks=()) as run, pytest.raises(KeyboardInterrupt):
            train(TrainConfig(steps=6, checkpoint_every=2), Diary(), algorithm, run, 4, progress=kill)
        assert saved(tmp_path / "run") == [0]
        pool = trained(tmp_path / "run", 4)
        assert pool.asked == [(6, 1, 1), (6, 2, 2), (6, 3, None)]
        assert [line["step"] for line in logged(tmp_path / "run")] == [0, 1, 2, 3]

    def test_is_due_half_a_minute_after_the_beginning(self, tmp_path, monkeypatch):
        monkeypatch.undo()
        clock = SimpleNamespace(now_s=1_000.0, monotonic=lambda: clock.now_s)
        monkeypatch.setattr(runs, "time", clock)
        algorithm = PPO(make_policy(), PPOConfig())
        with Run.create(tmp_path / "run", {}, seed=0, sinks=()) as run:
            clock.now_s += 29
            assert not run.first_checkpoint_due
            clock.now_s += 1
            assert run.first_checkpoint_due
            run.log(0, {})
            run.save(0, algorithm.state)
            clock.now_s += 1_000
            assert not run.first_checkpoint_due


class TestExtending:
    @pytest.mark.parametrize("anneal", [False, True])
    def test_a_run_is_as_if_it_had_been_asked_for_more_unless_a_schedule_says_otherwise(
        self, tmp_path, anneal
    ):
        config = PPOConfig(anneal=anneal)
        trained(tmp_path / "whole", 6, config=config)
        trained(tmp_path / "parts", 4, config=config)
        trained(tmp_path / "parts", 6, config=config)
        assert [line["step"] for line in logged(tmp_path / "parts")] == list(range(6))
        assert (logged(tmp_path / "parts") == logged(tmp_path / "whole")) is not anneal

    def test_fewer_updates_than_are_done_are_refused(self, tmp_path):
        trained(tmp_path / "run", 4)
        before = logged(tmp_path / "run")
        with pytest.raises(UsageError, match=r"has done 4; got 3 in all; ask for more than 4 to train on"):
            trained(tmp_path / "run", 3)
        trained(tmp_path / "run", 4)
        assert logged(tmp_path / "run") == before


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
