import json
import sys
from contextlib import contextmanager

import pytest

from tonewright.cli import progress as cli_progress
from tonewright.learning.inference import load_network
from tonewright.learning.runs import read_metrics
from tonewright.synths import synth

CONTROLS = synth("serum-lite", 16_000).controls.names
SMALL = {
    "match": {
        "episodes": {"seconds": 0.1, "max_episode_steps": 3},
        "num_envs": 4, "hidden": [8], "held_out": 2, "held_out_steps": 3,
        "loop": {"steps": 2, "checkpoint_every": 2},
    },
    "estimator": {
        "batch": 4, "durations_s": [0.1], "width": 8, "depth": 1, "flow_width": 8, "flow_depth": 1,
        "checkpoint_every": 2,
    },
}  # fmt: skip
EXPORTS = {"match": "agent", "estimator": "estimator"}


@pytest.fixture
def config(tmp_path):
    """Write the small configuration of a network, changed or not."""

    def write(network, **changes):
        path = tmp_path / "config.json"
        path.write_text(json.dumps({**SMALL[network], **changes}))
        return path

    return write


@pytest.mark.parametrize("network", ["match", "estimator"])
def test_a_run_is_trained_exported_and_resumed(run, config, tmp_path, network):
    folder = tmp_path / "run"
    words = ["train", network, "-o", folder, "--config", config(network), "--sinks", "tensorboard"]
    outcome = run(*words, "--updates", 2, "--seed", 3)
    assert (outcome.code, outcome.err) == (0, "")
    assert "onnx" in outcome.out
    kept = json.loads((folder / "config.json").read_text())
    assert kept["seed"] == 3
    assert kept["config"]["updates"] == 2
    exported = load_network(
        folder / f"{EXPORTS[network]}.onnx", kind=f"match-{EXPORTS[network]}", controls=CONTROLS
    )
    assert exported.configuration["recipe"] == network
    before = read_metrics(folder)
    again = run("train", network, "-o", folder, "--resume")
    assert again.code == 0
    assert "had ended already" in again.out
    assert read_metrics(folder) == before


def test_options_go_before_the_file(run, config, tmp_path):
    path = config("match", episodes={"seconds": 0.1, "stage": "lfo", "targets": "random"})
    words = ["train", "match", "-o", tmp_path / "run", "--config", path, "--updates", 1, "--stage", "filter"]
    assert run(*words).code == 0
    kept = json.loads((tmp_path / "run" / "config.json").read_text())["config"]
    assert (kept["updates"], kept["episodes"]["stage"], kept["episodes"]["seconds"]) == (1, "filter", 0.1)


def test_help_names_both_networks(run):
    assert "match" in run("train", "--help").out
    assert "hears a sound" in run("train", "estimator", "--help").out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["train"], "after train comes one of: estimator, match; got nothing"),
        (["train", "matches"], "after train comes one of: estimator, match; got matches"),
        (["train", "match"], "train match needs -o DIR"),
        (["train", "match", "--updates", "0"], "see tonewright train match --help"),
        (["train", "match", "--stage", "nothing"], "no stage is called 'nothing'"),
        (["train", "match", "--workers", "3"], "workers are 'local', 'local:N' or 'ray:N'"),
        (["train", "match", "--targets", "nowhere"], "targets are random, factory or a folder of sounds"),
        (["train", "match", "--sinks", "paper"], "no sink is called 'paper'"),
        (["train", "estimator", "--synth", "moog"], "no synth is called 'moog'"),
        (["train", "estimator", "--config", "nothing.json"], "no such file"),
        (["train", "estimator", "--resume"], "holds no run"),
        (["train", "estimator", "--resume", "--updates", "3"], "give --resume no other option than -o"),
    ],
)
def test_what_makes_no_sense_leaves_nothing_behind(run, tmp_path, words, told):
    folder = tmp_path / "run"
    if len(words) > 2:
        words = [*words, "-o", folder]
    outcome = run(*words)
    assert outcome.code in (1, 2)
    assert told in outcome.err
    assert outcome.err.count("\n") == 1
    assert not folder.exists()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"cloning": -1.0}, "the weight of cloning is a number from 0; got -1.0"),
        ({"episodes": {"notes": [60, 200]}}, "notes are two numbers from 0 to 127, the smaller one first"),
        ({"episodes": {"gates_seconds": [0, 1]}}, "gates_seconds are two numbers above 0"),
        ({"num_env": 4}, "no field is called 'num_env'; did you mean 'num_envs'?"),
        ({"seconds": 0.5}, "no field is called 'seconds'"),
        ({"num_envs": "four"}, "num_envs is a whole number; got 'four'"),
        ({"episodes": {"seconds": 9}}, "seconds is a number from 0.05 to 4; got 9.0"),
        ({"ppo": {"clip": -1}}, "clip is a number above 0; got -1"),
    ],
)
def test_impossible_configurations_are_refused(run, config, tmp_path, changes, told):
    outcome = run("train", "match", "-o", tmp_path / "run", "--config", config("match", **changes))
    assert outcome.code == 2
    assert told in outcome.err
    assert not (tmp_path / "run").exists()


def test_the_folder_of_runs_is_made(run, config, tmp_path):
    words = ["--config", config("match"), "--updates", 1]
    assert run("train", "match", "-o", tmp_path / "runs" / "agent", *words).code == 0
    assert (tmp_path / "runs" / "agent" / "agent.onnx").exists()
    assert (
        "does not exist; make it first" in run("train", "match", "-o", tmp_path / "a" / "b" / "c", *words).err
    )


def test_a_folder_without_a_run_is_not_resumed(run, tmp_path):
    assert "holds no run; name the folder of one" in run("train", "match", "-o", tmp_path, "--resume").err


def test_a_run_is_not_replaced_nor_resumed_as_another(run, config, tmp_path):
    words = ["train", "match", "-o", tmp_path / "run"]
    assert run(*words, "--config", config("match"), "--updates", 1).code == 0
    assert "holds a run; choose another folder, or go on with --resume" in run(*words).err
    before = sorted(path.stat().st_mtime_ns for path in (tmp_path / "run").rglob("*"))
    assert "is a run of recipe 'match'" in run("train", "estimator", "-o", tmp_path / "run", "--resume").err
    assert "no other option than -o" in run(*words, "--resume", "--seed", 3).err
    assert sorted(path.stat().st_mtime_ns for path in (tmp_path / "run").rglob("*")) == before


def test_without_ray_nothing_is_left_behind(run, config, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    words = ["train", "match", "-o", tmp_path / "run", "--config", config("match")]
    assert "needs ray" in run(*words, "--workers", "ray:2").err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("network", "last", "kept"),
    [
        ("match", 0, "nothing is kept yet; --resume begins it again"),
        ("match", 2, "what was learned in 2 updates is kept; go on with --resume"),
        ("estimator", 2, "what was learned in 2 updates is kept; go on with --resume"),
    ],
)
def test_who_interrupts_is_told_what_is_kept(run, config, tmp_path, monkeypatch, network, last, kept):
    @contextmanager
    def impatient(updates, first):
        def progress(update, scores):
            if update == last:
                raise KeyboardInterrupt

        yield progress

    words = ["train", network, "-o", tmp_path / "run"]
    with monkeypatch.context() as patch:
        patch.setattr(cli_progress, "training_progress", impatient)
        outcome = run(*words, "--config", config(network, updates=4))
    assert (outcome.code, outcome.err) == (130, f"tonewright: interrupted: {kept}\n")
    assert run(*words, "--resume").code == 0
    assert [line["step"] for line in read_metrics(tmp_path / "run")][-1] == 3
