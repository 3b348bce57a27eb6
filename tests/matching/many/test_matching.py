import hashlib
import json
import shutil

import numpy as np
import pytest

from tonewright.audio import Clip, read, write
from tonewright.errors import OutputError, UnknownNameError, UsageError
from tonewright.matching import Job, match, match_many
from tonewright.matching.many import matching
from tonewright.matching.recording import read_recording
from tonewright.synths import load_preset

RATE_HZ = 16_000
FILES = ["match.wav", "preset.json", "report.html", "result.json", "spectrograms.png", "target.wav"]
SETTINGS = {"renders": 24, "method": "random"}


def tone(midi_note, seconds=0.2):
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    hz = 440 * 2 ** ((midi_note - 69) / 12)
    harmonics = sum(np.sin(2 * np.pi * hz * n * time_s) / n for n in range(1, 6))
    return (0.2 * harmonics * np.exp(-5 * time_s)).astype(np.float32)


@pytest.fixture
def sounds(tmp_path):
    """A folder of three sounds."""
    folder = tmp_path / "in"
    (folder / "low").mkdir(parents=True)
    for name, note in (("a.wav", 57), ("b.wav", 64), ("low/c.wav", 45)):
        write(folder / name, Clip(tone(note), RATE_HZ))
    return folder


def states(outcomes):
    return {outcome.job.folder: outcome.state for outcome in outcomes}


