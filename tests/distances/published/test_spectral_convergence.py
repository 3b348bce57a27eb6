"""Spectral convergence: closed forms, the definition, and the sample rate it is defined at."""

from __future__ import annotations

import librosa
import numpy as np

from tonewright.distances import spectral_convergence

RATE_HZ = 22050
NOISE = (0.1 * np.random.default_rng(0).standard_normal((2, RATE_HZ))).astype(np.float32)


def test_agrees_with_librosa():
    a, b = (np.abs(librosa.stft(sound, n_fft=1024, hop_length=256)) for sound in NOISE)
    expected = np.linalg.norm(a - b) / np.linalg.norm(a)
    np.testing.assert_allclose(spectral_convergence(NOISE[0], NOISE[1], RATE_HZ), expected, rtol=1e-5)


def test_a_gain_costs_its_distance_from_one_relative_to_the_target():
    gains = np.array([0.0, 0.5, 1.0, 2.0, 5.0], np.float32)
    scaled = gains[:, None] * NOISE[0]
    np.testing.assert_allclose(spectral_convergence(NOISE[0], scaled, RATE_HZ), np.abs(1 - gains), atol=1e-6)
    np.testing.assert_allclose(spectral_convergence(2 * NOISE[0], NOISE[0], RATE_HZ), 0.5, rtol=1e-6)


def test_a_silent_target_counts_as_a_magnitude_of_a_ten_thousandth():
    spectrum = librosa.stft(NOISE[0], n_fft=1024, hop_length=256)
    expected = np.sqrt((np.abs(spectrum) ** 2).mean()) / 1e-4
    np.testing.assert_allclose(spectral_convergence(0 * NOISE[0], NOISE[0], RATE_HZ), expected, rtol=1e-5)


def test_the_sample_rate_of_the_sounds_hardly_counts():
    def tone(rate_hz: int, frequency_hz: float) -> np.ndarray:
        return (0.3 * np.sin(2 * np.pi * frequency_hz * np.arange(rate_hz) / rate_hz)).astype(np.float32)

    values = [
        spectral_convergence(tone(rate, 440.0), tone(rate, 660.0), rate)[0] for rate in (16000, 22050, 44100)
    ]
    np.testing.assert_allclose(values, values[1], rtol=0.01)
