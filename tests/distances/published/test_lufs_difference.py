"""Loudness difference: gains, channels and silence."""

from __future__ import annotations

import numpy as np

from tonewright.distances import lufs_difference

RATE_HZ = 48000
T = np.arange(2 * RATE_HZ) / RATE_HZ
# EBU Tech 3341: a sine of 997 Hz at −23 dBFS in both channels is −23 LUFS, and in one of them 3.01 LU less.
TONE = (10 ** (-23 / 20) * np.sin(2 * np.pi * 997 * T)).astype(np.float32)


def test_a_gain_in_decibels_is_a_difference_in_loudness_units():
    gains_db = np.array([0.0, -6.0, 3.0, -20.0])
    scaled = (10 ** (gains_db / 20))[:, None].astype(np.float32) * TONE
    np.testing.assert_allclose(lufs_difference(TONE, scaled, RATE_HZ), np.abs(gains_db), atol=1e-3)


def test_one_channel_of_two_is_three_units_less():
    both, left = np.stack([TONE, TONE])[None], np.stack([TONE, 0 * TONE])[None]
    np.testing.assert_allclose(lufs_difference(both, left, RATE_HZ), 3.01, atol=0.01)


def test_silence_counts_as_70_below_full_scale():
    both, silence = np.stack([TONE, TONE])[None], np.zeros((1, 2, len(TONE)), np.float32)
    np.testing.assert_allclose(lufs_difference(both, silence, RATE_HZ), 47.0, atol=0.1)
    np.testing.assert_array_equal(lufs_difference(silence, silence, RATE_HZ), [0.0])
