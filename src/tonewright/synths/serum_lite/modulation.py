"""What moves at control rate: envelopes, LFO, cutoff. Pure functions of time, compiled for the kernel.

The elementary functions are short Taylor series rather than the C library's, so that a sound does not depend
on the machine it is rendered on.
"""

from __future__ import annotations

import numpy as np

from tonewright.compiling import njit

_POWERS = 2.0 ** np.arange(-128, 128)
_ENVELOPE_CURVE = 5.0  # falls go down by e⁻⁵, then are bent to end exactly at their time
_KNEE, _TOP = 0.4, 0.49  # above 0.4 of the sample rate the cutoff bends towards 0.49


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
def lfo_wave(cycles: float) -> float:
    """A sine of unit amplitude after so many cycles."""
    x = cycles - np.floor(cycles)
    if x > 0.75:
        return sine_of_cycle(x - 1.0)
    if x > 0.25:
        return sine_of_cycle(0.5 - x)
    return sine_of_cycle(x)


@njit(cache=True, nogil=True, error_model="numpy")
def fall(x: float) -> float:
    """From 1 at x ≤ 0 to 0 at x ≥ 1, exponentially."""
    if x <= 0:
        return 1.0
    if x >= 1:
        return 0.0
    floor = 0.006737946999085467  # e⁻⁵, so that the curve ends at 0
    return (exp2(-1.4426950408889634 * _ENVELOPE_CURVE * x) - floor) / (1 - floor)


@njit(cache=True, nogil=True, error_model="numpy")
def envelope(t: float, gate: float, attack: float, decay: float, sustain: float, release: float) -> float:
    """ADSR at time t, in seconds: a linear attack, then exponential falls, released from wherever it was."""
    held = min(t, gate)
    level = held / attack if held < attack else sustain + (1 - sustain) * fall((held - attack) / decay)
    return level if t <= gate else level * fall((t - gate) / release)


@njit(cache=True, nogil=True, error_model="numpy")
def filter_gain(cutoff_hz: float, sample_rate_hz: float) -> float:
    """The filter's g = tan(πf/fs): exact up to 0.4 fs, then bent so that it never reaches 0.49 fs."""
    f = cutoff_hz / sample_rate_hz
    if f > _KNEE:
        over = (f - _KNEE) / (_TOP - _KNEE)
        f = _KNEE + (_TOP - _KNEE) * over / (1 + over)
    return sine_of_cycle(f / 2) / sine_of_cycle(0.25 - f / 2)
