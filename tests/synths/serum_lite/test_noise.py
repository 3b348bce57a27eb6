"""The noise source: white, seeded, the same in every row."""

import numpy as np
import pytest
from scipy.stats import kstest

from tonewright.synths.serum_lite.curves import HEADROOM
from tonewright.synths.serum_lite.noise import add_noise

from .patches import patch, play, rms

NOISE = {"osc1_level": 0.0, "noise_level": 1.0}


def samples(seed, count=1 << 18, first=0):
    noise = np.zeros(count, np.float32)
    add_noise(count, first, np.uint32(seed), 1.0, noise)
    return noise.astype(np.float64)


def lowbias32(x):
    """C. Wellons' integer hash, on an array."""
    x = x.astype(np.uint32)
    x ^= x >> np.uint32(16)
    x *= np.uint32(0x7FEB352D)
    x ^= x >> np.uint32(15)
    x *= np.uint32(0x846CA68B)
    x ^= x >> np.uint32(16)
    return x


def test_it_is_the_hash_of_seed_and_index():
    hashed = lowbias32(np.arange(1000, dtype=np.uint32) ^ np.uint32(77)).view(np.int32)
    np.testing.assert_array_equal(samples(77, 1000), hashed.astype(np.float32) * np.float32(2**-31))


def test_it_is_uniform_and_centred():
    noise = samples(1)
    assert kstest(noise, "uniform", (-1, 2)).pvalue > 0.01
    assert abs(noise.mean()) < 4 / np.sqrt(3 * len(noise))
    assert rms(noise) == pytest.approx(1 / np.sqrt(3), rel=0.005)


def test_it_is_white():
    """Power in 64 bands of equal width, and correlation at the first thousand lags."""
    noise = samples(2)
    power = np.abs(np.fft.rfft(noise))[1:-1] ** 2
    bands = power[: len(power) // 64 * 64].reshape(64, -1).mean(axis=1)
    np.testing.assert_allclose(bands / bands.mean(), 1, atol=0.1)
    correlation = np.fft.irfft(np.abs(np.fft.rfft(noise, 2 * len(noise))) ** 2)[:1001] / np.sum(noise**2)
    assert np.abs(correlation[1:]).max() < 5 / np.sqrt(len(noise))


@pytest.mark.parametrize("other", [1, 2, 3, 1000, 2**40])
def test_seeds_are_unrelated(other):
    one, two = (play(patch(**NOISE), seconds=2.0, seed=seed)[0, 441:] for seed in (0, other))
    spectra = np.fft.rfft(one, 2 * len(one)) * np.conj(np.fft.rfft(two, 2 * len(two)))
    correlation = np.fft.irfft(spectra) / np.sqrt(np.sum(one**2) * np.sum(two**2))
    assert np.abs(correlation).max() < 6 / np.sqrt(len(one))  # at no lag


def test_every_row_hears_the_same_noise():
    sound = play(np.repeat(patch(**NOISE), 5, axis=0), np.arange(5) * 20, 0.5, seed=9)
    np.testing.assert_array_equal(sound, sound[:1].repeat(5, axis=0))


def test_it_does_not_repeat():
    sound = play(patch(**NOISE), seconds=10.0, rate_hz=8_000)[0]
    assert len(np.unique(sound[80:])) > 0.95 * len(sound)


def test_its_level():
    sound = play(patch(**NOISE, filter_resonance=0.1), seconds=4.0, rate_hz=96_000)[0, 9600:]
    band = np.abs(np.fft.rfft(sound)) ** 2
    hz = np.fft.rfftfreq(len(sound), 1 / 96_000)
    density = band[(hz > 100) & (hz < 4_000)].mean() / len(sound)
    assert density == pytest.approx(HEADROOM**2 / 3, rel=0.03)
