"""Names, order, look-up, lightness, and the one check that sounds pass."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import tonewright.distances as distances
from tonewright.distances import registry
from tonewright.errors import AudioError, UnknownNameError, UsageError

PUBLISHED = [
    "mss",
    "wmfcc",
    "sot",
    "rms",
    "spectral_convergence",
    "log_stft_mae",
    "mfcc_mae",
    "lufs_difference",
    "f0_cents",
]
SOUND = np.zeros((2, 800), np.float32)


def test_names_come_in_the_order_of_a_report():
    assert distances.names() == PUBLISHED


def test_each_is_an_attribute_of_the_package_by_its_short_name():
    for name in PUBLISHED:
        found = getattr(distances, name)
        assert found is distances.get(name)
        assert found.name == name
        assert name in dir(distances)
        assert found.meaning
        assert found.source


def test_an_unknown_name_suggests_the_nearest():
    with pytest.raises(UnknownNameError, match="did you mean 'wmfcc'"):
        distances.get("wmfc")
    with pytest.raises(AttributeError, match="did you mean 'wmfcc'"):
        _ = distances.wmfc


def test_a_distance_registered_elsewhere_joins_the_report(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(registry, "_registered", dict(registry._registered))

    @distances.distance(meaning="difference of peaks", unit="", source="here")
    def peak(a, b, sample_rate_hz):
        return np.abs(np.abs(a).max(axis=(1, 2)) - np.abs(b).max(axis=(1, 2)))

    assert distances.names() == [*PUBLISHED, "peak"]
    assert distances.get("peak") is peak
    np.testing.assert_allclose(peak([0.5, 0.0], [-0.25, 0.0], 16000), [0.25])


def test_importing_and_listing_compiles_nothing():
    script = (
        "import sys, tonewright.distances as d; d.names(); assert not {'numba', 'scipy'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_large_batches_go_through_in_passes(monkeypatch: pytest.MonkeyPatch):
    sounds = (0.1 * np.random.default_rng(0).standard_normal((7, 800))).astype(np.float32)
    whole = distances.sot(sounds, sounds[::-1], 16000), distances.sot(sounds[:1], sounds, 16000)
    monkeypatch.setattr(registry, "_PASS_SAMPLES", 2 * 800)
    np.testing.assert_array_equal(distances.sot(sounds, sounds[::-1], 16000), whole[0])
    np.testing.assert_array_equal(distances.sot(sounds[:1], sounds, 16000), whole[1])


@pytest.mark.parametrize(
    ("a", "b", "rate", "rule"),
    [
        (SOUND, SOUND[:, :-1], 16000, "equal length; got 800 and 799"),
        (SOUND[:, None], SOUND.reshape(2, 2, 400).repeat(2, axis=2), 16000, "equal channels; got 1 and 2"),
        (SOUND, SOUND[[0, 0, 0]], 16000, "got 2 and 3 sounds"),
        (np.float32(0.0), SOUND, 16000, r"shape \(\)"),
        (SOUND[:, :0], SOUND[:, :0], 16000, "at least one frame"),
        (SOUND[None, None], SOUND, 16000, "got an array of shape"),
        (SOUND, SOUND, 0, "sample rate"),
        (SOUND, SOUND, 16000.5, "sample rate"),
        (SOUND, SOUND, float("nan"), "sample rate"),
    ],
)
def test_what_cannot_be_compared_is_refused(a, b, rate, rule: str):
    with pytest.raises(UsageError, match=rule):
        distances.rms(a, b, rate)


@pytest.mark.parametrize(
    ("sample", "rule"),
    [(np.nan, "finite"), (np.inf, "finite"), (-np.inf, "finite"), (1e30, "got a peak of 1e\\+30")],
)
def test_broken_samples_are_refused(sample: float, rule: str):
    broken = SOUND.copy()
    broken[1, 17] = sample
    for a, b in ((broken, SOUND), (SOUND, broken)):
        with pytest.raises(AudioError, match=rule):
            distances.rms(a, b, 16000)


def test_whole_numbers_are_refused():
    with pytest.raises(AudioError, match=r"floating-point numbers .* got int16"):
        distances.rms(np.zeros((2, 800), np.int16), SOUND, 16000)


def test_a_sound_too_long_to_align_is_refused():
    half_an_hour = np.zeros(1800 * 4000, np.float32)
    with pytest.raises(AudioError, match="up to 300 s are compared; got 1800 s"):
        distances.rms(half_an_hour, half_an_hour, 4000)


def test_an_empty_batch_gives_no_values():
    assert distances.mss(SOUND[:0], SOUND[:0], 16000).shape == (0,)
    assert distances.mss(SOUND[:1], SOUND[:0], 16000).shape == (0,)
