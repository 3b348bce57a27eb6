"""Stable-Baselines3's algorithms in a run: they learn the probes, and go on as if nothing had been."""

import math
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tonewright.errors import CheckpointError, UsageError
from tonewright.learning import runs
from tonewright.learning.probes import CopyProbe, HybridProbe
from tonewright.learning.runs import Run, read_metrics

pytest.importorskip("stable_baselines3")
pytest.importorskip("sb3_contrib")

import torch
from sb3_contrib import ARS, QRDQN, TQC
from stable_baselines3 import A2C, DQN, PPO, SAC, TD3
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.noise import OrnsteinUhlenbeckActionNoise
from stable_baselines3.common.sb2_compat.rmsprop_tf_like import RMSpropTFLike
from stable_baselines3.common.vec_env import VecMonitor, VecNormalize

from tonewright.learning.checkpoints import checkpoints
from tonewright.learning.sb3 import SB3VecEnv, train_sb3
from tonewright.learning.sb3 import checkpoints as sb3_checkpoints
from tonewright.learning.training import TrainConfig

N = 16
DISCRETE = {"learning_rate": 0.01, "gamma": 0.0}
OFF_POLICY = DISCRETE | {"learning_starts": 64, "batch_size": 64, "buffer_size": 1600, "train_freq": 1}
GREEDY = OFF_POLICY | {"target_update_interval": 160, "exploration_fraction": 0.5}
CONTINUOUS = OFF_POLICY | {"gradient_steps": 2}
QUANTILES = {"policy_kwargs": {"n_quantiles": 8}}


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)  # sums over several threads may differ in their last bit
    yield
    torch.set_num_threads(before)


def make(algorithm, env=None, policy_kwargs=None, **options):
    env = SB3VecEnv(CopyProbe(N)) if env is None else env
    network = {"net_arch": [32], **(policy_kwargs or {})}
    return algorithm("MlpPolicy", env, policy_kwargs=network, seed=0, device="cpu", **options)


def return_of(algorithm, probe):
    mean, _ = evaluate_policy(algorithm, VecMonitor(SB3VecEnv(probe(64))), n_eval_episodes=64)
    return mean


class TestLearning:
    @pytest.mark.parametrize(
        ("algorithm", "probe", "options", "steps", "least"),
        [
            (PPO, CopyProbe, DISCRETE | {"n_steps": 32, "batch_size": 128, "n_epochs": 4}, 2048, 7.9),
            (A2C, CopyProbe, DISCRETE | {"n_steps": 8}, 2048, 7.9),
            (DQN, CopyProbe, GREEDY, 1600, 7.9),
            (QRDQN, CopyProbe, GREEDY | QUANTILES, 1600, 7.9),
            (SAC, HybridProbe, CONTINUOUS, 1792, 6),
            (TD3, HybridProbe, CONTINUOUS, 1792, 6),
            (TQC, HybridProbe, CONTINUOUS | QUANTILES, 1792, 6),
        ],
        ids=lambda value: value.__name__ if isinstance(value, type) else None,
    )
    def test_learns_what_chance_does_not(self, tmp_path, algorithm, probe, options, steps, least):
        model = make(algorithm, SB3VecEnv(probe(N)), **options)
        before = return_of(model, probe)
        with Run.create(tmp_path / "run", {}, seed=0, sinks=()) as run:
            train_sb3(model, run, TrainConfig(steps=16, checkpoint_every=10), steps)
        assert before < 4  # acting at random earns 2
        assert return_of(model, probe) > least
        assert model.num_timesteps == read_metrics(tmp_path / "run")[-1]["learn/steps"] == steps


EXPLORING = OFF_POLICY | {"target_update_interval": 64, "exploration_final_eps": 0.8}
CASES = {
    "PPO": (PPO, CopyProbe, DISCRETE | {"n_steps": 5, "batch_size": 40}, False),
    "PPO-gSDE": (PPO, HybridProbe, {"n_steps": 5, "batch_size": 40, "use_sde": True}, True),
    "A2C": (A2C, CopyProbe, {"n_steps": 5, "learning_rate": lambda left: 0.01 * left}, True),
    "A2C-TF": (A2C, CopyProbe, {"n_steps": 5, "policy_kwargs": {"optimizer_class": RMSpropTFLike}}, False),
    "DQN": (DQN, CopyProbe, EXPLORING | {"n_steps": 3}, False),
    "DQN-full": (DQN, CopyProbe, EXPLORING | {"buffer_size": 160}, True),
    "SAC": (SAC, HybridProbe, OFF_POLICY, False),
    "TD3": (TD3, HybridProbe, OFF_POLICY, True),
}
STEPS = 8 * 5 * N  # eight updates
CONFIG = TrainConfig(steps=5, checkpoint_every=3)  # checkpoints come after updates 2, 5 and 7


