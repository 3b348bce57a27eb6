import json
import math
import sys
from contextlib import contextmanager

import pytest

from tonewright.cli import progress as cli_progress
from tonewright.learning import runs
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
    assert again.err == (
        f"tonewright: the run in {str(folder)!r} had ended already; to train on, give --updates with more"
        " than its 2\n"
    )
    assert read_metrics(folder) == before


@pytest.mark.parametrize(
    ("network", "following"),
    [
        ("match", "the learning rate and the weight of imitation depend"),
        ("estimator", "the learning rate depends"),
    ],
)
def test_a_run_that_has_ended_is_extended(run, config, tmp_path, network, following):
    folder = tmp_path / "run"
    words = ["train", network, "-o", folder]
    assert run(*words, "--config", config(network), "--updates", 2, "--json").err == ""
    outcome = run(*words, "--resume", "--updates", 5, "--json")
    assert outcome.err.splitlines() == [
        f"tonewright: the run in {str(folder)!r} goes on after 2 of 5 updates",
        f"tonewright: {following} on how many updates come in all, 2 up to now; 5 from the beginning would"
        " give another result",
    ]
    told = json.loads(outcome.out)
    lines = read_metrics(folder)
    assert told == {
        "files": [str(folder / f"{EXPORTS[network]}.{ending}") for ending in ("onnx", "json")],
        "run": str(folder),
        "recipe": network,
        "seed": 0,
        "updates": 5,
        "metrics": lines[-1],
    }
    assert lines[-1]["step"] == 4
    assert json.loads((folder / "config.json").read_text())["config"]["updates"] == 5
    refused = run(*words, "--resume", "--updates", 4)
    assert refused == (
        2,
        "",
        f"tonewright: the updates of a run are counted from its beginning: {str(folder)!r} has done 5; got 4"
        " in all; ask for more than 5 to train on\n",
    )
    assert "had ended already; to train on, give" in run(*words, "--resume", "--updates", 5).err
    assert run(*words, "--resume", "--updates", 6).code == 0
    assert read_metrics(folder)[-1]["step"] == 5


def test_episodes_that_begin_anew_are_told(run, config, tmp_path):
    words = ["train", "match", "-o", tmp_path / "run"]
    settings = config("match", cloning=0.0, ppo={"anneal": False})
    assert run(*words, "--config", settings, "--updates", 3).code == 0
    (_, told) = run(*words, "--resume", "--updates", 4).err.splitlines()
    assert told.endswith("its episodes begin anew here, as they would not in a run that was never stopped")


@pytest.mark.parametrize("network", ["match", "estimator"])
def test_the_configuration_of_a_run_begins_another(run, config, tmp_path, network):
    first, second = tmp_path / "first", tmp_path / "second"
    assert run("train", network, "-o", first, "--config", config(network), "--updates", 1).code == 0
    assert run("train", network, "-o", second, "--config", first / "config.json").code == 0
    kept = [json.loads((folder / "config.json").read_text())["config"] for folder in (first, second)]
    assert kept[0] == kept[1]
    other = {"match": "estimator", "estimator": "match"}[network]
    refused = run("train", other, "-o", tmp_path / "third", "--config", first / "config.json")
    assert f"configures a '{network}', and this is '{other}'; choose another file" in refused.err


def test_a_configuration_with_a_key_twice_is_refused(run, tmp_path):
    (tmp_path / "config.json").write_text('{"updates": 3,\n "num_envs": 2,\n "updates": 4}')
    outcome = run("train", "match", "-o", tmp_path / "run", "--config", tmp_path / "config.json")
    assert outcome.code == 2
    assert 'the key "updates" is given twice (line 3, column 2); mend it there' in outcome.err
    assert not (tmp_path / "run").exists()


