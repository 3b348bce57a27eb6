"""Batch spectra against librosa and closed forms."""

from __future__ import annotations

import librosa
import numpy as np
import pytest

from tonewright.features.stft import (
    frame_count,
    hann_window,
    magnitude_spectrogram,
    mel_spectrogram,
    power_spectrogram,
)
from tonewright.threads import numba_threads

SHAPES = [(441, 220), (1102, 441), (2205, 882), (4410, 2205), (1024, 256), (160, 80)]


@pytest.fixture(scope="module")
def noise() -> np.ndarray:
    return (0.1 * np.random.default_rng(0).standard_normal((3, 9001))).astype(np.float32)


@pytest.mark.parametrize(("n_fft", "hop"), SHAPES)
def test_magnitudes_agree_with_librosa(noise: np.ndarray, n_fft: int, hop: int):
    expected = np.abs(librosa.stft(noise, n_fft=n_fft, hop_length=hop)).swapaxes(1, 2)
    ours = magnitude_spectrogram(noise, n_fft, hop)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(power_spectrogram(noise, n_fft, hop), ours**2, rtol=1e-5)


@pytest.mark.parametrize(("n_fft", "hop"), SHAPES)
def test_mel_power_agrees_with_librosa(noise: np.ndarray, n_fft: int, hop: int):
    n_mels = 20
    expected = librosa.feature.melspectrogram(y=noise, sr=16000, n_fft=n_fft, hop_length=hop, n_mels=n_mels)
    ours = mel_spectrogram(noise, 16000, n_fft, hop, n_mels)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, expected.swapaxes(1, 2), rtol=1e-4)


@pytest.mark.parametrize("frames", [1, 2, 79, 80, 81, 160, 161, 2000])
@pytest.mark.parametrize("n_fft", [160, 161])
def test_frame_count_is_librosas(frames: int, n_fft: int):
    # librosa warns of a transform longer than the sound and then does what is wanted.
    padded = frames + 2 * (n_fft // 2)
    assert frame_count(frames, n_fft, 80) == 1 + (padded - n_fft) // 80
    assert power_spectrogram(np.ones((1, frames), np.float32), n_fft, 80).shape[1] == frame_count(
        frames, n_fft, 80
    )


def test_a_sine_on_a_bin_has_half_the_windows_sum():
    n_fft, k = 1024, 64
    sine = np.sin(2 * np.pi * k / n_fft * np.arange(8 * n_fft)).astype(np.float32)[None]
    middle = magnitude_spectrogram(sine, n_fft, 256)[0, 16]
    assert middle.argmax() == k
    np.testing.assert_allclose(middle[k], n_fft / 4, rtol=1e-5)
    np.testing.assert_allclose(middle[[k - 1, k + 1]], n_fft / 8, rtol=1e-4)
    assert np.delete(middle, [k - 1, k, k + 1]).max() < 1e-3


def test_hann_is_periodic_and_overlaps_to_a_constant():
    window = hann_window(512)
    np.testing.assert_allclose(window[:256] + window[256:], 1.0, atol=1e-6)
    assert not window.flags.writeable


def test_values_depend_neither_on_the_batch_nor_on_the_threads(noise: np.ndarray):
    whole_power, whole_mel = power_spectrogram(noise, 441, 220), mel_spectrogram(noise, 16000, 441, 220, 32)
    with numba_threads(1):
        for i in range(len(noise)):
            np.testing.assert_array_equal(power_spectrogram(noise[i : i + 1], 441, 220)[0], whole_power[i])
            np.testing.assert_array_equal(
                mel_spectrogram(noise[i : i + 1], 16000, 441, 220, 32)[0], whole_mel[i]
            )


def test_strided_input_is_taken_as_it_is(noise: np.ndarray):
    np.testing.assert_array_equal(
        power_spectrogram(noise[:, ::2], 160, 80), power_spectrogram(noise[:, ::2].copy(), 160, 80)
    )
