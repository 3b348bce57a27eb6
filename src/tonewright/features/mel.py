"""The mel scale (Slaney's), its filter bank, and the cosine transform that turns log-mel into MFCCs."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tonewright.errors import UsageError

# Slaney's Auditory Toolbox (1998): linear below 1 kHz, 27 logarithmic steps from there to 6.4 kHz.
_HZ_PER_MEL = 200.0 / 3.0
_BREAK_HZ = 1000.0
_BREAK_MEL = _BREAK_HZ / _HZ_PER_MEL
_LOG_STEP = math.log(6.4) / 27.0


def hz_to_mel(frequency_hz: ArrayLike) -> NDArray[np.float64]:
    """Frequency to mel on Slaney's scale.

    Args:
        frequency_hz: Frequencies in Hz, any shape, not negative.

    Returns:
        Mels, same shape; 15 mel is 1 kHz.
    """
    hz = np.asarray(frequency_hz, dtype=np.float64)
    logarithmic = _BREAK_MEL + np.log(np.maximum(hz, _BREAK_HZ) / _BREAK_HZ) / _LOG_STEP
    return np.where(hz < _BREAK_HZ, hz / _HZ_PER_MEL, logarithmic)


def mel_to_hz(mel: ArrayLike) -> NDArray[np.float64]:
    """Mel on Slaney's scale to frequency in Hz; the inverse of `hz_to_mel`.

    Args:
        mel: Mels, any shape, not negative.

    Returns:
        Frequencies in Hz, same shape.
    """
    mel = np.asarray(mel, dtype=np.float64)
    logarithmic = _BREAK_HZ * np.exp(_LOG_STEP * (np.maximum(mel, _BREAK_MEL) - _BREAK_MEL))
    return np.where(mel < _BREAK_MEL, mel * _HZ_PER_MEL, logarithmic)


@lru_cache(maxsize=64)
def mel_filterbank(
    sample_rate_hz: int, n_fft: int, n_mels: int, f_min_hz: float = 0.0, f_max_hz: float | None = None
) -> NDArray[np.float32]:
    """Triangular filters, equally spaced in mel, each of unit area in Hz.

    A filter narrower than a bin may hold none; its row is then zero, as in the published definitions.

    Args:
        sample_rate_hz: Sample rate of the sound.
        n_fft: Length of the transform, even or odd.
        n_mels: How many filters.
        f_min_hz: Lower edge of the lowest filter.
        f_max_hz: Upper edge of the highest filter; half the sample rate by default.

    Returns:
        `[n_mels, n_fft // 2 + 1]` float32, read-only and shared between callers; it weights *power* spectra.

    Raises:
        UsageError: The band is empty or no filter is asked for.
    """
    top_hz = sample_rate_hz / 2 if f_max_hz is None else f_max_hz
    if n_mels < 1 or n_fft < 2:
        raise UsageError(f"a filter bank needs n_mels >= 1 and n_fft >= 2; got {n_mels} and {n_fft}")
    if not 0 <= f_min_hz < top_hz:
        raise UsageError(f"a filter bank needs 0 <= f_min_hz < f_max_hz; got {f_min_hz} and {top_hz} Hz")
    edges_hz = mel_to_hz(np.linspace(hz_to_mel(f_min_hz), hz_to_mel(top_hz), n_mels + 2))
    left, centre, right = edges_hz[:-2, None], edges_hz[1:-1, None], edges_hz[2:, None]
    bins_hz = np.fft.rfftfreq(n_fft, d=1.0 / sample_rate_hz)
    triangles = np.minimum((bins_hz - left) / (centre - left), (right - bins_hz) / (right - centre))
    filters = (np.maximum(triangles, 0.0) * (2.0 / (right - left))).astype(np.float32)
    filters.flags.writeable = False
    return filters


def filter_spans(filters: NDArray[np.float32]) -> NDArray[np.int64]:
    """First bin and one past the last bin of each filter `[n_mels, bins]`, `[n_mels, 2]`; equal if empty."""
    inside = filters > 0
    first = inside.argmax(axis=1)
    return np.stack([first, first + inside.sum(axis=1)], axis=1)


@lru_cache(maxsize=64)
def dct_matrix(n_out: int, n_in: int) -> NDArray[np.float32]:
    """The orthonormal type-II discrete cosine transform as a matrix: MFCCs are `dct_matrix @ log_mel`.

    Args:
        n_out: How many coefficients to keep, the lowest first; at most `n_in`.
        n_in: Length of the vectors to transform.

    Returns:
        `[n_out, n_in]` float32, read-only and shared between callers; its rows are orthonormal.

    Raises:
        UsageError: More coefficients are asked for than there are inputs.
    """
    if not 1 <= n_out <= n_in:
        raise UsageError(f"a cosine transform keeps 1 to {n_in} of {n_in} coefficients; got {n_out}")
    order = np.arange(n_out, dtype=np.float64)[:, None]
    position = np.arange(n_in, dtype=np.float64) + 0.5
    rows = np.sqrt(2.0 / n_in) * np.cos(np.pi / n_in * order * position)
    rows[0] /= np.sqrt(2.0)
    matrix: NDArray[np.float32] = rows.astype(np.float32)
    matrix.flags.writeable = False
    return matrix
