"""MFCC difference: librosa, and what a gain must give."""

from __future__ import annotations

import librosa
import numpy as np

from tonewright.distances import mfcc_mae

RATE_HZ = 22050
NOISE = (0.1 * np.random.default_rng(0).standard_normal((2, RATE_HZ))).astype(np.float32)


def test_agrees_with_librosa():
    a, b = (
        librosa.feature.mfcc(y=sound, sr=RATE_HZ, n_mfcc=13, n_fft=1024, hop_length=256) for sound in NOISE
    )
    np.testing.assert_allclose(mfcc_mae(NOISE[0], NOISE[1], RATE_HZ), np.abs(a - b).mean(), rtol=1e-5)


def test_a_gain_shows_in_coefficient_0_alone():
    # 20 dB in each of 128 bands: 20 √128 in coefficient 0, one of 13.
    np.testing.assert_allclose(mfcc_mae(NOISE, 0.1 * NOISE, RATE_HZ), 20 * np.sqrt(128) / 13, rtol=1e-4)