def test_bad_sounds_to_train_on_are_skipped_and_listed_once(run, config, wav, tmp_path):
    (tmp_path / "sounds").mkdir()
    wav.rename(tmp_path / "sounds" / "a.wav")
    (tmp_path / "sounds" / "b.wav").write_text("no sound")
    words = ["--config", config("match"), "--updates", 1, "--targets", tmp_path / "sounds"]
    outcome = run("train", "match", "-o", tmp_path / "run", *words)
    assert outcome.code == 0
    heading, listed = outcome.err.splitlines()
    assert heading == f"tonewright: skipped 1 of 2 sounds in {str(tmp_path / 'sounds')!r}:"
    assert "b.wav" in listed
    (tmp_path / "sounds" / "a.wav").unlink()
    outcome = run("train", "match", "-o", tmp_path / "none", *words)
    assert (outcome.code, outcome.out) == (1, "")
    assert "none of the 1 sounds in" in outcome.err
    assert not (tmp_path / "none").exists()


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
        (["train"], "after train comes one of: estimator, sketch, prompt, match, improvise; got nothing"),
        (
            ["train", "matches"],
            "after train comes one of: estimator, sketch, prompt, match, improvise; got matches",
        ),
        (["train", "match"], "train match needs -o DIR"),
        (["train", "match", "--updates", "0"], "see tonewright train match --help"),
        (["train", "match", "--stage", "nothing"], "no stage is called 'nothing'"),
        (["train", "match", "--workers", "3"], "workers are 'local', 'local:N' or 'ray:N'"),
        (["train", "match", "--targets", "nowhere"], "targets are random, factory or a folder of sounds"),
        (["train", "match", "--sinks", "paper"], "no sink is called 'paper'"),
        (["train", "estimator", "--synth", "moog"], "no synth is called 'moog'"),
        (["train", "estimator", "--config", "nothing.json"], "no such file"),
        (["train", "estimator", "--resume"], "holds no run"),
        (["train", "estimator", "--resume", "--updates", "3"], "holds no run"),
        (
            ["train", "estimator", "--resume", "--synth", "x"],
            "--resume takes only -o, --updates and --json; to change",
        ),
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


def test_a_folder_without_a_run_is_not_resumed(run, tmp_path):
    assert "holds no run; name the folder of one" in run("train", "match", "-o", tmp_path, "--resume").err


def test_a_run_is_not_replaced_nor_resumed_as_another(run, config, tmp_path):
    words = ["train", "match", "-o", tmp_path / "run"]
    assert run(*words, "--config", config("match"), "--updates", 1).code == 0
    assert "holds a run; choose another folder, or go on with --resume" in run(*words).err
    before = sorted(path.stat().st_mtime_ns for path in (tmp_path / "run").rglob("*"))
    assert "is a run of recipe 'match'" in run("train", "estimator", "-o", tmp_path / "run", "--resume").err
    begin_anew = f'begin a new run whose --config says {{"start_from": "{tmp_path / "run"}"}}'
    told = run(*words, "--resume", "--seed", 3).err
    assert f"--resume takes only -o, --updates and --json; to change others, {begin_anew}" in told
    assert sorted(path.stat().st_mtime_ns for path in (tmp_path / "run").rglob("*")) == before


def test_without_ray_nothing_is_left_behind(run, config, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    words = ["train", "match", "-o", tmp_path / "run", "--config", config("match")]
    assert "needs ray" in run(*words, "--workers", "ray:2").err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("network", "last", "first_checkpoint_s", "kept"),
    [
        ("match", 0, math.inf, "nothing is kept yet; begin again with"),
        ("match", 2, math.inf, "what was learned in 2 updates is kept; go on with"),
        ("estimator", 2, math.inf, "what was learned in 2 updates is kept; go on with"),
        ("match", 1, 0.0, "what was learned in 1 update is kept; go on with"),
        ("estimator", 1, 0.0, "what was learned in 1 update is kept; go on with"),
    ],
)
def test_who_interrupts_is_told_what_is_kept(
    run, config, tmp_path, monkeypatch, network, last, first_checkpoint_s, kept
):
    monkeypatch.setattr(runs, "FIRST_CHECKPOINT_S", first_checkpoint_s)

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
    again = f"tonewright train {network} -o {tmp_path / 'run'} --resume"
    assert (outcome.code, outcome.err) == (130, f"tonewright: interrupted: {kept}: {again}\n")
    assert run(*words, "--resume").code == 0
    assert [line["step"] for line in read_metrics(tmp_path / "run")][-1] == 3
