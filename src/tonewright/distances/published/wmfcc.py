"""Warped MFCC distance: cepstra compared along the best time alignment."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tonewright.compiling import njit
from tonewright.distances.registry import distance
from tonewright.distances.spectra import mfcc, pair_by_pair, samples_in


@distance(
    meaning="difference of MFCCs along the best time alignment",
    unit="MFCC",
    source="Hayes, Saitis, Fazekas, ISMIR 2025 (evaluation script)",
)
def wmfcc(a: NDArray[np.float32], b: NDArray[np.float32], sample_rate_hz: int) -> NDArray[np.float32]:
    """Dynamic time warping cost of 20 MFCCs (128 mel bands, 50 ms every 10 ms), over the sum of both lengths.

    The cost of a step is the mean absolute difference of the coefficients of all channels; a diagonal step
    counts twice (the symmetric form of Sakoe and Chiba, 1978). Level counts, through coefficient 0. Time to
    compute grows with the square of the duration.
    """
    n_fft, hop = samples_in(50, sample_rate_hz), samples_in(10, sample_rate_hz)
    x, y = (mfcc(sound, sample_rate_hz, n_fft, hop, n_mels=128, n_mfcc=20) for sound in (a, b))
    x, y = _by_frame(x), np.ascontiguousarray(_by_frame(y).swapaxes(1, 2))
    return pair_by_pair(_warped_differences, x, y, x[0].size * y.shape[2])


def _by_frame(cepstra: NDArray[np.float32]) -> NDArray[np.float32]:
    """`[batch, channels, n_frames, n_mfcc]` to `[batch, n_frames, n_mfcc × channels]`."""
    batch, channels, n_frames, n_mfcc = cepstra.shape
    return cepstra.transpose(0, 2, 3, 1).reshape(batch, n_frames, n_mfcc * channels)


@njit(cache=True, nogil=True)
def _warped_differences(
    a: NDArray[np.float32], b: NDArray[np.float32], out: NDArray[np.float32], first: int, last: int
) -> None:
    """For each pair of `a` `[batch, frames, features]` and `b` `[batch, features, frames]`."""
    for i in range(first, last):
        out[i] = _warped_difference(a[i % len(a)], b[i % len(b)])


@njit(cache=True, nogil=True)
def _warped_difference(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """Normalised cost of the best alignment of `a` `[frames, features]` with `b` `[features, frames]`."""
    (n, features), m = a.shape, b.shape[1]
    # The cheapest way to each frame of b at this frame of a and at the one before; column 0 lies before b.
    before, now = np.full(m + 1, np.inf), np.full(m + 1, np.inf)
    for i in range(n):
        # Features outside, frames inside: the inner loop then adds eight frames at a time.
        cost = np.zeros(m, np.float32)
        for k in range(features):
            for j in range(m):
                cost[j] += abs(a[i, k] - b[k, j])
        for j in range(m):
            step = cost[j] / features
            if i == 0 and j == 0:
                now[1] = step
            else:
                now[j + 1] = min(before[j] + 2.0 * step, before[j + 1] + step, now[j] + step)
        before, now = now, before
    return float(before[m] / (n + m))