class StopError(Exception):
    pass


def made(case):
    """An algorithm, on episodes of 8 steps, which are longer than an update."""
    algorithm, probe, options, normalised = CASES[case]
    env = SB3VecEnv(probe(N))
    if algorithm is TD3:
        noise = OrnsteinUhlenbeckActionNoise(np.zeros(5), np.full(5, 0.2))
        options = options | {"action_noise": noise}
    return make(algorithm, VecNormalize(env) if normalised else env, **options)


def trained(folder, case, stop_after=None):
    """Train, or go on, to the end or until an update is done."""

    def progress(update, scores):
        if update == stop_after:
            raise StopError

    model = made(case)
    run = Run.resume(folder) if folder.exists() else Run.create(folder, {}, seed=3, sinks=())
    with run:
        train_sb3(model, run, CONFIG, STEPS, lambda model, update: {"update": update}, progress)
    return model


def numbers(folder):
    """The log but for what a clock says."""
    return [
        {name: value for name, value in line.items() if name != "wall_s" and not name.startswith("time/")}
        for line in read_metrics(folder)
    ]


def kept(model):
    """Everything that learning changes."""
    found = {f"policy/{name}": one.numpy().copy() for name, one in model.policy.state_dict().items()}
    if getattr(model, "log_ent_coef", None) is not None:
        found["log_ent_coef"] = model.log_ent_coef.detach().numpy()
    buffer = getattr(model, "replay_buffer", None)
    if buffer is not None:
        names = ("observations", "next_observations", "actions", "rewards", "dones", "timeouts")
        found |= {f"replay/{name}": getattr(buffer, name) for name in names}
        found |= {"replay/size": buffer.size(), "replay/pos": buffer.pos}
    normaliser = model.get_vec_normalize_env()
    if normaliser is not None:
        found |= {"mean": normaliser.obs_rms.mean, "returns": normaliser.ret_rms.var}
    return found | {"steps": model.num_timesteps, "updates": model._n_updates}


def assert_same(model, other):
    ours, theirs = kept(model), kept(other)
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():
        np.testing.assert_array_equal(value, theirs[name], err_msg=name)


