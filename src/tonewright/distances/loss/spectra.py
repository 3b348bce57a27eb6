"""Magnitude spectra of eight neighbouring frames at once.

Frames of one sound lie in the lanes of a `Lanes` value, so that the transform of eight frames is written like
the transform of one. Windows are four hops long: laid side by side, hop by hop, the samples that the first
butterfly joins are neighbours in memory, and framing costs one transposition of the sound instead of a copy
of each frame.

Measured on an AVX-512 core: 1.4 µs for a frame of 2048 points with window and magnitude; the transform alone
takes 3.0 µs with one frame after the other.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tonewright.compiling import njit
from tonewright.distances.loss.lanes import (
    LANES,
    Lanes,
    load,
    magnitude,
    root,
    splat,
    store,
    transpose,
)

HOPS_PER_WINDOW = 4
HOP_COLUMNS = 16
"""Room for the 11 hops that eight overlapping frames share."""
COMPLEX = 2 * LANES
"""Numbers in one complex row: eight real parts, then eight imaginary parts."""

_Complex: TypeAlias = tuple[Lanes, Lanes]


class Resolution(NamedTuple):
    """Tables for one window length N = 2n; the hop is N/4.

    Attributes:
        window: `[N]` squared Hann, scaled so that a sine of amplitude 1 on a bin reads 1.
        twiddles: Rotations of the butterflies, cosine and sine of three each, pass after pass.
        unpacking: Cosine and sine of 2πk/N, for k up to n/2: they split a complex transform of even and odd
            samples into the spectrum of the real signal.
        rows: `[n]` the row in which the transform leaves each bin.
    """

    window: NDArray[np.float32]
    twiddles: NDArray[np.float32]
    unpacking: NDArray[np.float32]
    rows: NDArray[np.int64]


@lru_cache(maxsize=8)
def resolution(window_length: int) -> Resolution:
    """Tables for a window of that many samples, a power of two from 16 on."""
    n = window_length // 2
    window = analysis_window(window_length)
    twiddles = []
    # Decimation in frequency leaves bin k in the row whose digits are those of k in reverse.
    rows, digits, length = np.zeros(n, np.int64), np.arange(n), n
    while length > 1:
        radix = 4 if length >= 4 else 2
        length //= radix
        rows += digits % radix * length
        digits //= radix
        if radix == 4:
            turns = np.outer(np.arange(length), [1, 2, 3]) / (4 * length)
            twiddles.append(_cosines_and_sines(turns))
    return Resolution(
        # A sine peaks at half the window's sum; the factor 2 that is missing here comes with the unpacking.
        window=(window / window.sum()).astype(np.float32),
        twiddles=np.concatenate(twiddles),
        unpacking=_cosines_and_sines(np.arange(n // 2 + 1) / window_length),
        rows=rows,
    )


def analysis_window(length: int) -> NDArray[np.float64]:
    """Periodic Hann window, squared.

    What a plain Hann window leaks from a pure tone reaches 80 dB down only some ten bins away, and whether it
    does depends on how the tone lies between two bins: a loss in decibels would then not rise evenly with
    detuning.
    """
    hann = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(length) / length)
    squared: NDArray[np.float64] = hann**2
    return squared


@njit(cache=True, nogil=True)
def frame_count(samples: int, window_length: int) -> int:
    """Frames of a sound with window − hop zeros at both ends: four frames cover every sample alike."""
    hop = window_length // HOPS_PER_WINDOW
    return (samples + hop - 1) // hop + HOPS_PER_WINDOW - 1


@njit(cache=True, nogil=True)
def group_count(samples: int, window_length: int) -> int:
    """Groups of eight frames that hold those frames; what fills the last group up is silent."""
    return (frame_count(samples, window_length) + LANES - 1) // LANES


def _cosines_and_sines(turns: NDArray[np.float64]) -> NDArray[np.float32]:
    angles = -2.0 * np.pi * turns
    return np.stack([np.cos(angles), np.sin(angles)], axis=-1).ravel().astype(np.float32)


@njit(nogil=True)
def spectra_of_group(
    signal: NDArray[np.float32],
    group: int,
    tables: Resolution,
    hops: NDArray[np.float32],
    work: NDArray[np.float32],
    out: NDArray[np.float32],
    at: int,
) -> None:
    """Magnitude spectra of the frames 8·group … 8·group + 7; groups of a sound go in order, from 0.

    Args:
        signal: The sound, followed by zeros up to 8 hops per group.
        group: Which frames.
        tables: What the window length gives.
        hops: `[hop · HOP_COLUMNS]` scratch; carries three hops from one group to the next.
        work: `[n · COMPLEX]` scratch.
        out: Where bins 0 … n − 1 go, eight frames each. The bin at half the sample rate is left out, which
            keeps rows a power of two.
        at: Index in `out` at which they begin.
    """
    _lay_out_hops(signal, group, len(tables.window) // HOPS_PER_WINDOW, hops)
    _transform(hops, tables, work)
    _unpack(work, tables, out, at)


@njit(nogil=True, forceinline=True)
def _lay_out_hops(signal: NDArray[np.float32], group: int, hop: int, hops: NDArray[np.float32]) -> None:
    """Put the hops 8·group − 3 … 8·group + 7 side by side as columns: sample j of each lies in row j."""
    overlap = HOPS_PER_WINDOW - 1
    for row in range(0, hop * HOP_COLUMNS, HOP_COLUMNS):
        before = load(hops, row + LANES) if group > 0 else splat(np.float32(0.0))
        store(hops, row, before)
    for j in range(0, hop, LANES):
        transpose(signal, group * LANES * hop + j, hop, hops, j * HOP_COLUMNS + overlap, HOP_COLUMNS)


@njit(nogil=True, forceinline=True)
def _transform(hops: NDArray[np.float32], tables: Resolution, work: NDArray[np.float32]) -> None:
    """Complex transform of length n, even samples as real and odd ones as imaginary parts, in place."""
    window, twiddles = tables.window, tables.twiddles
    quarter = len(tables.rows) // 4
    step = quarter * COMPLEX
    for j in range(quarter):
        _butterfly(
            work,
            j * COMPLEX,
            step,
            _windowed(hops, window, 2 * j, 0),
            _windowed(hops, window, 2 * j, 1),
            _windowed(hops, window, 2 * j, 2),
            _windowed(hops, window, 2 * j, 3),
            twiddles,
            6 * j,
        )
    # One quarter after the other goes through all its passes, since a quarter fits the first-level cache.
    for begin in range(0, 4 * step, step):
        length, t = quarter, 6 * quarter
        while length >= 4:
            for start in range(begin, begin + step, length * COMPLEX):
                _radix4_pass(work, start, length // 4, twiddles, t)
            length //= 4
            t += 6 * length
        if length == 2:
            for start in range(begin, begin + step, 2 * COMPLEX):
                _radix2(work, start)


@njit(nogil=True, forceinline=True)
def _windowed(hops: NDArray[np.float32], window: NDArray[np.float32], j: int, hop: int) -> _Complex:
    """Samples j and j + 1 of the hop-th hop of each frame."""
    at = j * HOP_COLUMNS + hop
    w = hop * (len(window) // HOPS_PER_WINDOW) + j
    return load(hops, at) * splat(window[w]), load(hops, at + HOP_COLUMNS) * splat(window[w + 1])


@njit(nogil=True, forceinline=True)
def _radix4_pass(
    work: NDArray[np.float32], start: int, quarter: int, twiddles: NDArray[np.float32], t: int
) -> None:
    step = quarter * COMPLEX
    for j in range(quarter):
        at = start + j * COMPLEX
        _butterfly(
            work,
            at,
            step,
            _get(work, at),
            _get(work, at + step),
            _get(work, at + 2 * step),
            _get(work, at + 3 * step),
            twiddles,
            t + 6 * j,
        )


@njit(nogil=True, forceinline=True)
def _butterfly(
    work: NDArray[np.float32],
    at: int,
    step: int,
    a: _Complex,
    b: _Complex,
    c: _Complex,
    d: _Complex,
    twiddles: NDArray[np.float32],
    t: int,
) -> None:
    """Radix-4 butterfly, decimation in frequency; outputs lie `step` apart from `at` on."""
    ac_sum, ac_difference = (a[0] + c[0], a[1] + c[1]), (a[0] - c[0], a[1] - c[1])
    bd_sum, bd_difference = (b[0] + d[0], b[1] + d[1]), (b[0] - d[0], b[1] - d[1])
    store(work, at, ac_sum[0] + bd_sum[0])
    store(work, at + LANES, ac_sum[1] + bd_sum[1])
    one = (ac_difference[0] + bd_difference[1], ac_difference[1] - bd_difference[0])
    two = (ac_sum[0] - bd_sum[0], ac_sum[1] - bd_sum[1])
    three = (ac_difference[0] - bd_difference[1], ac_difference[1] + bd_difference[0])
    _put(work, at + step, _rotated(one, twiddles, t))
    _put(work, at + 2 * step, _rotated(two, twiddles, t + 2))
    _put(work, at + 3 * step, _rotated(three, twiddles, t + 4))


@njit(nogil=True, forceinline=True)
def _radix2(work: NDArray[np.float32], at: int) -> None:
    a, b = _get(work, at), _get(work, at + COMPLEX)
    _put(work, at, (a[0] + b[0], a[1] + b[1]))
    _put(work, at + COMPLEX, (a[0] - b[0], a[1] - b[1]))


@njit(nogil=True, forceinline=True)
def _unpack(work: NDArray[np.float32], tables: Resolution, out: NDArray[np.float32], at: int) -> None:
    """Magnitudes of the real spectrum: bins k and n − k come from rows k and n − k of the complex one."""
    rows = tables.rows
    n = len(rows)
    real, imaginary = _get(work, 0)
    store(out, at, magnitude(real + imaginary + (real + imaginary)))
    for k in range(1, n // 2 + 1):
        a, b = _get(work, rows[k] * COMPLEX), _get(work, rows[n - k] * COMPLEX)
        even = (a[0] + b[0], a[1] - b[1])
        odd = _rotated((a[1] + b[1], b[0] - a[0]), tables.unpacking, 2 * k)
        store(out, at + k * LANES, _modulus(even[0] + odd[0], even[1] + odd[1]))
        store(out, at + (n - k) * LANES, _modulus(even[0] - odd[0], even[1] - odd[1]))


@njit(nogil=True, forceinline=True)
def _rotated(z: _Complex, factors: NDArray[np.float32], t: int) -> _Complex:
    cosine, sine = splat(factors[t]), splat(factors[t + 1])
    return z[0] * cosine - z[1] * sine, z[0] * sine + z[1] * cosine


@njit(nogil=True, forceinline=True)
def _modulus(real: Lanes, imaginary: Lanes) -> Lanes:
    return root(real * real + imaginary * imaginary)


@njit(nogil=True, forceinline=True)
def _get(work: NDArray[np.float32], at: int) -> _Complex:
    return load(work, at), load(work, at + LANES)


@njit(nogil=True, forceinline=True)
def _put(work: NDArray[np.float32], at: int, z: _Complex) -> None:
    store(work, at, z[0])
    store(work, at + LANES, z[1])
