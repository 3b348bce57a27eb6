"""Pitch difference: intervals, level, and sounds without a pitch."""

from __future__ import annotations

import numpy as np
import pytest

from tonewright.distances import f0_cents

RATE_HZ = 16000
T = np.arange(RATE_HZ // 2) / RATE_HZ
NOISE = (0.1 * np.random.default_rng(0).standard_normal(len(T))).astype(np.float32)
WIDEST = 1200 * np.log2(2500 / 30)


def saw(f0_hz: float) -> np.ndarray:
    harmonics = np.arange(1, int(RATE_HZ / 2 / f0_hz) + 1)[:, None]
    return (0.2 * (np.sin(2 * np.pi * f0_hz * harmonics * T) / harmonics).sum(axis=0)).astype(np.float32)


@pytest.mark.parametrize("f0_hz", [65.4, 220.0, 880.0, 2490.0])
def test_an_interval_is_its_cents(f0_hz: float):
    cents = np.array([0.0, 5.0, -30.0, 100.0, -500.0, 1200.0])
    tuned = np.stack([saw(f0_hz * 2 ** (c / 1200)) for c in cents])
    np.testing.assert_allclose(f0_cents(saw(f0_hz), tuned, RATE_HZ), np.abs(cents), atol=2.0)


def test_timbre_and_level_do_not_count():
    sine = (0.01 * np.sin(2 * np.pi * 220 * T)).astype(np.float32)
    np.testing.assert_allclose(f0_cents(saw(220.0), sine, RATE_HZ), 0.0, atol=2.0)


def test_a_glide_counts_by_its_median():
    steady, glide = saw(220.0), np.where(T < 0.3, saw(220.0), saw(330.0)).astype(np.float32)
    np.testing.assert_allclose(f0_cents(steady, glide, RATE_HZ), 0.0, atol=2.0)


def test_a_pitch_missed_is_the_widest_error_and_no_pitch_at_all_is_none():
    pitched = saw(220.0)
    np.testing.assert_allclose(f0_cents(pitched, NOISE, RATE_HZ), WIDEST, rtol=1e-6)
    np.testing.assert_allclose(f0_cents(0 * pitched, pitched, RATE_HZ), WIDEST, rtol=1e-6)
    np.testing.assert_array_equal(f0_cents(NOISE, 0 * NOISE, RATE_HZ), [0.0])


def test_no_interval_is_wider_than_a_pitch_missed():
    deep = f0_cents(saw(40.0), saw(3000.0), RATE_HZ)
    np.testing.assert_allclose(deep, 1200 * np.log2(3000 / 40), atol=2.0)
    np.testing.assert_allclose(f0_cents(saw(40.0), saw(4900.0), RATE_HZ), WIDEST, rtol=1e-6)


def test_pitches_at_different_times_never_meet():
    early, late = np.where(T < 0.2, saw(220.0), 0), np.where(T > 0.3, saw(220.0), 0)
    np.testing.assert_allclose(f0_cents(early, late, RATE_HZ), WIDEST, rtol=1e-6)
