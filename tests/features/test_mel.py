"""The mel scale, the filter bank and the cosine transform, against librosa, SciPy and closed forms."""

from __future__ import annotations

import librosa
import numpy as np
import pytest
import scipy.fft

from tonewright.errors import UsageError
from tonewright.features.mel import dct_matrix, hz_to_mel, mel_filterbank, mel_to_hz

CASES = [
    (44100, 441, 32),  # odd length: the last bin lies below half the sample rate
    (44100, 1102, 64),
    (44100, 4410, 128),
    (22050, 1024, 128),
    (16000, 1024, 40),
    (48000, 2048, 64),
]


def test_mel_scale_agrees_with_librosa_and_inverts():
    hz = np.linspace(0.0, 24000.0, 2401)
    np.testing.assert_allclose(hz_to_mel(hz), librosa.hz_to_mel(hz), rtol=1e-12)
    np.testing.assert_allclose(mel_to_hz(hz_to_mel(hz)), hz, rtol=1e-12, atol=1e-9)


def test_mel_scale_is_linear_below_1_khz_and_logarithmic_above():
    np.testing.assert_allclose(hz_to_mel([0.0, 500.0, 1000.0]), [0.0, 7.5, 15.0])
    np.testing.assert_allclose(hz_to_mel(6400.0), 15.0 + 27.0)


@pytest.mark.parametrize(("sample_rate_hz", "n_fft", "n_mels"), CASES)
def test_filterbank_agrees_with_librosa(sample_rate_hz: int, n_fft: int, n_mels: int):
    expected = librosa.filters.mel(sr=sample_rate_hz, n_fft=n_fft, n_mels=n_mels)
    ours = mel_filterbank(sample_rate_hz, n_fft, n_mels)
    assert ours.dtype == np.float32
    assert ours.shape == (n_mels, n_fft // 2 + 1)
    np.testing.assert_allclose(ours, expected, rtol=1e-5, atol=1e-9)


def test_filterbank_with_band_edges_agrees_with_librosa():
    expected = librosa.filters.mel(sr=16000, n_fft=512, n_mels=40, fmin=60.0, fmax=7000.0)
    np.testing.assert_allclose(mel_filterbank(16000, 512, 40, 60.0, 7000.0), expected, rtol=1e-5, atol=1e-9)


def test_each_filter_has_unit_area():
    bin_hz = 44100 / 65536
    np.testing.assert_allclose(mel_filterbank(44100, 65536, 40).sum(axis=1) * bin_hz, 1.0, rtol=1e-3)


def test_dct_agrees_with_scipy_and_is_orthonormal():
    x = np.random.default_rng(0).standard_normal((7, 64))
    np.testing.assert_allclose(x @ dct_matrix(20, 64).T, scipy.fft.dct(x, norm="ortho")[:, :20], atol=1e-5)
    square = dct_matrix(40, 40)
    np.testing.assert_allclose(square @ square.T, np.eye(40), atol=1e-6)


def test_matrices_are_shared_and_read_only():
    for matrix in (mel_filterbank(16000, 512, 40), dct_matrix(13, 40)):
        with pytest.raises(ValueError, match="read-only"):
            matrix[0, 0] = 1.0
    assert mel_filterbank(16000, 512, 40) is mel_filterbank(16000, 512, 40)


@pytest.mark.parametrize(
    "ask",
    [
        lambda: mel_filterbank(16000, 512, 0),
        lambda: mel_filterbank(16000, 1, 4),
        lambda: mel_filterbank(16000, 512, 40, 5000.0, 4000.0),
        lambda: mel_filterbank(16000, 512, 40, -1.0),
        lambda: dct_matrix(41, 40),
        lambda: dct_matrix(0, 40),
    ],
)
def test_nonsense_is_refused(ask):
    with pytest.raises(UsageError):
        ask()
