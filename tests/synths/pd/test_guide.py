"""What docs/pure-data.md shows, works."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from tonewright.synths import synth as make_synth

from .patches import with_pd

GUIDE = (Path(__file__).parents[3] / "docs" / "pure-data.md").read_text("utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", GUIDE, re.M | re.S)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with the files of the smallest patch."""
    (tmp_path / "synth.pd").write_text(blocks("text")[0])
    (tmp_path / "synth.json").write_text(blocks("json")[0])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_smallest_patch_is_a_synth(folder):
    made = make_synth("pd:synth.pd")
    assert made.controls.names == ["pitch", "level"]
    assert made.patch.not_alone == ""


def test_the_longer_description_is_read(folder):
    (folder / "inner").mkdir()
    (folder / "my-abstractions").mkdir()
    for name in ("synth.pd", "synth.json"):
        (folder / name).rename(folder / "inner" / name)
    (folder / "inner" / "synth.json").write_text(blocks("json")[1])
    described = make_synth("pd:inner")
    assert described.controls["cutoff_hz"].describe(1_200) == "1.2 kHz"
    assert described.version == json.loads(blocks("json")[1])["version"]


@with_pd
def test_the_python_and_its_sound(folder):
    scope = {}
    exec(compile(blocks("py")[0], "guide", "exec"), scope)
    sound = scope["sound"]
    assert sound.shape == (2, 44_100)
    for row, pitch, level in zip(sound, (0.55, 0.8), (0.5, 0.2), strict=True):
        hz = 440 * 2 ** ((36 + 60 * pitch - 69) / 12)
        spectrum = np.abs(np.fft.rfft(row[4_410:26_460] * np.hanning(22_050)))
        assert spectrum.argmax() * 2 == pytest.approx(hz, abs=2)
        assert np.abs(row).max() == pytest.approx(level, rel=0.01)
