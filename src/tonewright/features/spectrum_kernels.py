"""Compiled part of the spectral descriptors: windowed power, mel levels, cosine transform, peaks.

Frames are handled one by one or in small blocks, sums run in a fixed order: a value depends neither on the
batch around it nor on the number of threads.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from rocket_fft import r2c

from tonewright.compiling import njit
from tonewright.features.decibels import FLOOR_POWER

BLOCK = 4
"""Frames transformed together: enough to fill the vector units, few enough to stay in a core's cache."""


@njit(cache=True, nogil=True)
def windowed_power(
    samples: NDArray[np.float32],
    window: NDArray[np.float32],
    hop: int,
    out: NDArray[np.float32],
    first: int,
    last: int,
) -> None:
    """Squared magnitudes of the transforms of some windows.

    Args:
        samples: `[batch, length - hop + count * hop]`.
        window: `[length]`, its scale included.
        hop: Samples from one window to the next.
        out: `[batch * count, length // 2 + 1]`.
        first: First window, of all sounds together, a multiple of `BLOCK`.
        last: Where to stop: the window after the last one.
    """
    length = len(window)
    count = (samples.shape[1] - length) // hop + 1
    bins = out.shape[1]
    block, spectra = np.zeros((BLOCK, length), np.float32), np.empty((BLOCK, bins), np.complex64)
    along_rows = np.array([1])
    for begin in range(first, last, BLOCK):
        height = min(BLOCK, last - begin)
        for j in range(height):
            row, start = (begin + j) // count, (begin + j) % count * hop
            sound, windowed = samples[row, start : start + length], block[j]
            for i in range(length):
                windowed[i] = window[i] * sound[i]
        r2c(block[:height], spectra[:height], along_rows, True, 1.0, 1)
        for j in range(height):
            spectrum, squares = spectra[j], out[begin + j]
            for k in range(bins):
                squares[k] = spectrum[k].real * spectrum[k].real + spectrum[k].imag * spectrum[k].imag


@njit(cache=True, nogil=True)
def _dot(x: NDArray[np.float32], y: NDArray[np.float32], first: int, last: int) -> float:
    """Sum of products from `first` up to `last`; four running sums keep the adders busy."""
    a = b = c = d = np.float32(0.0)
    left, right = x[first:last], y[first:last]
    whole = len(left) // 4 * 4
    for i in range(0, whole, 4):
        a += left[i] * right[i]
        b += left[i + 1] * right[i + 1]
        c += left[i + 2] * right[i + 2]
        d += left[i + 3] * right[i + 3]
    for i in range(whole, len(left)):
        a += left[i] * right[i]
    return float((a + b) + (c + d))


@njit(cache=True, nogil=True)
def mel_levels(
    power: NDArray[np.float32],
    filters: NDArray[np.float32],
    spans: NDArray[np.int64],
    out: NDArray[np.float32],
    first: int,
    last: int,
) -> None:
    """Level of every mel band in dB, in some frames.

    Args:
        power: `[frames, bins]`.
        filters: `[n_mels, bins]`.
        spans: `[n_mels, 2]`: first bin and one past the last bin of each filter.
        out: `[frames, n_mels]`.
        first: First frame.
        last: Where to stop: the frame after the last one.
    """
    for frame in range(first, last):
        for m in range(len(filters)):
            band = _dot(filters[m], power[frame], spans[m, 0], spans[m, 1])
            out[frame, m] = 10.0 * math.log10(max(band, FLOOR_POWER))


@njit(cache=True, nogil=True)
def cosine_transform(
    levels: NDArray[np.float32],
    matrix: NDArray[np.float32],
    out: NDArray[np.float32],
    first: int,
    last: int,
) -> None:
    """`levels [frames, n_mels]` times `matrix [n_out, n_mels]` transposed, to `out [frames, n_out]`."""
    for frame in range(first, last):
        for c in range(len(matrix)):
            out[frame, c] = _dot(matrix[c], levels[frame], 0, levels.shape[1])


@njit(cache=True, nogil=True)
def _strongest(
    power: NDArray[np.float32], least: float, maxima: NDArray[np.int32], bins: NDArray[np.int64]
) -> int:
    """Write the local maxima above `least` to `bins`, the strongest first; how many there are.

    `maxima` is scratch, as long as the spectrum.
    """
    before, at, after = power, power[1:], power[2:]
    count = 0
    for k in range(len(after)):
        maxima[count] = k + 1  # without a branch, which would be guessed wrong as often as not
        count += (at[k] > least) & (at[k] > before[k]) & (at[k] >= after[k])
    found = 0
    for i in range(count):
        k = maxima[i]
        p = power[k]
        if found == len(bins) and p <= power[bins[-1]]:
            continue
        found = min(found + 1, len(bins))
        place = found - 1
        while place > 0 and power[bins[place - 1]] < p:
            bins[place] = bins[place - 1]
            place -= 1
        bins[place] = k
    return found


@njit(cache=True, nogil=True)
def largest(power: NDArray[np.float32]) -> float:
    """The largest value, 0 at least; four running ones keep the vector units busy."""
    a = b = c = d = np.float32(0.0)
    whole = len(power) // 4 * 4
    for k in range(0, whole, 4):
        a, b = max(a, power[k]), max(b, power[k + 1])
        c, d = max(c, power[k + 2]), max(d, power[k + 3])
    for k in range(whole, len(power)):
        a = max(a, power[k])
    return float(max(a, b, c, d))


@njit(cache=True, nogil=True, error_model="numpy")
def strongest_peaks(
    power: NDArray[np.float32],
    bin_hz: float,
    relative: float,
    frequency_hz: NDArray[np.float32],
    level_db: NDArray[np.float32],
    first: int,
    last: int,
) -> None:
    """Peaks of some spectra, refined by a parabola through three levels in dB.

    Places for which there is no peak are left as they are.

    Args:
        power: `[frames, bins]`, 1 being a sine of full scale.
        bin_hz: Distance between bins.
        relative: Power below which a peak is ignored, relative to the strongest bin of its frame.
        frequency_hz: `[frames, limit]`, the strongest first.
        level_db: `[frames, limit]`.
        first: First frame.
        last: Where to stop: the frame after the last one.
    """
    bins, maxima = np.empty(frequency_hz.shape[1], np.int64), np.empty(power.shape[1], np.int32)
    for frame in range(first, last):
        least = max(largest(power[frame]) * relative, FLOOR_POWER)
        for i in range(_strongest(power[frame], least, maxima, bins)):
            k = bins[i]
            left = 10.0 * math.log10(max(power[frame, k - 1], FLOOR_POWER * relative))
            middle = 10.0 * math.log10(power[frame, k])
            right = 10.0 * math.log10(max(power[frame, k + 1], FLOOR_POWER * relative))
            offset = 0.5 * (left - right) / (left - 2.0 * middle + right)
            frequency_hz[frame, i] = (k + offset) * bin_hz
            level_db[frame, i] = middle - 0.25 * (left - right) * offset
