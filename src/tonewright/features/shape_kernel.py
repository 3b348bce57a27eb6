"""Compiled part of the spectral shape."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tonewright.compiling import njit
from tonewright.features.decibels import FLOOR_POWER
from tonewright.features.spectrum_kernels import largest

# Columns of the result.
CENTROID, SPREAD, SKEWNESS, KURTOSIS, ROLLOFF, FLATNESS, CREST, SHAPES = range(8)

_ROLLOFF_SHARE = 0.95
# Logarithms are taken of products of this many ratios of at least 1e-10, which stay above 1e-160.
_PER_LOGARITHM = 16


@njit(cache=True, nogil=True)
def _flatness_and_crest(power: NDArray[np.float32], strongest: float, least: float) -> tuple[float, float]:
    """Geometric mean over mean, and maximum over mean, in dB; bins below `least` count as `least`."""
    bins = len(power)
    total = logarithms = 0.0
    product = 1.0
    for k in range(bins):
        ratio = max(float(power[k]), least) / strongest
        total += ratio
        product *= ratio
        if k % _PER_LOGARITHM == _PER_LOGARITHM - 1:
            logarithms += math.log10(product)
            product = 1.0
    logarithms += math.log10(product)
    mean_db = 10.0 * math.log10(total / bins)
    return 10.0 * logarithms / bins - mean_db, -mean_db


@njit(cache=True, nogil=True)
def _moments(magnitude: NDArray[np.float64], out: NDArray[np.float32], bin_hz: float) -> None:
    """Centroid, spread, skewness, kurtosis and rolloff of a distribution over bins."""
    total = first = 0.0
    for k in range(len(magnitude)):
        total += magnitude[k]
        first += k * magnitude[k]
    centroid = first / total
    second = third = fourth = 0.0
    for k in range(len(magnitude)):
        distance = k - centroid
        square = distance * distance * magnitude[k]
        second += square
        third += distance * square
        fourth += distance * distance * square
    variance = second / total
    out[CENTROID] = centroid * bin_hz
    out[SPREAD] = math.sqrt(variance) * bin_hz
    if variance > 0.0:
        out[SKEWNESS] = third / total / variance**1.5
        out[KURTOSIS] = fourth / total / variance**2
    k, below = 0, magnitude[0]
    while below < _ROLLOFF_SHARE * total:
        k += 1
        below += magnitude[k]
    beyond = (below - _ROLLOFF_SHARE * total) / magnitude[k]
    out[ROLLOFF] = max(0.0, k - beyond) * bin_hz


@njit(cache=True, nogil=True)
def spectral_shapes(
    power: NDArray[np.float32],
    bin_hz: float,
    heard: float,
    least: float,
    out: NDArray[np.float32],
    first: int,
    last: int,
) -> None:
    """Shape of some spectra.

    Args:
        power: `[frames, bins]`.
        bin_hz: Distance between bins.
        heard: Power, relative to the strongest bin, below which a bin has no part in the moments.
        least: Power, relative to the strongest bin, that every bin counts for in flatness at least.
        out: `[frames, SHAPES]`; zero where a spectrum is silent.
        first: First frame.
        last: Where to stop: the frame after the last one.
    """
    bins = power.shape[1]
    for frame in range(first, last):
        total, strongest = 0.0, largest(power[frame])
        for k in range(bins):
            total += power[frame, k]
        out[frame] = 0.0
        if total > FLOOR_POWER:
            magnitude = np.zeros(bins)
            for k in range(bins):
                if power[frame, k] > heard * strongest:
                    magnitude[k] = math.sqrt(power[frame, k])
            _moments(magnitude, out[frame], bin_hz)
            flatness, crest = _flatness_and_crest(power[frame], strongest, least * strongest)
            out[frame, FLATNESS], out[frame, CREST] = flatness, crest
