"""`tonewright train improvise` and `tonewright evaluate improvise`."""

import json
import math
import os
import signal
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest

from tonewright.audio import Clip, write
from tonewright.cli import progress as cli_progress
from tonewright.cli.main import main
from tonewright.improvising.corpus.files import read_corpus
from tonewright.improvising.lookup.files import read_table, write_table
from tonewright.improvising.own_sound.small_table import measure_table
from tonewright.learning.runs import read_metrics
from tonewright.synths import synth

from ..synths.pd.patches import processes, with_pd, write_tone

KEPT = ("loudness_rms", "pitch_f0", "spectral_centroid")
SMALL = {
    "episodes": {"max_episode_steps": 40, "history": 1},
    "num_envs": 16, "hidden": [8], "loop": {"steps": 4, "checkpoint_every": 2},
}  # fmt: skip
METHODS = ["random", "hold", "nearest", "limited", "proportional"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A table of a sine, and a corpus of seven takes."""
    path = tmp_path_factory.mktemp("improvise")
    write_table(
        path / "sine.parquet", measure_table(synth("sine", 44_100), (*KEPT, "pitch_confidence"), grid=9)
    )
    time_s = np.arange(22_050) / 44_100
    for number in range(7):
        tone = 0.3 * np.sin(2 * np.pi * 110 * (number + 1) * time_s) * np.exp(-4 * time_s)
        write(path / "takes" / f"take {number}.wav", Clip(tone.astype(np.float32), 44_100))
    words = ["-d", "loudness_rms,pitch_f0,pitch_confidence,spectral_centroid"]
    main(["corpus", "analyse", str(path / "takes"), "-o", str(path / "corpus.parquet"), *words])
    (path / "small.json").write_text(json.dumps(SMALL))
    return path


@pytest.fixture(scope="module")
def words(folder):
    """What every training here is given, its folder aside."""
    return [
        "train", "improvise", "--table", folder / "sine.parquet", "--corpus", folder / "corpus.parquet",
        "--features-keep", *KEPT, "--config", folder / "small.json", "--updates", 3,
    ]  # fmt: skip


@pytest.fixture(scope="module")
def trained(folder, words):
    """Folder of a training of a few seconds."""
    main([str(word) for word in [*words, "-o", folder / "run", "--seed", 3]])
    return folder / "run"


class TestTrain:
    def test_a_run_is_kept_and_goes_on(self, run, words, tmp_path):
        outcome = run(*words, "-o", tmp_path / "run", "--seed", 3)
        assert (outcome.code, outcome.err) == (0, "")
        assert outcome.out == f"wrote agent.onnx and agent.json to {tmp_path / 'run'}\n"
        first = read_metrics(tmp_path / "run")
        assert {"evaluation/gap_closed", "learn/policy_loss"} <= set(first[-1])
        again = run("train", "improvise", "-o", tmp_path / "run", "--resume", "--updates", 5, "--json")
        assert again.code == 0
        assert "goes on after 3 of 5 updates" in again.err
        assert "the learning rate and the weight of imitation depend on how many updates" in again.err
        assert json.loads(again.out)["updates"] == 5
        after = read_metrics(tmp_path / "run")
        assert after[: len(first)] == first
        assert [line["step"] for line in after] == sorted({line["step"] for line in after})

    def test_the_synth_is_that_of_the_table(self, trained):
        episodes = json.loads((trained / "config.json").read_text())["config"]["episodes"]
        assert (episodes["synth"], episodes["hearing"]) == ("sine", "both")

    def test_an_algorithm_gets_the_view_it_needs(self, run, words, tmp_path):
        outcome = run(*words, "-o", tmp_path / "run", "--algorithm", "dqn")
        assert outcome.code == 0
        assert json.loads((tmp_path / "run" / "config.json").read_text())["config"]["episodes"][
            "action_view"
        ] == ("joint")

    def test_who_interrupts_is_told_what_is_kept(self, run, words, tmp_path, monkeypatch):
        @contextmanager
        def impatient(updates, first):
            def progress(update, scores):
                if update == 2:
                    raise KeyboardInterrupt

            yield progress

        monkeypatch.setattr(cli_progress, "training_progress", impatient)
        outcome = run(*words, "-o", tmp_path / "run")
        assert outcome.code == 130
        again = f"go on with: tonewright train improvise -o {tmp_path / 'run'} --resume"
        assert f"what was learned in 2 updates is kept; {again}" in outcome.err

    @pytest.mark.parametrize(
        ("changes", "told"),
        [
            (["--algorithm", "pppo"], "no algorithm is called 'pppo'; did you mean 'ppo'?"),
            (
                ["--algorithm", "sac", "--action-view", "each"],
                "sac acts in action_view 'continuous'; got 'each'",
            ),
            (["--features-keep", "loudnes"], "'loudnes'; did you mean 'loudness'?"),
            (["--features-reward", "pich"], "'pich'; did you mean 'pitch'?"),
            (["--reward-type", "quadratic"], "no reward_type is called 'quadratic'"),
            (["--training-mode", "corpse"], "no training_mode is called 'corpse'; did you mean 'corpus'?"),
            (["--action-view", "all"], "no action_view is called 'all'"),
            (["--hearing", "rendered"], "no hearing is called 'rendered'; did you mean 'render'?"),
            (["--synth", "moog"], "no synth is called 'moog'"),
            (["--workers", "3"], "workers are 'local', 'local:N' or 'ray:N'"),
            (
                ["--features-reward", "mfcc"],
                "features_reward names what the table and the corpus hold; got 'mfcc'",
            ),
        ],
    )
    def test_mistakes_leave_nothing_behind(self, refuse, words, tmp_path, changes, told):
        assert told in refuse(*words, "-o", tmp_path / "run", *changes, code=2)

    def test_a_table_of_another_synth_or_version_is_refused(self, refuse, folder, words, tmp_path):
        output = ["-o", tmp_path / "run"]
        assert "tonewright lookup build --synth fm" in refuse(*words, *output, "--synth", "fm", code=1)
        table = read_table(folder / "sine.parquet")
        old = tmp_path / "old.parquet"
        write_table(old, replace(table, synth=replace(table.synth, version=table.synth.version + 1)))
        told = refuse("train", "improvise", "--table", old, *output, code=1)
        assert "version" in told
        assert "tonewright lookup build --synth sine" in told

    def test_files_that_are_something_else_are_refused(self, refuse, folder, words, tmp_path):
        output = ["-o", tmp_path / "run"]
        corpus = ["--table", folder / "corpus.parquet"]
        assert "corpus.parquet" in refuse("train", "improvise", *corpus, *output, code=1)
        for corpus, told in (
            (folder / "sine.parquet", "sine.parquet"),
            (tmp_path / "none.parquet", "no such file"),
        ):
            assert told in refuse(*words, *output, "--corpus", corpus, code=1)

    def test_a_corpus_without_a_validation_part_is_refused(self, refuse, run, folder, words, tmp_path):
        """Of one recording, all of it is trained on, and nothing is left to watch the training by."""
        (tmp_path / "one").mkdir()
        (tmp_path / "one" / "take.wav").write_bytes((folder / "takes" / "take 0.wav").read_bytes())
        alone = tmp_path / "alone.parquet"
        listed = ["-d", "loudness_rms,pitch_f0,pitch_confidence,spectral_centroid"]
        assert run("corpus", "analyse", tmp_path / "one", "-o", alone, *listed).code == 0
        told = refuse(*words, "--corpus", alone, "-o", tmp_path / "run", code=2)
        assert "validation" in told
        assert "three" in told

    @with_pd
    def test_pd_dies_in_the_middle_and_the_run_goes_on(self, run, folder, tmp_path, monkeypatch):
        patch = write_tone(tmp_path / "tone")
        heard = (*KEPT, "pitch_confidence")
        write_table(tmp_path / "tone.parquet", measure_table(synth(f"pd:{patch}", 44_100), heard, grid=5))
        usual = cli_progress.training_progress

        @contextmanager
        def murderous(updates, first):
            def progress(update, scores):
                if update == 2:
                    for pid in processes():
                        os.kill(pid, signal.SIGKILL)

            yield progress

        monkeypatch.setattr(cli_progress, "training_progress", murderous)
        outcome = run(
            "train", "improvise", "--table", tmp_path / "tone.parquet", "--features-keep", *KEPT,
            "--config", folder / "small.json", "--updates", 4, "-o", tmp_path / "run",
        )  # fmt: skip
        assert outcome.code == 1
        assert "SIGKILL" in outcome.err
        assert outcome.err.count("\n") == 1
        monkeypatch.setattr(cli_progress, "training_progress", usual)
        again = run("train", "improvise", "-o", tmp_path / "run", "--resume")
        assert again.code == 0
        assert "goes on after 2 of 4 updates" in again.err
        assert not processes()


class TestEvaluate:
    @pytest.fixture
    def evaluate(self, folder, trained):
        return [
            "evaluate", "improvise", "--table", folder / "sine.parquet",
            "--corpus", folder / "corpus.parquet", "--agents", trained, "--workers", 1,
        ]  # fmt: skip

    def test_everybody_is_measured(self, run, evaluate, trained, tmp_path):
        short = ["--suites", "corpus", "--hearings", "render", "-o", tmp_path / "result.json", "--json"]
        outcome = run(*evaluate, *short)
        assert outcome.code == 0
        result = json.loads(outcome.out)
        assert json.loads((tmp_path / "result.json").read_text()) == result
        rows = {row["method"]: row for row in result["summary"]}
        assert list(rows) == [str(trained), *METHODS]
        assert rows["hold"]["gap_closed"] == 0
        assert rows["limited"]["gap_closed"] == 1
        assert rows["hold"]["reward"] < rows["limited"]["reward"]
        assert rows["hold"]["travel_per_s"] == 0 < rows["random"]["travel_per_s"]
        assert all(math.isfinite(record["error_loudness_rms"]) for record in result["records"])
        held_out = read_corpus(evaluate[evaluate.index("--corpus") + 1]).part("test")
        assert [record["seconds"] for record in result["records"]] == pytest.approx(
            [sum(file.seconds for file in held_out)] * 6, abs=0.05
        )

    def test_as_tables(self, run, evaluate):
        out = run(*evaluate, "--methods", "hold", "limited", "--suites", "corpus").out
        assert "the agent's own sound: table" in out
        assert "the agent's own sound: render" in out
        assert "gap_closed" in out

    def test_a_second_run_goes_on_from_the_log(self, run, evaluate, tmp_path, monkeypatch):
        log = ["--log", tmp_path / "log.jsonl", "--suites", "corpus", "--hearings", "table", "--json"]
        first = json.loads(run(*evaluate, *log, "--methods", "hold", "limited").out)
        kept = (tmp_path / "log.jsonl").read_text()
        monkeypatch.setattr("tonewright.improvising.evaluation.perform", None)  # nothing may be played again
        again = json.loads(run(*evaluate, *log, "--methods", "hold", "limited").out)
        assert again == first
        assert (tmp_path / "log.jsonl").read_text() == kept

    def test_a_log_of_another_table_or_agent_is_refused(self, run, refuse, evaluate, folder, words, tmp_path):
        log = ["--log", tmp_path / "log.jsonl", "--suites", "corpus", "--hearings", "table"]
        assert run(*evaluate, *log, "--methods", "hold").code == 0
        assert run(*words, "-o", tmp_path / "other", "--seed", 4).code == 0
        told = refuse(*evaluate, "--agents", tmp_path / "other", *log, code=2)
        assert "agents" in told

    @pytest.mark.parametrize(
        ("changes", "code", "told"),
        [
            (["--methods", "nearst"], 2, "no method is called 'nearst'; did you mean 'nearest'?"),
            (["--suites", "corpses"], 2, "no suite is called 'corpses'; did you mean 'corpus'?"),
            (["--hearings", "both"], 2, "no hearing is called 'both'"),
            (["--split", "tset"], 2, "no part of a corpus is called 'tset'; did you mean 'test'?"),
            (["--seeds", "-1"], 2, "--seeds takes a whole number from 0; got '-1'"),
            (["--synth", "fm"], 1, "got one of 'sine' for 'fm'; choose a table of 'fm', or build one: "),
            (["--agents", "nowhere"], 1, "nowhere"),
        ],
    )
    def test_mistakes_are_told(self, refuse, evaluate, changes, code, told):
        assert told in refuse(*evaluate, *changes, code=code)

    def test_a_synth_for_which_no_agent_ships_tells_the_command(self, refuse, folder, tmp_path):
        table = tmp_path / "drone.parquet"
        write_table(table, measure_table(synth("serum-lite", 44_100), (*KEPT, "pitch_confidence"), sobol=8))
        told = refuse("evaluate", "improvise", "--table", table, code=1)
        assert "train one with `tonewright train improvise --synth serum-lite" in told

    def test_agents_of_other_rewards_are_not_compared(self, run, refuse, words, evaluate, trained, tmp_path):
        assert run(*words, "-o", tmp_path / "run", "--reward-type", "cubic").code == 0
        told = refuse(*evaluate, "--agents", trained, tmp_path / "run", code=2)
        assert "agents side by side were trained with the same reward_type" in told
