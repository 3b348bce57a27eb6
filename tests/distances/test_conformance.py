"""What every distance promises, checked on every distance registered.

A new distance is covered by being there. A promise that not all make is claimed in a set below.
"""

from __future__ import annotations

import numpy as np
import pytest

import tonewright.distances as distances
from tonewright.threads import numba_threads

RATE_HZ = 16000
NAMES = distances.names()
# What a common change of level leaves as it is.
LEVEL_INVARIANT = {"mss", "sot", "rms", "f0_cents"}
# Distances that noise brings no nearer but need not drive apart: what does is checked with a detuned sound.
PITCH_ONLY = {"f0_cents"}


def saw(f0_hz: float, seconds: float = 0.5) -> np.ndarray:
    """A decaying sawtooth of the harmonics below half the sample rate."""
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    harmonics = np.arange(1, int(RATE_HZ / 2 / f0_hz) + 1)[:, None]
    wave = (np.sin(2 * np.pi * f0_hz * harmonics * t) / harmonics).sum(axis=0)
    return (0.3 * wave * np.exp(-3 * t)).astype(np.float32)


def make_sounds(seconds: float) -> np.ndarray:
    """Ordinary and awkward sounds of one length, `[batch, frames]`."""
    frames = round(seconds * RATE_HZ)
    noise = np.random.default_rng(1).standard_normal(frames).astype(np.float32)
    click = np.zeros(frames, np.float32)
    click[frames // 2] = 1.0
    return np.stack(
        [
            saw(220.0, seconds),
            saw(330.0, seconds),
            0.1 * noise,
            np.clip(2 * noise, -1, 1),
            np.zeros(frames, np.float32),
            np.full(frames, 0.5, np.float32),
            click,
            np.sign(saw(110.0, seconds)),
            1e-6 * noise,
            1e-30 * noise,
        ]
    )


def all_pairs(sounds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return sounds.repeat(len(sounds), axis=0), np.tile(sounds, (len(sounds), 1))


@pytest.fixture(params=NAMES)
def measure(request: pytest.FixtureRequest) -> distances.Distance:
    return distances.get(request.param)


@pytest.fixture(scope="module")
def sounds() -> np.ndarray:
    return make_sounds(0.5)


def badness(measure: distances.Distance, values: np.ndarray) -> np.ndarray:
    """Distance from the value of identical sounds, so that more is worse for every measure."""
    return measure.identical - values if measure.better == "higher" else values - measure.identical


def test_declares_itself(measure: distances.Distance):
    assert measure.better in ("lower", "higher")
    assert measure.meaning
    assert "\n" not in measure.meaning
    assert measure.source
    assert measure.__doc__ == measure.function.__doc__ != type(measure).__doc__


@pytest.mark.parametrize("seconds", [0.5, 0.01])
def test_identical_sounds_have_the_identical_value(measure: distances.Distance, seconds: float):
    some = make_sounds(seconds)
    np.testing.assert_allclose(measure(some, some, RATE_HZ), measure.identical, atol=1e-6)


@pytest.mark.parametrize("frames", [8000, 160, 1])
@pytest.mark.parametrize("rate_hz", [RATE_HZ, 44100])
def test_every_pair_is_finite_and_no_better_than_identical(
    measure: distances.Distance, frames: int, rate_hz: int
):
    a, b = all_pairs(make_sounds(0.5)[:, :frames])
    values = measure(a, b, rate_hz)
    assert values.shape == (len(a),)
    assert values.dtype == np.float32
    assert np.isfinite(values).all()
    assert (badness(measure, values) >= -1e-6).all()


def test_symmetric_where_claimed_and_only_there(measure: distances.Distance, sounds: np.ndarray):
    a, b = all_pairs(sounds)
    there, back = measure(a, b, RATE_HZ), measure(b, a, RATE_HZ)
    if measure.symmetric:
        np.testing.assert_allclose(there, back, rtol=1e-6)
    else:
        assert not np.allclose(there, back, rtol=1e-2)


def test_values_depend_neither_on_the_batch_nor_on_the_threads(
    measure: distances.Distance, sounds: np.ndarray
):
    a, b = sounds, sounds[::-1]
    together = measure(a, b, RATE_HZ)
    with numba_threads(1):
        alone = [measure(a[i], b[i], RATE_HZ) for i in range(len(a))]
    np.testing.assert_array_equal(np.concatenate(alone), together)


def test_one_sound_is_compared_with_all(measure: distances.Distance, sounds: np.ndarray):
    one = sounds[1:2]
    repeated = one.repeat(len(sounds), axis=0)
    np.testing.assert_array_equal(measure(sounds, one, RATE_HZ), measure(sounds, repeated, RATE_HZ))
    np.testing.assert_array_equal(measure(one, sounds, RATE_HZ), measure(repeated, sounds, RATE_HZ))


def test_input_is_taken_in_any_layout_and_left_alone(measure: distances.Distance, sounds: np.ndarray):
    a, b = sounds[:3].copy(), sounds[1:4].copy()
    expected = measure(a, b, RATE_HZ)
    np.testing.assert_array_equal(a, sounds[:3])
    np.testing.assert_array_equal(b, sounds[1:4])
    for array in (a, b):
        array.flags.writeable = False
    np.testing.assert_array_equal(measure(a, b, RATE_HZ), expected)
    np.testing.assert_array_equal(measure(a.astype(np.float64), np.asfortranarray(b), RATE_HZ), expected)
    np.testing.assert_array_equal(measure(a[:, np.newaxis], b[:, np.newaxis], RATE_HZ), expected)


def test_two_equal_channels_say_what_one_says(measure: distances.Distance, sounds: np.ndarray):
    a, b = sounds[:4], sounds[[1, 2, 3, 0]]
    stereo = measure(a[:, np.newaxis].repeat(2, axis=1), b[:, np.newaxis].repeat(2, axis=1), RATE_HZ)
    np.testing.assert_allclose(stereo, measure(a, b, RATE_HZ), rtol=1e-5, atol=1e-5)


def test_polarity_does_not_count(measure: distances.Distance, sounds: np.ndarray):
    a, b = sounds[:4], sounds[[1, 2, 3, 0]]
    np.testing.assert_allclose(measure(a, -b, RATE_HZ), measure(a, b, RATE_HZ), rtol=1e-5)


def test_level_counts_unless_it_is_promised_not_to(measure: distances.Distance, sounds: np.ndarray):
    a, b = sounds[:3], sounds[:3] * np.float32(0.5)
    errors = badness(measure, measure(a, b, RATE_HZ))
    if measure.name in LEVEL_INVARIANT:
        np.testing.assert_allclose(errors, 0.0, atol=1e-4)
    else:
        assert (errors > 0.1).all()


def test_more_damage_is_a_worse_value(measure: distances.Distance):
    clean = saw(220.0)
    if measure.name in PITCH_ONLY:
        damaged = np.stack([saw(220.0 * 2 ** (cents / 1200)) for cents in (0, 10, 50, 200, 700)])
    else:
        noise = np.random.default_rng(3).standard_normal(len(clean)).astype(np.float32)
        damaged = np.stack([clean + np.float32(gain) * noise for gain in (0, 0.01, 0.03, 0.1, 1.0)])
    values = badness(measure, measure(clean, damaged, RATE_HZ))
    assert values[0] <= 1e-6
    assert (np.diff(values) > 0).all()
