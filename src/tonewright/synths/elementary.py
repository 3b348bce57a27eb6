"""Elementary functions compiled for the kernels of synths.

They are short Taylor series rather than the C library's, so that a sound does not depend on the machine it is
rendered on.
"""

from __future__ import annotations

import numpy as np

from tonewright.compiling import njit

_POWERS = 2.0 ** np.arange(-128, 128)


@njit(cache=True, nogil=True, error_model="numpy")
def exp2(x: float) -> float:
    """2ˣ to a relative 3e-10 for −128 ≤ x < 127: Taylor series around the nearest whole number."""
    whole = np.floor(x + 0.5)
    f = (x - whole) * 0.6931471805599453
    # The factorials are constants that multiply: divisions would take ten times as long.
    series = 1 / 5040 + f * (1 / 40320)
    series = 1 / 24 + f * (1 / 120 + f * (1 / 720 + f * series))
    series = 1 + f * (1 + f * (1 / 2 + f * (1 / 6 + f * series)))
    return float(series * _POWERS[int(whole) + 128])


@njit(cache=True, nogil=True, error_model="numpy")
def sine_of_cycle(x: float) -> float:
    """The sine of 2πx to 1e-9 for x in −0.25…0.25: Taylor series."""
    a = 6.283185307179586 * x
    s = a * a
    series = 1 / 362880 - s * (1 / 39916800 - s * (1 / 6227020800))
    return a * (1 - s * (1 / 6 - s * (1 / 120 - s * (1 / 5040 - s * series))))


@njit(cache=True, nogil=True, error_model="numpy")
def sine_wave(cycles: float) -> float:
    """A sine of unit amplitude after so many cycles."""
    x = cycles - np.floor(cycles)
    if x > 0.75:
        return sine_of_cycle(x - 1.0)
    if x > 0.25:
        return sine_of_cycle(0.5 - x)
    return sine_of_cycle(x)


@njit(cache=True, nogil=True, error_model="numpy")
def soft_limit(x: float, knee: float, most: float) -> float:
    """`x` itself up to a knee, then ever slower towards `most`, without a kink; `x` and `knee` from 0."""
    if x <= knee:
        return x
    room = most - knee
    return knee + room * (x - knee) / (x - knee + room)


@njit(cache=True, nogil=True, error_model="numpy")
def hash32(x: np.uint32) -> np.uint32:
    """A whole number of 32 bits that looks random, another for every `x`: C. Wellons' lowbias32."""
    x = np.uint32(np.uint32(x ^ np.uint32(x >> np.uint32(16))) * np.uint32(0x7FEB352D))
    x = np.uint32(np.uint32(x ^ np.uint32(x >> np.uint32(15))) * np.uint32(0x846CA68B))
    return np.uint32(x ^ np.uint32(x >> np.uint32(16)))
