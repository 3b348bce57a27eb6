"""Spectral optimal transport."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tonewright.compiling import njit
from tonewright.distances.registry import distance
from tonewright.distances.spectra import mix_down, pair_by_pair, samples_in
from tonewright.features.stft import magnitude_spectrogram

_LEAST_SUM = 1e-6


@distance(
    meaning="how far spectral energy has to move along the frequency axis",
    unit="of the band",
    source="Torres, Peeters, Richard, 2024; Hayes, Saitis, Fazekas, ISMIR 2025 (evaluation script)",
)
def sot(a: NDArray[np.float32], b: NDArray[np.float32], sample_rate_hz: int) -> NDArray[np.float32]:
    """Wasserstein-1 distance between magnitude spectra of unit sum, mean over frames (50 ms every 20 ms).

    The unit is the band from 0 Hz to half the sample rate: at 16 kHz, 0.1 is a move of 800 Hz on average. The
    level of a frame does not count. A silent frame weighs nothing anywhere, which puts it as far from a sound
    as that sound's centroid lies from the top of the band.
    """
    n_fft, hop = samples_in(50, sample_rate_hz), samples_in(20, sample_rate_hz)
    x, y = (magnitude_spectrogram(mix_down(sound), n_fft, hop) for sound in (a, b))
    return pair_by_pair(_transport, x, y, x[0].size)


@njit(cache=True, nogil=True)
def _transport(
    a: NDArray[np.float32], b: NDArray[np.float32], out: NDArray[np.float32], first: int, last: int
) -> None:
    """For each pair of magnitudes `[batch, n_frames, bins]`."""
    for i in range(first, last):
        x, y = a[i % len(a)], b[i % len(b)]
        n_frames, bins = x.shape
        total = 0.0
        for t in range(n_frames):
            x_sum = y_sum = 0.0
            for k in range(bins):
                x_sum += x[t, k]
                y_sum += y[t, k]
            x_scale, y_scale = 1.0 / max(x_sum, _LEAST_SUM), 1.0 / max(y_sum, _LEAST_SUM)
            x_below = y_below = 0.0
            for k in range(bins):
                x_below += x[t, k]
                y_below += y[t, k]
                total += abs(x_below * x_scale - y_below * y_scale)
        out[i] = total / (n_frames * bins)
