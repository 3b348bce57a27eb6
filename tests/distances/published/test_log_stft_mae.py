"""Log-magnitude difference: closed forms and the definition."""

from __future__ import annotations

import librosa
import numpy as np

from tonewright.distances import log_stft_mae

RATE_HZ = 22050
NOISE = (0.1 * np.random.default_rng(0).standard_normal((2, RATE_HZ))).astype(np.float32)


def test_agrees_with_librosa():
    a, b = (
        np.log10(np.maximum(np.abs(librosa.stft(sound, n_fft=1024, hop_length=256)), 1e-4)) for sound in NOISE
    )
    np.testing.assert_allclose(log_stft_mae(NOISE[0], NOISE[1], RATE_HZ), np.abs(a - b).mean(), rtol=1e-5)


def test_twenty_decibels_are_one():
    np.testing.assert_allclose(log_stft_mae(NOISE, 0.1 * NOISE, RATE_HZ), 1.0, rtol=1e-3)


def test_what_lies_below_a_ten_thousandth_does_not_count():
    np.testing.assert_array_equal(log_stft_mae(1e-8 * NOISE, 0 * NOISE, RATE_HZ), 0.0)
    spectrum = np.abs(librosa.stft(NOISE[0], n_fft=1024, hop_length=256))
    expected = np.log10(np.maximum(spectrum, 1e-4) / 1e-4).mean()
    np.testing.assert_allclose(log_stft_mae(NOISE[0], 0 * NOISE[0], RATE_HZ), expected, rtol=1e-5)
