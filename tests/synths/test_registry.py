import hashlib
import subprocess
import sys
from importlib.metadata import EntryPoint

import numpy as np
import pytest

from tonewright.audio import Clip, write
from tonewright.errors import UnknownNameError, UsageError
from tonewright.synths import Synth, names, registry, synth


def test_names_are_sorted_and_hold_the_house_synth():
    assert names() == sorted(names())
    assert "serum-lite" in names()


def test_making_a_synth():
    made = synth("serum-lite", 22_050)
    assert isinstance(made, Synth)
    assert (made.name, made.sample_rate_hz) == ("serum-lite", 22_050)
    assert synth("serum-lite").sample_rate_hz == 44_100
    assert repr(made) == "SerumLite(sample_rate_hz=22050)"


@pytest.mark.parametrize("name", ["serum-light", "Serum-Lite", "", ":", "nonsense:/tmp/x", "a\nb" * 99])
def test_unknown_names(name):
    with pytest.raises(UnknownNameError, match="no synth is called") as caught:
        synth(name)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


def test_a_near_name_is_proposed():
    with pytest.raises(UnknownNameError, match="did you mean 'serum-lite'"):
        synth("serumlite")


@pytest.mark.parametrize("rate", [0, -44_100, 3_999, 384_001, 44_100.5, float("nan"), None, "44100", True])
def test_rates_it_cannot_run_at(rate):
    with pytest.raises(UsageError, match="sample_rate_hz is a whole number from 4,000 to 384,000"):
        synth("serum-lite", rate)


def test_a_scheme_makes_a_synth_from_a_path(monkeypatch):
    monkeypatch.setitem(registry.SCHEMES, "toy", f"{__name__}:FromFile")
    made = synth("toy:some/where:odd.synth", 8_000)
    assert (made.path, made.sample_rate_hz) == ("some/where:odd.synth", 8_000)


def test_a_synth_of_another_package(monkeypatch):
    point = EntryPoint("toy", f"{__name__}:Plugged", "tonewright.synths")
    monkeypatch.setattr(registry, "entry_points", lambda group: [point])
    registry._plugged_in.cache_clear()
    try:
        assert "toy" in names()
        assert synth("toy", 8_000).sample_rate_hz == 8_000
    finally:
        registry._plugged_in.cache_clear()


def test_the_package_is_light():
    code = "import sys, tonewright.synths; print(*sorted({'numba', 'scipy', 'soundfile'} & set(sys.modules)))"
    heavy = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert heavy.split() == []


class FromFile:
    def __init__(self, path, sample_rate_hz):
        self.path, self.sample_rate_hz = path, sample_rate_hz


class Plugged:
    def __init__(self, sample_rate_hz):
        self.sample_rate_hz = sample_rate_hz


@pytest.mark.parametrize("name", ["a b.wav", "#1.flac", "take:2.wav", 'it\'s "mine".wav', "dir with/a.b.c"])
def test_granular_takes_any_sound_file(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    write(tmp_path / "sound.wav", Clip(np.sin(np.arange(4_000, dtype=np.float32))[None], 8_000))
    (tmp_path / "sound.wav").rename(path)
    made = synth(f"granular:{name}", 16_000)
    assert isinstance(made, Synth)
    assert (made.name, made.sample_rate_hz) == (f"granular:{name}", 16_000)
    assert made.file_sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert made.controls.names == synth("granular").controls.names
    sound = made.render(made.controls.defaults()[None], 60, 0.2)
    assert np.sqrt((sound**2).mean()) > 0.02


def test_a_rate_that_granular_cannot_run_at_is_told_before_its_file(tmp_path):
    with pytest.raises(UsageError, match="sample_rate_hz is a whole number from 4,000"):
        synth(f"granular:{tmp_path / 'none.wav'}", 100)
