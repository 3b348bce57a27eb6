"""The low-pass filter, and what follows it sample by sample: amplitude and DC blocker."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tonewright.compiling import njit
from tonewright.synths.serum_lite.oscillator import TICK

DC_BLOCK_HZ = 3.0
_SILENCE = 1e-15  # −300 dB: memories below it are emptied, denormal numbers being slow


@njit(cache=True, nogil=True, error_model="numpy")
def dc_pole(sample_rate_hz: float) -> float:
    """Pole of the DC blocker."""
    return 1.0 - 2 * np.pi * DC_BLOCK_HZ / sample_rate_hz


@njit(cache=True, nogil=True, error_model="numpy")
def low_pass(
    ticks: int,
    damping: float,
    pole: float,
    amplitude: NDArray[np.float64],
    gain: NDArray[np.float64],
    memory: NDArray[np.float64],
    audio: NDArray[np.float32],
    out: NDArray[np.float32],
    at: int,
) -> None:
    """Low-pass filter, amplitude and DC blocker of a block of ticks.

    Zero-delay state variable filter (trapezoidal integrators; A. Simper, 2013), written as s' = A·s + b·x so
    that only three operations lie between one sample and the next.
    """
    band, low, x1, y1 = memory[2], memory[3], memory[4], memory[5]
    for k in range(ticks):
        g, level = gain[k], amplitude[k]
        g_step, level_step = (gain[k + 1] - g) / TICK, (amplitude[k + 1] - level) / TICK
        for j in range(TICK):
            a1 = 1.0 / (1.0 + g * (g + damping))
            a2 = 2.0 * g * a1
            a3 = g * a2
            x = float(audio[k * TICK + j])
            u1, u2 = a2 * x, a3 * x
            next_band = (2.0 * a1 - 1.0) * band + (u1 - a2 * low)
            next_low = a2 * band + (u2 + (1.0 - a3) * low)
            y = 0.5 * (low + next_low) * level
            band, low = next_band, next_low
            y1 = (y - x1) + pole * y1
            x1 = y
            out[at + k * TICK + j] = np.float32(y1)
            g += g_step
            level += level_step
        band = band if abs(band) > _SILENCE else 0.0
        low = low if abs(low) > _SILENCE else 0.0
        y1 = y1 if abs(y1) > _SILENCE else 0.0
    memory[2], memory[3], memory[4], memory[5] = band, low, x1, y1
