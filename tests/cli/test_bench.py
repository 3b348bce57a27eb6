import json
from functools import partial
from importlib import import_module

import pytest

MEASURES = {
    "render": ("synths", "presets_per_second_14_voices"),
    "hear": ("features", "hear_loudness_mfcc_per_second"),
    "compare": ("distances", "losses_per_second_one_target"),
    "match": ("matching", "match_seconds_44100_hz"),
}


@pytest.mark.parametrize("what", MEASURES)
def test_speed(run, monkeypatch, what):
    room, key = MEASURES[what]
    speed = import_module(f"tonewright.{room}.speed")
    measure = partial(getattr(speed, f"{what}_speed"), batch=4, runs=1)
    monkeypatch.setattr(speed, f"{what}_speed", measure)
    if what == "match":
        monkeypatch.setattr(speed, "match", lambda clip, renders: None)
    measured = json.loads(run("bench", what, "--json").out)
    assert measured[key] > 0
    assert {"threads", "peak_memory_mb"} < set(measured)
    assert key in run("bench", what).out


def test_an_output_that_exists(refuse, tmp_path):
    (tmp_path / "result.json").write_text("mine")
    assert "it exists" in refuse("bench", "render", "-o", tmp_path / "result.json", code=1)
