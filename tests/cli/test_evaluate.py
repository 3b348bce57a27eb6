import json

import pytest

from tonewright.audio import Clip, write
from tonewright.distances import names
from tonewright.measuring.records import read_records


@pytest.fixture
def folder(tmp_path, sound):
    folder = tmp_path / "sounds"
    folder.mkdir()
    for name, gain in (("a", 1.0), ("b", 0.5)):
        write(folder / f"{name}.wav", Clip(gain * sound, 16_000))
    return folder


def test_records_and_summary(run, folder, tmp_path):
    words = ["evaluate", "match", "--suite", folder, "--renders", 5, 10, "--targets", 1]
    words += ["--methods", "random,cma", "--log", tmp_path / "log.jsonl", "-o", tmp_path / "result.json"]
    outcome = run(*words, "--json")
    result = json.loads(outcome.out)
    assert outcome.err == ""
    assert result == json.loads((tmp_path / "result.json").read_text())
    rows = [(row["method"], row["renders"], row["targets"]) for row in result["summary"]]
    assert rows == [("random", 5, 1), ("random", 10, 1), ("cma", 5, 1), ("cma", 10, 1)]
    assert {"loss", *names()} < set(result["summary"][0])
    logged = read_records(tmp_path / "log.jsonl")  # in the order in which several processes were done
    assert sorted(map(json.dumps, logged)) == sorted(map(json.dumps, result["records"]))


def test_as_a_table(run, folder):
    words = ["--suite", folder, "--renders", 5, "--methods", "random", "estimator-agent"]
    out = run("evaluate", "match", *words).out
    assert "2 targets, seeds: 1. Medians; in brackets the 90th percentile" in out
    assert max(len(line.rstrip()) for line in out.splitlines()) <= 110
    assert "…" not in out
    assert [line.split()[0] for line in out.splitlines() if " (" in line][:2] == ["random", "estimator-agent"]


def test_recordings_of_the_suite_real_are_looked_for_where_told(run, folder):
    words = ["--suite", "real", "--sounds", folder, "--renders", 3, "--methods", "random", "--json"]
    records = json.loads(run("evaluate", "match", *words).out)["records"]
    assert [record["target"] for record in records] == ["a", "b"]


def test_bad_sounds_are_skipped_and_listed(run, folder, tmp_path):
    (folder / "0.wav").write_text("no sound")
    (folder / "c.wav").touch()
    words = [
        "--suite",
        folder,
        "--renders",
        3,
        "--methods",
        "random",
        "--json",
        "-o",
        tmp_path / "new" / "a.json",
    ]
    outcome = run("evaluate", "match", *words)
    assert [record["target"] for record in json.loads(outcome.out)["records"]] == ["a", "b"]
    heading, *listed = outcome.err.splitlines()
    assert heading == f"tonewright: skipped 2 of 4 sounds in {str(folder)!r}:"
    assert [line[:2] for line in listed] == ["  ", "  "]
    assert "0.wav" in listed[0]
    assert "is empty" in listed[1]
    assert (tmp_path / "new" / "a.json").exists()


class TestRefused:
    def test_without_a_suite(self, refuse):
        complaint = refuse("evaluate", "match", code=2)
        assert complaint == "evaluate match needs --suite SUITE; see tonewright evaluate match --help"

    def test_an_unknown_suite(self, refuse):
        complaint = refuse("evaluate", "match", "--suite", "fabric", code=2)
        assert complaint == "no suite or folder is called 'fabric'; choose from: factory, random, real"

    def test_an_unknown_method(self, refuse, folder):
        complaint = refuse("evaluate", "match", "--suite", folder, "--methods", "guess", code=2)
        assert "no search method is called 'guess'" in complaint

    def test_self_without_a_true_preset(self, refuse, folder):
        words = ["--suite", folder, "--methods", "self"]
        assert refuse("evaluate", "match", *words, code=2) == (
            "the method 'self' needs targets whose true presets are known; got 'a', a recording;"
            " name the suite 'random' or 'factory', or other methods"
        )

    def test_an_output_that_exists(self, refuse, folder, tmp_path):
        (tmp_path / "result.json").write_text("mine")
        words = ["--suite", folder, "-o", tmp_path / "result.json"]
        assert "it exists" in refuse("evaluate", "match", *words, code=1)

    def test_a_log_that_is_something_else(self, refuse, folder, tmp_path):
        (tmp_path / "diary.txt").write_text("Dear diary\n")
        words = ["--suite", folder, "--renders", 3, "--log", tmp_path / "diary.txt"]
        assert "is no log of finished work" in refuse("evaluate", "match", *words, code=2)

    def test_a_folder_of_bad_sounds_alone(self, refuse, tmp_path):
        (tmp_path / "a.wav").touch()
        complaint = refuse("evaluate", "match", "--suite", tmp_path, code=1)
        assert complaint.startswith(
            f"none of the 1 sounds in {str(tmp_path)!r} can be used; name another folder"
        )

    def test_no_suite_at_all(self, refuse):
        complaint = refuse("evaluate", "match", "--suite", "", code=2)
        assert complaint == "no suite or folder is called ''; choose from: factory, random, real"

    def test_a_folder_without_sounds(self, refuse, tmp_path):
        assert "holds no sound" in refuse("evaluate", "match", "--suite", tmp_path, code=2)
