"""Spectral optimal transport, as published and of what can be heard."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from tonewright.audio.channels import mix_down
from tonewright.compiling import njit
from tonewright.distances.registry import Distance, distance
from tonewright.distances.spectra import pair_by_pair, samples_in
from tonewright.features.stft import magnitude_spectrogram

_LEAST_SUM = 1e-6
_AUDIBLE_DB = -80.0


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
    return _mean_transport(a, b, sample_rate_hz, floor=0.0)


def _audible_sot(a: NDArray[np.float32], b: NDArray[np.float32], sample_rate_hz: int) -> NDArray[np.float32]:
    """`sot`, to which a frame adds nothing where both sounds lie 80 dB below the loudest frame of either.

    As published, a tail that nobody hears counts as much as the sound before it: in its last frames a preset
    lies half a band away from its own copy in 16 bits, where rounding is all there is.
    """
    return _mean_transport(a, b, sample_rate_hz, floor=10 ** (_AUDIBLE_DB / 10))


audible_sot = Distance(
    name="audible_sot",
    meaning="how far spectral energy that can be heard has to move along the frequency axis",
    unit="of the band",
    source="sot, with a floor",
    identical=0.0,
    better="lower",
    symmetric=True,
    function=_audible_sot,
)
"""For judging a match; reports and comparisons show `sot`, whose values others publish."""


def _mean_transport(
    a: NDArray[np.float32], b: NDArray[np.float32], sample_rate_hz: int, *, floor: float
) -> NDArray[np.float32]:
    n_fft, hop = samples_in(50, sample_rate_hz), samples_in(20, sample_rate_hz)
    x, y = (magnitude_spectrogram(mix_down(sound), n_fft, hop) for sound in (a, b))
    return pair_by_pair(partial(_transport, floor), x, y, x[0].size)


@njit(cache=True, nogil=True)
def _transport(
    floor: float,
    a: NDArray[np.float32],
    b: NDArray[np.float32],
    out: NDArray[np.float32],
    first: int,
    last: int,
) -> None:
    """For each pair of magnitudes `[batch, n_frames, bins]`; frames below the floor (in power) are alike."""
    for i in range(first, last):
        x, y = a[i % len(a)], b[i % len(b)]
        n_frames, bins = x.shape
        least = floor * max(_loudest(x), _loudest(y)) if floor > 0.0 else 0.0
        total = 0.0
        for t in range(n_frames):
            if least > 0.0 and max(_power(x[t]), _power(y[t])) < least:
                continue
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


@njit(cache=True, nogil=True)
def _power(magnitudes: NDArray[np.float32]) -> float:
    total = 0.0
    for k in range(len(magnitudes)):
        total += magnitudes[k] ** 2
    return total


@njit(cache=True, nogil=True)
def _loudest(magnitudes: NDArray[np.float32]) -> float:
    loudest = 0.0
    for t in range(len(magnitudes)):
        loudest = max(loudest, _power(magnitudes[t]))
    return loudest