class TestResuming:
    @pytest.mark.parametrize("case", CASES)
    def test_a_resumed_run_ends_as_one_that_never_was(self, tmp_path, case):
        whole, parts = tmp_path / "whole", tmp_path / "parts"
        expected = trained(whole, case)
        for update in (1, 4, 6):  # before the first checkpoint, and after the first and second
            with pytest.raises(StopError):
                trained(parts, case, stop_after=update)
            assert [line["step"] for line in read_metrics(parts)] == list(range(update + 1))
        resumed = trained(parts, case)
        assert_same(resumed, expected)
        assert numbers(parts) == numbers(whole)
        assert [line["step"] for line in read_metrics(parts)] == list(range(8))
        assert [int(path.name) for path in checkpoints(parts / "checkpoints")] == [2, 5, 7]

    def test_it_may_be_killed_at_any_time(self, tmp_path):
        killed = tmp_path / "killed"
        process = subprocess.run([sys.executable, __file__, killed], capture_output=True, check=False)
        assert process.returncode == -signal.SIGKILL, process.stderr.decode()
        assert [line["step"] for line in read_metrics(killed)] == list(range(5))
        assert [int(path.name) for path in checkpoints(killed / "checkpoints")] == [2]
        assert_same(trained(killed, "PPO"), trained(tmp_path / "whole", "PPO"))
        assert numbers(killed) == numbers(tmp_path / "whole")

    def test_a_finished_run_stays_as_it_is_and_may_be_made_longer(self, tmp_path):
        folder = tmp_path / "run"
        finished = trained(folder, "SAC")
        before = read_metrics(folder)
        again = trained(folder, "SAC")
        assert_same(again, finished)
        assert read_metrics(folder) == before
        with Run.resume(folder) as run:
            train_sb3(again, run, CONFIG, STEPS + 5 * N)
        assert [line["step"] for line in read_metrics(folder)] == list(range(9))

    def test_a_run_that_is_made_longer_is_as_one_that_was_asked_for_more(self, tmp_path):
        whole, parts = tmp_path / "whole", tmp_path / "parts"
        expected = trained(whole, "PPO")
        model = made("PPO")
        with Run.create(parts, {}, seed=3, sinks=()) as run:
            train_sb3(model, run, CONFIG, 6 * 5 * N, lambda model, update: {"update": update})
        assert_same(trained(parts, "PPO"), expected)
        assert numbers(parts) == numbers(whole)
        assert len(numbers(parts)) == 8

    def test_fewer_steps_than_are_made_are_refused(self, tmp_path):
        trained(tmp_path / "run", "PPO")
        before = numbers(tmp_path / "run")
        with (
            Run.resume(tmp_path / "run") as run,
            pytest.raises(UsageError, match="has made 640; got 560 in all; ask for more than 640 to train"),
        ):
            train_sb3(made("PPO"), run, CONFIG, STEPS - 5 * N)
        with Run.resume(tmp_path / "run") as run:
            train_sb3(made("PPO"), run, CONFIG, STEPS - 1)  # what the last update was for
        assert numbers(tmp_path / "run") == before

    @pytest.mark.parametrize("case", ["PPO", "SAC"])
    def test_a_first_checkpoint_that_comes_because_of_the_time_changes_nothing(
        self, tmp_path, monkeypatch, case
    ):
        expected = trained(tmp_path / "late", case)
        monkeypatch.setattr(runs, "FIRST_CHECKPOINT_S", 0.0)
        with pytest.raises(StopError):
            trained(tmp_path / "killed", case, stop_after=1)
        assert [int(path.name) for path in checkpoints(tmp_path / "killed" / "checkpoints")] == [0]
        trained(tmp_path / "killed", case)
        assert [line["step"] for line in read_metrics(tmp_path / "killed")] == list(range(8))
        assert_same(trained(tmp_path / "soon", case), expected)
        assert numbers(tmp_path / "soon") == numbers(tmp_path / "late")

    def test_no_return_of_several_steps_crosses_a_checkpoint(self, tmp_path):
        model = made("DQN")
        with Run.create(tmp_path / "run", {}, seed=0, sinks=()) as run:
            train_sb3(model, run, TrainConfig(steps=5, checkpoint_every=2), 3 * 5 * N)
        ends = np.flatnonzero(model.replay_buffer.timeouts.all(axis=1))
        assert ends.tolist() == [7, 9]  # an episode's own, and that of the second update


class TestLog:
    def test_has_clear_names(self, tmp_path):
        trained(tmp_path / "run", "PPO")
        log = read_metrics(tmp_path / "run")
        learned = {"policy_gradient_loss", "value_loss", "entropy_loss", "approx_kl", "explained_variance"}
        assert {f"learn/{name}" for name in learned} <= log[0].keys()
        assert [line["learn/steps"] for line in log] == [80 * (update + 1) for update in range(8)]
        assert [line["step"] for line in log if "evaluation/update" in line] == [2, 5, 7]
        # Episodes begin anew at updates 0, 3 and 6, and end in every second rollout.
        assert [line["step"] for line in log if "episode/return" in line] == [1, 4, 7]
        assert all(line["episode/length"] == 8 for line in log if "episode/length" in line)
        assert all(line["time/steps_per_s"] > 0 for line in log)
        assert all(name.split("/")[0] in ("learn", "episode", "time", "evaluation", "step", "wall_s")
                   for line in log for name in line)  # fmt: skip

    def test_returns_are_those_before_normalising(self, tmp_path):
        trained(tmp_path / "run", "DQN-full")
        log = read_metrics(tmp_path / "run")
        returns = [line["episode/return"] for line in log if "episode/return" in line]
        assert len(returns) == 3
        assert all(one * N in range(1, 8 * N + 1) for one in returns)

    def test_progress_is_told_with_the_scores(self, tmp_path):
        told = []
        with Run.create(tmp_path / "run", {}, seed=0, sinks=()) as run:
            train_sb3(
                make(A2C),
                run,
                TrainConfig(steps=5, checkpoint_every=2),
                3 * 5 * N,
                lambda model, update: {"steps": model.num_timesteps},
                lambda update, scores: told.append((update, scores)),
            )
        assert told == [(0, {}), (1, {"steps": 160}), (2, {"steps": 240})]


