"""All distances at once, and clips that do not fit each other."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

import tonewright.distances as distances
from tonewright.audio.clip import Clip
from tonewright.audio.loudness import clip_lufs
from tonewright.errors import UsageError

RATE_HZ = 16000
DATA = Path(__file__).parents[1] / "data" / "metrics"


def tone(frequency_hz: float, rate_hz: int = RATE_HZ, seconds: float = 0.5) -> np.ndarray:
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    return (0.3 * np.sin(2 * np.pi * frequency_hz * t)).astype(np.float32)


def test_compare_gives_every_distance_in_order():
    a, b = np.stack([tone(220), tone(330)]), np.stack([tone(220), tone(440)])
    values = distances.compare(a, b, RATE_HZ)
    assert list(values) == distances.names()
    for name, value in values.items():
        np.testing.assert_array_equal(value, distances.get(name)(a, b, RATE_HZ))
        np.testing.assert_allclose(value[0], distances.get(name).identical, atol=1e-6)


def test_two_channel_files_give_the_published_values():
    expected = json.loads((DATA / "reference.json").read_text())["pairs"][5]
    a, b = (
        Clip(samples.T, rate_hz)
        for samples, rate_hz in (
            sf.read(DATA / f"5-{which}.flac", dtype="float32") for which in ("target", "other")
        )
    )
    values = distances.compare_clips(a, b)
    assert list(values) == distances.names()
    assert all(isinstance(value, float) for value in values.values())
    for name in ("mss", "wmfcc", "sot", "rms"):
        assert values[name] == pytest.approx(expected[name], rel=1e-3)


def test_the_second_clip_is_resampled_to_the_rate_of_the_first():
    a, b = Clip(tone(440, 44100), 44100), Clip(tone(440, 16000), 16000)
    for first, second in ((a, b), (b, a)):
        values = distances.compare_clips(first, second)
        assert values["f0_cents"] < 1.0
        assert values["rms"] > 0.999
        assert values["lufs_difference"] < 0.05
        assert values["spectral_convergence"] < 0.02


def test_the_shorter_clip_is_followed_by_silence():
    short, long = tone(440, seconds=0.5), tone(440, seconds=1.0)
    padded = np.pad(short, (0, len(long) - len(short)))
    values = distances.compare_clips(Clip(short, RATE_HZ), Clip(long, RATE_HZ))
    assert values == {name: value[0] for name, value in distances.compare(padded, long, RATE_HZ).items()}


def test_different_layouts_meet_in_mono_and_keep_their_loudness():
    mono, stereo = tone(440), np.stack([tone(440), tone(440)])
    values = distances.compare_clips(Clip(mono, RATE_HZ), Clip(stereo, RATE_HZ))
    # As BS.1770 and `hear` have it, two channels together are 3 LU louder than one of them.
    assert values.pop("lufs_difference") == pytest.approx(10 * np.log10(2), abs=1e-4)
    for name, value in values.items():
        assert value == pytest.approx(distances.get(name).identical, abs=1e-6)


def test_loudness_of_other_layouts_and_rates_is_that_of_the_clips():
    left, other = np.stack([tone(440), 0 * tone(440)]), tone(440, 22_050)
    a, b = Clip(left, RATE_HZ), Clip(np.stack([other, -other, other]), 22_050)
    values = distances.compare_clips(a, b)
    assert values["lufs_difference"] == pytest.approx(clip_lufs(b) - clip_lufs(a), abs=0.05)
    assert clip_lufs(b) - clip_lufs(a) == pytest.approx(10 * np.log10(3), abs=0.1)


def test_an_empty_clip_is_refused():
    empty = Clip(np.zeros((1, 0), np.float32), RATE_HZ)
    with pytest.raises(UsageError, match="at least one frame"):
        distances.compare_clips(empty, empty)
