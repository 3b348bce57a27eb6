import json

import pytest

from tonewright.audio import Clip, write
from tonewright.distances import names
from tonewright.matching import speed


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    monkeypatch.setattr(speed, "_BATCH", 4)
    monkeypatch.setattr(speed, "_RUNS", 1)
    monkeypatch.setattr(speed, "match", lambda clip, renders: None)


@pytest.fixture
def folder(tmp_path, sound):
    folder = tmp_path / "sounds"
    folder.mkdir()
    for name, gain in (("a", 1.0), ("b", 0.5)):
        write(folder / f"{name}.wav", Clip(gain * sound, 16_000))
    return folder


@pytest.mark.parametrize(
    ("what", "key"),
    [
        ("render", "presets_per_second_14_voices"),
        ("hear", "render_hear_compare_per_second"),
        ("match", "match_seconds_44100_hz"),
    ],
)
def test_speed(run, what, key):
    measured = json.loads(run("bench", what, "--json").out)
    assert measured[key] > 0
    assert {"threads", "peak_memory_mb"} < set(measured)
    assert key in run("bench", what).out


def test_quality(run, folder, tmp_path):
    words = ["bench", "match", "--suite", folder, "--renders", 5, 10, "--targets", 1]
    words += ["--log", tmp_path / "log.jsonl", "-o", tmp_path / "result.json"]
    outcome = run(*words, "--json")
    result = json.loads(outcome.out)
    assert outcome.err == ""
    assert result == json.loads((tmp_path / "result.json").read_text())
    rows = [(row["method"], row["renders"], row["targets"]) for row in result["summary"]]
    assert rows == [("random", 5, 1), ("random", 10, 1), ("cma", 5, 1), ("cma", 10, 1)]
    assert {"loss", *names()} < set(result["summary"][0])
    assert len((tmp_path / "log.jsonl").read_text().splitlines()) == 4


def test_quality_as_a_table(run, folder):
    out = run("bench", "match", "--suite", folder, "--renders", 5, "--methods", "random").out
    assert "median (90th percentile)" in out
    assert "random" in out


def test_recordings_of_the_suite_real_are_looked_for_where_told(run, folder):
    words = ["--suite", "real", "--sounds", folder, "--renders", 3, "--methods", "random", "--json"]
    records = json.loads(run("bench", "match", *words).out)["records"]
    assert [record["target"] for record in records] == ["a", "b"]


class TestRefused:
    def test_a_suite_of_something_else(self, refuse):
        assert refuse("bench", "hear", "--suite", "random", code=2) == (
            "--suite measures matches: tonewright bench match --suite random"
        )

    @pytest.mark.parametrize("option", ["--targets", "--renders"])
    def test_options_of_a_suite_without_one(self, refuse, option):
        assert refuse("bench", "match", option, 7, code=2) == (
            f"{option} is for suites; name one with --suite: random, factory, real"
        )

    def test_an_unknown_suite(self, refuse):
        complaint = refuse("bench", "match", "--suite", "fabric", code=2)
        assert complaint == "no suite or folder is called 'fabric'; choose from: factory, random, real"

    def test_an_unknown_method(self, refuse, folder):
        complaint = refuse("bench", "match", "--suite", folder, "--methods", "guess", code=2)
        assert "no search method is called 'guess'" in complaint

    def test_self_without_a_true_preset(self, refuse, folder):
        assert "a is a recording" in refuse("bench", "match", "--suite", folder, "--methods", "self", code=2)

    def test_an_output_that_exists(self, refuse, tmp_path):
        (tmp_path / "result.json").write_text("mine")
        assert "it exists" in refuse("bench", "render", "-o", tmp_path / "result.json", code=1)

    def test_a_log_that_is_something_else(self, refuse, folder, tmp_path):
        (tmp_path / "diary.txt").write_text("Dear diary\n")
        words = ["--suite", folder, "--renders", 3, "--log", tmp_path / "diary.txt"]
        assert "is no log of matches" in refuse("bench", "match", *words, code=2)

    def test_a_folder_without_sounds(self, refuse, tmp_path):
        assert "holds no sound" in refuse("bench", "match", "--suite", tmp_path, code=2)
