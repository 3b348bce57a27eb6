"""Compiled part of the level descriptors: what one pass over the samples of each hop can tell.

Every quantity is kept twice: over the whole hop, and over its last samples only, because a window that is no
multiple of the hop begins inside one. Sums over a window are then sums over hops, made afresh for every
frame: nothing is added and subtracted over hours, so nothing drifts.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tonewright.compiling import njit

# Columns of the results.
ENERGY, CROSSINGS, QUANTITIES = 0, 1, 2
WHOLE, TAIL, SPANS = 0, 1, 2

# A state this small is silence (−600 dBFS); left to decay it would end in slow denormal numbers.
_NOTHING = 1e-30


@njit(cache=True, nogil=True)
def _energy_and_crossings(
    samples: NDArray[np.float32], start: int, hop: int, tail: int, out: NDArray[np.float64]
) -> None:
    """Sum of squares and sign changes of the hop at `start`; a change belongs to the sample after it."""
    early = late = 0.0
    changes = late_changes = 0
    for i in range(start, start + hop - tail):
        early += float(samples[i]) * float(samples[i])
        changes += (samples[i] < 0.0) != (samples[i - 1] < 0.0)
    for i in range(start + hop - tail, start + hop):
        late += float(samples[i]) * float(samples[i])
        late_changes += (samples[i] < 0.0) != (samples[i - 1] < 0.0)
    out[ENERGY, WHOLE], out[ENERGY, TAIL] = early + late, late
    out[CROSSINGS, WHOLE], out[CROSSINGS, TAIL] = changes + late_changes, late_changes


@njit(cache=True, nogil=True)
def _true_peak(
    samples: NDArray[np.float32],
    start: int,
    tail: int,
    interpolator: NDArray[np.float32],
    between: NDArray[np.float32],
    highest: NDArray[np.float32],
    out: NDArray[np.float64],
) -> None:
    """Largest magnitude at and between the samples of the hop at `start`; two scratch arrays `[hop]`."""
    phases, taps = interpolator.shape
    hop = len(highest)
    for i in range(hop):
        highest[i] = abs(samples[start + i])
    for phase in range(phases):
        between[:] = 0.0
        for t in range(taps):
            weight = interpolator[phase, t]
            delayed = samples[start - taps + 1 + t : start - taps + 1 + t + hop]
            for i in range(hop):
                between[i] += weight * delayed[i]
        for i in range(hop):
            magnitude = abs(between[i])
            highest[i] = magnitude if magnitude > highest[i] else highest[i]
    early = late = np.float32(0.0)
    for i in range(hop - tail):
        early = max(early, highest[i])
    for i in range(hop - tail, hop):
        late = max(late, highest[i])
    out[WHOLE], out[TAIL] = max(early, late), late


@njit(cache=True, nogil=True)
def hop_levels(
    samples: NDArray[np.float32],
    hop: int,
    tail: int,
    out: NDArray[np.float64],
    first: int,
    last: int,
) -> None:
    """Energy and zero crossings of some hops.

    Args:
        samples: `[batch, 1 + count * hop]` or more; the hops begin after the earlier samples.
        hop: Length of a hop.
        tail: How many of its last samples are also measured on their own, less than `hop`.
        out: `[batch, count, QUANTITIES, SPANS]`.
        first: First hop, of all sounds together.
        last: Where to stop: the hop after the last one.
    """
    count = out.shape[1]
    past = samples.shape[1] - count * hop
    for number in range(first, last):
        row, k = number // count, number % count
        _energy_and_crossings(samples[row], past + k * hop, hop, tail, out[row, k])


@njit(cache=True, nogil=True)
def true_peaks(
    samples: NDArray[np.float32],
    hop: int,
    tail: int,
    interpolator: NDArray[np.float32],
    out: NDArray[np.float64],
    first: int,
    last: int,
) -> None:
    """Largest magnitude at and between the samples of some hops.

    Args:
        samples: `[batch, taps + count * hop]`; the hops begin after `taps` earlier samples.
        hop: Length of a hop.
        tail: How many of its last samples are also measured on their own, less than `hop`.
        interpolator: `[phases, taps]`, one filter to each point between two samples.
        out: `[batch, count, SPANS]`.
        first: First hop, of all sounds together.
        last: Where to stop: the hop after the last one.
    """
    count = out.shape[1]
    past = samples.shape[1] - count * hop
    between, highest = np.empty(hop, np.float32), np.empty(hop, np.float32)
    for number in range(first, last):
        row, k = number // count, number % count
        _true_peak(samples[row], past + k * hop, tail, interpolator, between, highest, out[row, k])


@njit(cache=True, nogil=True)
def weighted_energies(
    hops: NDArray[np.float32],
    hop: int,
    tail: int,
    sections: NDArray[np.float64],
    state: NDArray[np.float64],
    out: NDArray[np.float64],
    first: int,
    last: int,
) -> None:
    """Energy of the hops of some sounds behind two second-order sections.

    Transposed direct form II, double precision.

    Args:
        hops: `[batch, count * hop]`.
        hop: Length of a hop.
        tail: How many of its last samples are also measured on their own, less than `hop`.
        sections: `[2, 6]`: b0, b1, b2, a0 = 1, a1, a2.
        state: `[batch, 4]`, carried from run to run.
        out: `[batch, count, SPANS]`.
        first: First sound.
        last: Where to stop: the sound after the last one.
    """
    b0, b1, b2, _, a1, a2 = sections[0]
    d0, d1, d2, _, c1, c2 = sections[1]
    for row in range(first, last):
        s0, s1, s2, s3 = state[row]
        for k in range(out.shape[1]):
            early = late = 0.0
            for i in range(hop):
                x = float(hops[row, k * hop + i])
                y = b0 * x + s0
                s0 = b1 * x - a1 * y + s1
                s1 = b2 * x - a2 * y
                z = d0 * y + s2
                s2 = d1 * y - c1 * z + s3
                s3 = d2 * y - c2 * z
                if i < hop - tail:
                    early += z * z
                else:
                    late += z * z
            out[row, k, WHOLE], out[row, k, TAIL] = early + late, late
            if abs(s0) + abs(s1) + abs(s2) + abs(s3) < _NOTHING:
                s0 = s1 = s2 = s3 = 0.0
        state[row, 0], state[row, 1], state[row, 2], state[row, 3] = s0, s1, s2, s3


@njit(cache=True, nogil=True)
def sum_over_window(spans: NDArray[np.float64], past: int, out: NDArray[np.float64]) -> None:
    """Total of the tail of one hop and the `past` whole hops after it, for every frame.

    Args:
        spans: `[batch, past + count, SPANS]`.
        past: Whole hops in the window.
        out: `[batch, count]`.
    """
    for row in range(out.shape[0]):
        for k in range(out.shape[1]):
            total = spans[row, k, TAIL]
            for j in range(k + 1, k + past + 1):
                total += spans[row, j, WHOLE]
            out[row, k] = total


@njit(cache=True, nogil=True)
def largest_in_window(spans: NDArray[np.float64], past: int, out: NDArray[np.float64]) -> None:
    """As `sum_over_window`, the largest value instead of the total."""
    for row in range(out.shape[0]):
        for k in range(out.shape[1]):
            largest = spans[row, k, TAIL]
            for j in range(k + 1, k + past + 1):
                largest = max(largest, spans[row, j, WHOLE])
            out[row, k] = largest
