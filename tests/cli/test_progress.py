"""How far long work is, where stderr is no terminal."""

import json
from types import SimpleNamespace

import pytest

from tonewright.cli import progress
from tonewright.cli.progress import search_progress, training_progress, work_progress


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still unless told."""
    clock = SimpleNamespace(now_s=500.0, monotonic=lambda: clock.now_s)
    monkeypatch.setattr(progress, "time", clock)
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 10.0)
    return clock


@pytest.fixture
def told(capsys):
    """What has been told since the last call; all of it on stderr."""

    def read():
        outcome = capsys.readouterr()
        assert outcome.out == ""
        return outcome.err.splitlines()

    return read


def test_training_tells_every_ten_seconds_and_how_long_it_will_take(clock, told):
    with training_progress(1_000, 0) as tell:
        for update in range(10):
            clock.now_s += 3
            tell(update, {"success": 0.25, "loss": 0.12345} if update == 4 else {})
    assert told() == [
        "tonewright: training: 4 of 1,000 updates, 50 min left",
        "tonewright: training: 8 of 1,000 updates · success 0.25 · loss 0.123, 50 min left",
    ]


def test_training_tells_every_update_that_takes_longer(clock, told):
    with training_progress(200, 0) as tell:
        for update in range(2):
            clock.now_s += 90
            tell(update, {})
    assert told() == [
        "tonewright: training: 1 of 200 updates",  # it compiled, for which nobody knows how long
        "tonewright: training: 2 of 200 updates, 4 h 57 min left",
    ]


def test_a_training_that_goes_on_takes_as_long_as_it_takes_now(clock, told):
    with training_progress(104, 100) as tell:
        clock.now_s += 5
        tell(100, {})
        clock.now_s += 20
        tell(101, {})
    assert told() == ["tonewright: training: 102 of 104 updates, 40 s left"]


def test_what_ends_soon_tells_nothing(clock, told):
    with training_progress(10, 0) as tell:
        for update in range(10):
            clock.now_s += 0.9
            tell(update, {})
    assert told() == []


def test_a_search_tells_by_its_renders(clock, told):
    with search_progress(10_000, None) as tell:
        for _ in range(3):
            clock.now_s += 5
            tell(2_000, 0.25)
    assert told() == ["tonewright: matching: 2,000 renders · loss 0.250, 40 s left"]


def test_a_search_tells_by_its_time(clock, told):
    with search_progress(None, 300.0) as tell:
        clock.now_s += 100  # prepared, which is not the search's time
        tell(64, 0.5)
        clock.now_s += 30
        tell(2_000, 0.25)
    assert told()[-1].startswith("tonewright: matching: 2,000 renders · loss 0.250, ")
    with search_progress(None, 300.0) as tell:
        tell(64, 0.5)
        clock.now_s += 100
        tell(2_000, 0.25)
    assert told() == ["tonewright: matching: 2,000 renders · loss 0.250, 3 min left"]


def test_other_work_tells_its_share(clock, told):
    with work_progress("suite random", 8) as tell:
        clock.now_s += 15
        tell(2)
        tell(1)
        clock.now_s += 15
        tell(1)
    assert told() == [
        "tonewright: suite random: 25%, 45 s left",
        "tonewright: suite random: 50%, 30 s left",
    ]


@pytest.mark.parametrize(
    ("words", "lines"),
    [
        (["match", "WAV", "-o", "OUT", "--renders", 40], "matching: "),
        (["hear", "WAV", "-o", "a.csv"], "hearing: "),
        (["evaluate", "match", "--suite", "FOLDER", "--methods", "random", "--renders", 5], "suite "),
        (["train", "match", "-o", "OUT", "--config", "CONFIG", "--updates", 2], "training: "),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else None,
)
def test_lines_leave_json_clean(run, wav, tmp_path, monkeypatch, words, lines):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 0.0)
    small = {"episodes": {"seconds": 0.1}, "num_envs": 2, "hidden": [8], "held_out": 2, "loop": {"steps": 2}}
    (tmp_path / "config.json").write_text(json.dumps(small))
    places = {"WAV": wav, "FOLDER": tmp_path, "OUT": tmp_path / "out", "CONFIG": tmp_path / "config.json"}
    outcome = run(*(places.get(word, word) for word in words), "--json")
    assert outcome.code == 0
    assert isinstance(json.loads(outcome.out), dict)
    assert outcome.err
    assert all(line.startswith(f"tonewright: {lines}") for line in outcome.err.splitlines())
