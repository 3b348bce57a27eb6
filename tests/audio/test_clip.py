import numpy as np
import pytest

from tonewright.audio.clip import Clip
from tonewright.audio.validation import LOUDEST_SAMPLE
from tonewright.errors import AudioError


def test_a_line_of_samples_is_mono():
    clip = Clip(np.zeros(8), 16_000)
    assert clip.samples.shape == (1, 8)
    assert clip.samples.dtype == np.float32
    assert (clip.channels, clip.frames, clip.seconds) == (1, 8, 0.0005)


def test_mono_is_the_mean_of_the_channels():
    clip = Clip(np.array([[1.0, 0.5], [0.0, -0.5]]), 16_000)
    np.testing.assert_array_equal(clip.mono(), np.array([0.5, 0.0], np.float32))
    assert clip.mono().dtype == np.float32


def test_peak_is_the_largest_absolute_sample():
    assert Clip(np.array([[0.25, -0.5], [0.125, 0.0]]), 16_000).peak == 0.5
    assert Clip(np.zeros((1, 0)), 16_000).peak == 0.0


def test_a_whole_rate_of_any_type_becomes_an_int():
    clip = Clip(np.zeros(1), np.float64(44_100))
    assert clip.sample_rate_hz == 44_100
    assert type(clip.sample_rate_hz) is int


@pytest.mark.parametrize(
    ("samples", "rule"),
    [
        (np.array([0.0, np.nan]), "NaN"),
        (np.array([0.0, -np.inf]), "NaN or infinity"),
        (np.array([1e300]), "got a peak of 1e\\+300"),
        (np.array([-2.0 * LOUDEST_SAMPLE]), "within ±1000, full scale being ±1; got a peak of 2000; scale"),
        (np.zeros((1, 2, 3)), r"\(1, 2, 3\)"),
        (np.zeros((0, 4)), r"\(0, 4\)"),
        (np.zeros(4, np.int16), "int16"),
        (np.zeros(4, complex), "complex128"),
        (["a"], "floating-point"),
    ],
)
def test_unusable_samples_are_refused(samples, rule):
    with pytest.raises(AudioError, match=rule):
        Clip(samples, 16_000)


@pytest.mark.parametrize("rate", [0, -1, 44_100.5, float("nan"), float("inf")])
def test_unusable_rates_are_refused(rate):
    with pytest.raises(AudioError, match="sample rate"):
        Clip(np.zeros(4), rate)
