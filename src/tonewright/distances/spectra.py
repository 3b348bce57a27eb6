"""What several distances need, by the batch: windows in ms, decibels, cepstra, a mean difference."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tonewright.audio.levels import power_to_db
from tonewright.compiling import njit
from tonewright.features.mel import dct_matrix
from tonewright.features.stft import mel_spectrogram
from tonewright.threads import map_rows

# librosa's defaults, which the published values rest on.
_FLOOR_DB = -100.0
_RANGE_DB = 80.0
# Frames whose cepstra are worth a call, and innermost steps over pairs.
_ROWS_AT_ONCE, _STEPS_AT_ONCE = 256, 1 << 17

PairKernel = Callable[[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], int, int], None]


def samples_in(milliseconds: int, sample_rate_hz: int) -> int:
    """A duration in whole samples, rounded down as the published scripts do."""
    return milliseconds * sample_rate_hz // 1000


def log_mel(
    audio: NDArray[np.float32], sample_rate_hz: int, n_fft: int, hop: int, n_mels: int
) -> NDArray[np.float32]:
    """Mel spectrogram in dB re 1, no more than 80 dB below the loudest value of the sound in any channel.

    Args:
        audio: `[batch, channels, frames]` float32.
        sample_rate_hz: Sample rate.
        n_fft: Window and transform in samples.
        hop: Hop in samples.
        n_mels: Mel bands.

    Returns:
        `[batch, channels, n_frames, n_mels]` float32.
    """
    batch, channels, frames = audio.shape
    power = mel_spectrogram(audio.reshape(batch * channels, frames), sample_rate_hz, n_fft, hop, n_mels)
    decibels = power_to_db(power.reshape(batch, -1), _FLOOR_DB, _RANGE_DB)
    return decibels.reshape(batch, channels, -1, n_mels)


def mfcc(
    audio: NDArray[np.float32], sample_rate_hz: int, n_fft: int, hop: int, n_mels: int, n_mfcc: int
) -> NDArray[np.float32]:
    """Mel-frequency cepstral coefficients of `log_mel`, librosa's convention.

    Args:
        audio: `[batch, channels, frames]` float32.
        sample_rate_hz: Sample rate.
        n_fft: Window and transform in samples.
        hop: Hop in samples.
        n_mels: Mel bands.
        n_mfcc: Coefficients to keep, from the level (0) on.

    Returns:
        `[batch, channels, n_frames, n_mfcc]` float32.
    """
    decibels = log_mel(audio, sample_rate_hz, n_fft, hop, n_mels)
    rows = decibels.reshape(-1, n_mels)
    out = np.zeros((len(rows), n_mfcc), np.float32)
    matrix = np.ascontiguousarray(dct_matrix(n_mfcc, n_mels).T)
    map_rows(lambda first, last, _: _project(rows, matrix, out, first, last), len(rows), block=_ROWS_AT_ONCE)
    return out.reshape(*decibels.shape[:3], n_mfcc)


def mean_difference(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean absolute difference of each pair.

    Args:
        a: `[batch, ...]` float32.
        b: Likewise; either batch may be of one.

    Returns:
        `[batch]` float32.
    """
    a, b = a.reshape(len(a), -1), b.reshape(len(b), -1)
    return pair_by_pair(_mean_difference, a, b, a.shape[1])


def pair_by_pair(
    kernel: PairKernel, a: NDArray[np.float32], b: NDArray[np.float32], steps: int
) -> NDArray[np.float32]:
    """What a kernel makes of each pair.

    Args:
        kernel: Called with (a, b, out, first, last), writes some rows of `out`.
        a: `[batch, ...]` float32.
        b: Likewise; either batch may be of one.
        steps: Innermost steps that it makes for a pair.

    Returns:
        `[batch]` float32.
    """
    out = np.empty(max(len(a), len(b)), np.float32)
    block = max(1, _STEPS_AT_ONCE // steps)
    map_rows(lambda first, last, _: kernel(a, b, out, first, last), len(out), block=block)
    return out


@njit(cache=True, nogil=True)
def _project(
    rows: NDArray[np.float32], matrix: NDArray[np.float32], out: NDArray[np.float32], first: int, last: int
) -> None:
    """`out += rows @ matrix`, each row in one fixed order of summation, which BLAS does not promise."""
    for r in range(first, last):
        for m in range(matrix.shape[0]):
            for c in range(matrix.shape[1]):
                out[r, c] += rows[r, m] * matrix[m, c]


@njit(cache=True, nogil=True)
def _mean_difference(
    a: NDArray[np.float32], b: NDArray[np.float32], out: NDArray[np.float32], first: int, last: int
) -> None:
    for i in range(first, last):
        x, y = a[i % len(a)], b[i % len(b)]
        total = 0.0
        for k in range(len(x)):
            total += abs(x[k] - y[k])
        out[i] = total / len(x)
