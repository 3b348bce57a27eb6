import json

import pytest

from tonewright.matching import speed


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    monkeypatch.setattr(speed, "_BATCH", 4)
    monkeypatch.setattr(speed, "_RUNS", 1)
    monkeypatch.setattr(speed, "match", lambda clip, renders: None)


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


def test_an_output_that_exists(refuse, tmp_path):
    (tmp_path / "result.json").write_text("mine")
    assert "it exists" in refuse("bench", "render", "-o", tmp_path / "result.json", code=1)
