"""Random numbers of rows inside compiled loops.

A row's numbers come of a state of its own, seeded once an episode by the row's generator: a call of NumPy for
each of them would cost more than all the rest of a step. SplitMix64 (Steele, Lea and Flood 2014).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tonewright.compiling import njit

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_30, _27, _31, _11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
_UNIT = 2.0**-53


@njit(cache=True, nogil=True)
def uniform(states: NDArray[np.uint64], row: int) -> float:
    """The next number of a row, evenly spread over [0, 1)."""
    states[row] += _GOLDEN
    z = states[row]
    z = (z ^ (z >> _30)) * _FIRST
    z = (z ^ (z >> _27)) * _SECOND
    z ^= z >> _31
    return float(z >> _11) * _UNIT


@njit(cache=True, nogil=True)
def log_uniform(states: NDArray[np.uint64], row: int, low: float, high: float) -> float:
    """The next number of a row, its logarithm evenly spread between those of two bounds."""
    return float(low * (high / low) ** uniform(states, row))


@njit(cache=True, nogil=True)
def uniforms(rows: NDArray[np.intp], states: NDArray[np.uint64], out: NDArray[np.float32]) -> None:
    """Fill some rows of `[B, …]` with their next numbers, evenly spread over [0, 1)."""
    for b in rows:
        for d in range(out.shape[1]):
            out[b, d] = uniform(states, b)
