"""A run that was killed and resumed logs the same numbers, bit for bit, as one that never was."""

import math
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from tonewright.learning import runs
from tonewright.learning.checkpoints import checkpoints
from tonewright.learning.heads import Branch, Categorical, SquashedGaussian
from tonewright.learning.policy import ActorCritic
from tonewright.learning.pools import LocalPool
from tonewright.learning.ppo import PPO, PPOConfig
from tonewright.learning.probes import HybridProbe
from tonewright.learning.rollout import RolloutWorker
from tonewright.learning.runs import Run, read_metrics
from tonewright.learning.training import TrainConfig, train

UPDATES, KILLED_AT = 8, 5  # checkpoints come after updates 2, 5 and 7: the kill loses updates 3 and 4


class KillingPool(LocalPool):
    """Ends the whole process without a word at one update."""

    def collect(self, weights, steps, update, reseed=None):
        if update == KILLED_AT:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().collect(weights, steps, update, reseed)


def trained(run, seed=0, make_pool=LocalPool):
    """Train on a probe whose episodes of 8 steps go on from one rollout of 5 steps to the next."""
    torch.set_num_threads(1)  # sums over several threads may differ in their last bit

    def make_policy():
        head = Branch(Categorical(3), SquashedGaussian(2), HybridProbe.USED)
        return ActorCritic(5, head, (16,), seed=seed)

    algorithm = PPO(make_policy(), PPOConfig(learning_rate=0.01, minibatch_size=32), seed=seed)
    pool = make_pool(2, lambda index: RolloutWorker(lambda: HybridProbe(8), make_policy, seed, index))
    with run:
        train(TrainConfig(steps=5, checkpoint_every=3), pool, algorithm, run, UPDATES, evaluate)
    return algorithm.policy.weights()


def evaluate(policy, update):
    return {"bias": policy.actor.bias.square().sum().item(), "update": update}


def numbers(folder):
    """The log but for what a clock says."""
    return [
        {name: value for name, value in line.items() if name != "wall_s" and not name.startswith("time/")}
        for line in read_metrics(folder)
    ]


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    before = torch.get_num_threads()
    folder = tmp_path_factory.mktemp("runs") / "uninterrupted"
    patch = pytest.MonkeyPatch()
    patch.setattr(runs, "FIRST_CHECKPOINT_S", math.inf)
    yield folder, trained(Run.create(folder, {}, seed=0, sinks=()))
    patch.undo()
    torch.set_num_threads(before)


def test_the_log_says_how_it_went(uninterrupted):
    folder, _ = uninterrupted
    log = read_metrics(folder)
    assert [line["step"] for line in log] == list(range(UPDATES))
    assert [line["step"] for line in log if "evaluation/bias" in line] == [2, 5, 7]
    assert [int(path.name) for path in checkpoints(folder / "checkpoints")] == [2, 5, 7]
    learned = {"policy_loss", "value_loss", "entropy", "approx_kl", "clip_fraction", "grad_norm"}
    assert {f"learn/{name}" for name in learned | {"explained_variance"}} <= log[0].keys()
    assert all(line["time/steps_per_s"] > 0 for line in log)
    # Episodes begin anew at updates 0, 3 and 6, and end in every second rollout.
    assert [line["step"] for line in log if "episode/return" in line] == [1, 4, 7]
    assert all(line["episode/length"] == 8 for line in log if "episode/length" in line)


@pytest.mark.parametrize("seed", [0, 1])
def test_the_seed_decides_every_number(uninterrupted, tmp_path, seed):
    folder, weights = uninterrupted
    again = trained(Run.create(tmp_path / "again", {}, seed, sinks=()), seed)
    assert (numbers(tmp_path / "again") == numbers(folder)) == (seed == 0)
    assert all(np.array_equal(weights[name], again[name]) for name in weights) == (seed == 0)


def test_a_killed_run_goes_on_as_if_nothing_had_been(uninterrupted, tmp_path):
    folder, weights = uninterrupted
    killed = tmp_path / "killed"
    process = subprocess.run([sys.executable, __file__, killed], capture_output=True, check=False)
    assert process.returncode == -signal.SIGKILL, process.stderr.decode()
    assert numbers(killed) == numbers(folder)[:KILLED_AT]

    run = Run.resume(killed)
    assert run.first_step == 3
    resumed = trained(run)
    assert numbers(killed) == numbers(folder)
    assert all(np.array_equal(weights[name], resumed[name]) for name in weights)


def test_a_finished_run_stays_as_it_is(uninterrupted):
    folder, weights = uninterrupted
    before = read_metrics(folder)
    again = trained(Run.resume(folder))
    assert read_metrics(folder) == before
    assert all(np.array_equal(weights[name], again[name]) for name in weights)


if __name__ == "__main__":
    runs.FIRST_CHECKPOINT_S = math.inf  # however slow the machine is
    trained(Run.create(Path(sys.argv[1]), {}, seed=0, sinks=()), make_pool=KillingPool)
