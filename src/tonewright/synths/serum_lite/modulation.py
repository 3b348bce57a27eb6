"""What moves at control rate: envelopes, cutoff. Pure functions of time, compiled for the kernel."""

from __future__ import annotations

from tonewright.compiling import njit
from tonewright.synths.elementary import exp2, sine_of_cycle

_ENVELOPE_CURVE = 5.0  # falls go down by e⁻⁵, then are bent to end exactly at their time
_KNEE, _TOP = 0.4, 0.49  # above 0.4 of the sample rate the cutoff bends towards 0.49


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