def contents(folder):
    """Digest of every file but those that tell how long the search took."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in ("result.json", "report.html")
    }


def test_each_sound_gets_what_match_gives(sounds, tmp_path):
    outcomes = match_many(sounds, tmp_path / "out", **SETTINGS)
    assert states(outcomes) == {"a": "matched", "b": "matched", "low/c": "matched"}
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "a", "b", "index.html", "low", "matches.jsonl",
    ]  # fmt: skip
    for outcome in outcomes:
        place = tmp_path / "out" / outcome.job.folder
        assert sorted(path.name for path in place.iterdir()) == FILES
        alone = match(read_recording(outcome.job.source).clip, **SETTINGS)
        assert load_preset(place / "preset.json") == alone.preset
        np.testing.assert_array_equal(read(place / "match.wav").samples[0], alone.audio)
        assert outcome.summary == json.loads((place / "result.json").read_text())
        assert outcome.summary["target"]["path"] == str(outcome.job.source)


def test_a_second_run_matches_only_what_is_missing_or_changed(sounds, tmp_path):
    out = tmp_path / "out"
    first = match_many(sounds, out, **SETTINGS)
    shutil.rmtree(out / "a")  # missing
    write(sounds / "b.wav", Clip(tone(66), RATE_HZ), overwrite=True)  # changed
    kept = contents(out / "low")
    again = match_many(sounds, out, **SETTINGS)
    assert states(again) == {"a": "matched", "b": "matched", "low/c": "kept"}
    assert contents(out / "low") == kept
    assert again[2].summary == first[2].summary
    assert again[0].summary["similarity"] == first[0].summary["similarity"]
    assert again[1].summary["midi_note"] == pytest.approx(66, abs=0.3)
    assert set(states(match_many(sounds, out, **SETTINGS)).values()) == {"kept"}


@pytest.mark.parametrize(
    "change",
    [{"renders": 25}, {"seed": 1}, {"note": 50.0}, {"gate_seconds": 0.1}, {"method": "cma"}],
    ids=str,
)
def test_other_settings_are_matched_anew(sounds, tmp_path, change):
    match_many(sounds / "a.wav", tmp_path / "out", **SETTINGS)
    (again,) = match_many(sounds / "a.wav", tmp_path / "out", **SETTINGS | change)
    assert again.state == "matched"
    (kept,) = match_many(sounds / "a.wav", tmp_path / "out", **SETTINGS | change)
    assert kept.state == "kept"


def test_other_networks_are_matched_anew(sounds, tmp_path, monkeypatch):
    digests = {"estimator": "1"}
    monkeypatch.setattr(matching, "networks_used", lambda *args: dict(digests))
    runs = [states(match_many(sounds / "a.wav", tmp_path / "out", **SETTINGS)) for _ in range(2)]
    digests["estimator"] = "2"
    runs.append(states(match_many(sounds / "a.wav", tmp_path / "out", **SETTINGS)))
    assert [run["a"] for run in runs] == ["matched", "kept", "matched"]


def test_another_run_adds_to_the_page(sounds, tmp_path):
    out = tmp_path / "out"
    match_many(sounds / "a.wav", out, **SETTINGS)
    match_many([sounds / "b.wav"], out, **SETTINGS)
    page = (out / "index.html").read_text()
    assert all(f'href="./{name}/report.html"' in page for name in ("a", "b"))
    shutil.rmtree(out / "a")
    match_many([sounds / "b.wav"], out, **SETTINGS)
    assert 'href="./a/report.html"' not in (out / "index.html").read_text()


def test_a_bad_file_is_left_out_told_and_tried_again(sounds, tmp_path):
    (sounds / "b.wav").write_text("no sound")
    write(sounds / "quiet.wav", Clip(np.zeros(8_000, np.float32), RATE_HZ))
    ended = []
    outcomes = match_many(sounds, tmp_path / "out", end=ended.append, **SETTINGS)
    assert states(outcomes) == {"a": "matched", "b": "failed", "low/c": "matched", "quiet": "failed"}
    assert outcomes == sorted(ended, key=lambda outcome: outcome.job.folder)
    assert "is text; give a WAV" in outcomes[1].error
    assert "the target is silent" in outcomes[3].error
    assert not (tmp_path / "out" / "b").exists()
    page = (tmp_path / "out" / "index.html").read_text()
    assert "Not matched" in page
    assert "the target is silent" in page
    write(sounds / "b.wav", Clip(tone(64), RATE_HZ), overwrite=True)
    again = match_many(sounds, tmp_path / "out", **SETTINGS)
    assert states(again) == {"a": "kept", "b": "matched", "low/c": "kept", "quiet": "failed"}


def test_where_nothing_can_be_matched_nothing_is_left(tmp_path):
    (tmp_path / "a.wav").write_text("no sound")
    outcomes = match_many(tmp_path / "a.wav", tmp_path / "out", **SETTINGS)
    assert states(outcomes) == {"a": "failed"}
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]


def test_windows_of_one_recording(sounds, tmp_path):
    whole = np.concatenate([tone(57), np.zeros(1_600, np.float32), tone(64)])
    write(tmp_path / "melody.wav", Clip(whole, RATE_HZ))
    jobs = [
        Job(tmp_path / "melody.wav", "01", start_s=0.0, length_s=0.2),
        Job(tmp_path / "melody.wav", "02", start_s=0.3, length_s=0.2, settings={"note": 64.25}),
        Job(tmp_path / "melody.wav", "03", start_s=9.0),
    ]
    outcomes = match_many(jobs, tmp_path / "out", **SETTINGS)
    assert states(outcomes) == {"01": "matched", "02": "matched", "03": "failed"}
    first, second, third = outcomes
    assert first.summary["midi_note"] == pytest.approx(57, abs=0.3)
    assert second.summary["midi_note"] == 64.25
    assert second.summary["target"]["start_s"] == pytest.approx(0.3, abs=0.01)
    assert second.summary["target"]["seconds"] == pytest.approx(0.5)
    assert "ends at 0.500 s" in third.error
    target = read(tmp_path / "out" / "02" / "target.wav").samples[0]
    np.testing.assert_allclose(target, whole[-len(target) :], atol=1e-4)
    moved = [Job(job.source, job.folder, 0.31, job.length_s, job.settings) for job in jobs[1:2]]
    assert states(match_many(moved, tmp_path / "out", **SETTINGS)) == {"02": "matched"}


def test_ctrl_c_keeps_the_best_so_far_and_the_next_run_goes_on(sounds, tmp_path):
    out, begun = tmp_path / "out", []

    def press(renders, best):
        if len(begun) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match="; 1 of 3 sounds are matched, and the same command goes on"):
        match_many(sounds, out, begin=lambda job: begun.append(job.folder), progress=press, **SETTINGS)
    assert begun == ["a", "b"]
    assert json.loads((out / "b" / "result.json").read_text())["interrupted"]
    assert sorted(path.name for path in (out / "b").iterdir()) == FILES
    assert not (out / "low").exists()
    page = (out / "index.html").read_text()
    assert "2 still to be matched and the search of 1 was stopped early." in page
    again = match_many(sounds, out, **SETTINGS)
    assert states(again) == {"a": "kept", "b": "matched", "low/c": "matched"}
    whole = match_many(sounds, tmp_path / "other", **SETTINGS)
    assert [one.summary["similarity"] for one in again] == [one.summary["similarity"] for one in whole]
    assert "still to be matched" not in (out / "index.html").read_text()


def test_ctrl_c_before_anything_was_heard_leaves_nothing(sounds, tmp_path):
    def press(job):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match="; 0 of 3"):
        match_many(sounds, tmp_path / "out", begin=press, **SETTINGS)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_a_process_killed_between_a_match_and_its_record_is_no_hindrance(sounds, tmp_path):
    out = tmp_path / "out"
    match_many(sounds, out, **SETTINGS)
    lines = (out / "matches.jsonl").read_text().splitlines(keepends=True)
    (out / "matches.jsonl").write_text("".join(lines[:-1]) + lines[-1][:20])
    assert states(match_many(sounds, out, **SETTINGS)) == {"a": "kept", "b": "kept", "low/c": "matched"}


def test_a_damaged_result_is_matched_again(sounds, tmp_path):
    match_many(sounds / "a.wav", tmp_path / "out", **SETTINGS)
    (tmp_path / "out" / "a" / "result.json").write_text("{")
    assert states(match_many(sounds / "a.wav", tmp_path / "out", **SETTINGS)) == {"a": "matched"}


@pytest.mark.parametrize("damage", [{"row": {}}, {"row": None}, {"of": 3}, {"interrupted": "no"}], ids=str)
def test_a_damaged_record_is_told(sounds, tmp_path, damage):
    match_many(sounds / "a.wav", tmp_path / "out", **SETTINGS)
    path = tmp_path / "out" / "matches.jsonl"
    head, record = path.read_text().splitlines()
    path.write_text(f"{head}\n{json.dumps(json.loads(record) | damage)}\n")
    with pytest.raises(
        UsageError, match=r"the record of 'a' in '.*matches\.jsonl' is damaged; delete that line"
    ):
        match_many(sounds / "a.wav", tmp_path / "out", **SETTINGS)


def test_several_workers_give_the_same(sounds, tmp_path):
    (sounds / "bad.wav").write_text("no sound")
    one = match_many(sounds, tmp_path / "one", **SETTINGS)
    two = match_many(sounds, tmp_path / "two", workers=2, **SETTINGS)
    assert states(one) == states(two)
    same = ("similarity", "distances", "loss", "midi_note", "curve", "renders", "target")
    for a, b in zip(one, two, strict=True):
        assert a.error == b.error
        assert a.summary is None or {key: a.summary[key] for key in same} == {
            key: b.summary[key] for key in same
        }
    here, there = contents(tmp_path / "one"), contents(tmp_path / "two")
    assert here.keys() == there.keys()
    assert {name for name in here if here[name] != there[name]} <= {"matches.jsonl"}


def test_other_things_are_not_overwritten(sounds, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    with pytest.raises(OutputError, match="the folder is not empty"):
        match_many(sounds, out, **SETTINGS)
    assert [path.name for path in out.iterdir()] == ["mine.txt"]
    match_many(sounds, out, overwrite=True, **SETTINGS)
    assert (out / "mine.txt").read_text() == "mine"
    again = match_many(sounds, out, overwrite=True, **SETTINGS)
    assert set(states(again).values()) == {"matched"}


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"synth": "none"}, UnknownNameError),
        ({"method": "none"}, UnknownNameError),
        ({"renders": 0}, UsageError),
        ({"loudness": 3}, UsageError),
        ({"workers": 0}, UsageError),
    ],
    ids=str,
)
def test_settings_that_make_no_sense_are_refused_before_the_work(sounds, tmp_path, settings, error):
    with pytest.raises(error):
        match_many(sounds, tmp_path / "out", **SETTINGS | settings)
    assert not (tmp_path / "out").exists()


def test_two_jobs_of_one_folder_are_refused(sounds, tmp_path):
    jobs = [Job(sounds / "a.wav", "x"), Job(sounds / "b.wav", "X")]
    with pytest.raises(UsageError, match="every job has a folder of its own; got 'X' twice"):
        match_many(jobs, tmp_path / "out", **SETTINGS)


def test_a_match_that_cannot_be_written_to_its_folder_is_kept_elsewhere(sounds, tmp_path, monkeypatch):
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(elsewhere))

    def in_the_way(job):
        out.mkdir(exist_ok=True)
        (out / "a").write_text("a file where the folder is to be")

    with pytest.raises(OutputError, match=r"the result is in '.*elsewhere.*result'"):
        match_many(sounds / "a.wav", out, begin=in_the_way, **SETTINGS)
    (saved,) = elsewhere.glob("*/result")
    assert sorted(path.name for path in saved.iterdir()) == FILES
