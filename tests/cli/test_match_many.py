import json

import pytest

from tonewright.matching import match_many

BUDGET = ["--renders", 24, "--method", "random"]


@pytest.fixture
def several(wav, tmp_path):
    """Two sounds and a file that is none."""
    (tmp_path / "b.wav").write_bytes(wav.read_bytes())
    (tmp_path / "bad.wav").write_text("no sound")
    return [tmp_path / "b.wav", tmp_path / "bad.wav", wav]


def listing(folder):
    return sorted(path.name for path in folder.iterdir())


def test_each_is_told_as_it_ends_and_one_bad_file_makes_the_exit_code_1(run, several, tmp_path):
    out = tmp_path / "out"
    outcome = run("match", *several, "-o", out, *BUDGET)
    assert outcome.code == 1
    *lines, last = outcome.out.splitlines()
    assert [line.partition(" of 100")[2] for line in lines] == [", 24 renders"] * 2
    assert [line.partition(": similarity ")[0] for line in lines] == ["b", "sound"]
    assert last == f"matched 2 of 3 sounds; open {out / 'index.html'}"
    first, second = outcome.err.splitlines()
    assert first == f"tonewright: '{several[1]}' is text; give a WAV, AIFF, FLAC, OGG or MP3 file"
    assert second == "tonewright: 1 of 3 sounds were not matched; mend them and run this again"
    assert listing(out) == ["b", "index.html", "matches.jsonl", "sound"]


def test_json_is_a_line_for_each(run, several, tmp_path):
    out = tmp_path / "out"
    for states in (["matched", "failed", "matched"], ["kept", "kept", "failed"]):
        outcome = run("match", *several, "-o", out, "--json", *BUDGET)
        lines = [json.loads(line) for line in outcome.out.splitlines()]
        assert sorted(line["state"] for line in lines) == sorted(states)
        for line in lines:
            if line["state"] == "failed":
                assert line.keys() == {"folder", "source", "state", "error"}
                continue
            told = {key: line[key] for key in line.keys() - {"folder", "source", "state"}}
            assert told == json.loads((out / line["folder"] / "result.json").read_text())


def test_a_folder_and_options_reach_the_search(run, several, tmp_path):
    place = tmp_path / "in"
    place.mkdir()
    several[0].rename(place / "b.wav")
    words = ["--note", 50, "--gate", 0.1, "--seed", 4, "--workers", 1]
    assert run("match", place, "-o", tmp_path / "one", *BUDGET, *words).code == 0
    settings = {"renders": 24, "method": "random", "note": 50.0, "gate_seconds": 0.1, "seed": 4}
    match_many(place, tmp_path / "two", **settings)
    one, two = (json.loads((tmp_path / name / "b" / "result.json").read_text()) for name in ("one", "two"))
    assert one | {"seconds": 0} == two | {"seconds": 0}
    assert (one["midi_note"], one["gate_seconds"], one["seed"]) == (50, 0.1, 4)


def test_overwrite_matches_anew(run, wav, tmp_path):
    place = tmp_path / "in"
    place.mkdir()
    wav.rename(place / "a.wav")
    ends = [
        run("match", place, "-o", tmp_path / "out", *BUDGET, *words).out.splitlines()[0].split(", ")[1]
        for words in ([], [], ["--overwrite"])
    ]
    assert ends == ["24 renders", "kept", "24 renders"]


def test_a_name_that_is_not_there_is_told_before_the_work(refuse, wav, tmp_path):
    complaint = refuse("match", wav, tmp_path / "none.wav", "-o", tmp_path / "out", *BUDGET, code=1)
    assert complaint == f"cannot read '{tmp_path / 'none.wav'}': no such file or directory; check the path"


def test_a_folder_that_holds_other_things_is_refused(refuse, wav, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    assert "not empty" in refuse("match", wav, wav, "-o", out, *BUDGET, code=1)