@pytest.fixture(scope="module")
def dqn(tmp_path_factory):
    """The folder of a run."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    with Run.create(folder, {}, seed=0, sinks=()) as run:
        train_sb3(make(DQN, **OFF_POLICY), run, CONFIG, 160)
    return folder


class TestRefusing:
    @pytest.mark.parametrize(
        ("make_other", "complaint"),
        [
            (lambda: make(PPO), "its algorithm is .*dqn.DQN.*; got .*ppo.PPO"),
            (lambda: make(QRDQN, **OFF_POLICY), "its algorithm is .*DQN.*; got .*QRDQN"),
            (
                lambda: make(DQN, **OFF_POLICY | {"learning_rate": 0.02}),
                "its learning_rate is 0.01; got 0.02",
            ),
            (lambda: make(DQN, SB3VecEnv(CopyProbe(8)), **OFF_POLICY), "its n_envs is 16; got 8"),
            (
                lambda: make(DQN, VecNormalize(SB3VecEnv(CopyProbe(N))), **OFF_POLICY),
                "its normaliser is None",
            ),
            (lambda: make(DQN, policy_kwargs={"net_arch": [31]}, **OFF_POLICY), "its policy_kwargs is .*32"),
        ],
        ids=["on-policy", "off-policy", "discount", "environments", "normaliser", "network"],
    )
    def test_a_run_of_something_else_is_refused(self, dqn, make_other, complaint):
        before = read_metrics(dqn)
        with Run.resume(dqn) as run, pytest.raises(CheckpointError, match=complaint):
            train_sb3(make_other(), run, CONFIG, 320)
        assert read_metrics(dqn) == before

    def test_a_run_of_our_own_ppo_is_refused(self, tmp_path):
        from tonewright.learning.checkpoints import TrainingState

        with Run.create(tmp_path / "run", {}, seed=0, sinks=()) as run:
            run.log(0, {})
            run.save(0, TrainingState({"policy": torch.nn.Linear(2, 2)}))
            with pytest.raises(CheckpointError, match="its algorithm is none of Stable-Baselines3; got"):
                train_sb3(make(PPO), run, CONFIG, 80)

    @pytest.mark.parametrize(
        ("make_it", "complaint"),
        [
            (lambda: ARS("LinearPolicy", SB3VecEnv(CopyProbe(N))), "collect rollouts .*; got ARS; use PPO"),
            (
                lambda: make(
                    DQN,
                    optimize_memory_usage=True,
                    replay_buffer_kwargs={"handle_timeout_termination": False},
                    **OFF_POLICY,
                ),
                "got ReplayBuffer, True",
            ),
            (lambda: make(DQN, **OFF_POLICY), "got one of 0 MiB; choose a buffer_size of at most 19"),
        ],
        ids=["ARS", "memory", "size"],
    )
    def test_what_a_run_cannot_keep_is_refused(self, tmp_path, monkeypatch, make_it, complaint):
        monkeypatch.setattr(sb3_checkpoints, "_MOST_REPLAY_BYTES", 1000)  # of 52 bytes each
        with (
            Run.create(tmp_path / "run", {}, seed=0, sinks=()) as run,
            pytest.raises(UsageError, match=complaint),
        ):
            train_sb3(make_it(), run, CONFIG, 80)


def kill(update, scores):
    if update == 4:
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    runs.FIRST_CHECKPOINT_S = math.inf  # however slow the machine is
    torch.set_num_threads(1)
    with Run.create(Path(sys.argv[1]), {}, seed=3, sinks=()) as run:
        train_sb3(made("PPO"), run, CONFIG, STEPS, lambda model, update: {"update": update}, kill)
