"""Chroma: how energy is shared among the twelve pitch classes."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tonewright.compiling import njit
from tonewright.features.frames import Frames
from tonewright.features.registry import descriptor
from tonewright.features.spectra import PEAK_LIMIT, spectral_peaks
from tonewright.threads import map_rows

_CLASSES = ("c", "c_sharp", "d", "d_sharp", "e", "f", "f_sharp", "g", "g_sharp", "a", "a_sharp", "b")
_A4_HZ = 440.0
# Below, partials are rumble; above, they say little about harmony (Gómez 2006).
_LOWEST_HZ, _HIGHEST_HZ = 40.0, 5000.0
_FRAMES_AT_ONCE = 128  # fewer are not worth a call


@njit(cache=True, nogil=True)
def _fold(
    frequency_hz: NDArray[np.float32],
    level_db: NDArray[np.float32],
    out: NDArray[np.float32],
    first: int,
    last: int,
) -> None:
    """Peaks `[frames, limit]` to shares `[frames, 12]` that add up to 1, or to 0 without a peak in range."""
    for frame in range(first, last):
        energy = np.zeros(12)
        for i in range(frequency_hz.shape[1]):
            if _LOWEST_HZ <= frequency_hz[frame, i] <= _HIGHEST_HZ:
                semitones = (12.0 * math.log2(frequency_hz[frame, i] / _A4_HZ) + 9.0) % 12.0
                lower = int(semitones)
                upper_share = semitones - lower
                power = 10.0 ** (level_db[frame, i] / 10.0)
                energy[lower % 12] += (1.0 - upper_share) * power
                energy[(lower + 1) % 12] += upper_share * power
        total = 0.0
        for c in range(12):
            total += energy[c]
        for c in range(12):
            out[frame, c] = energy[c] / total if total > 0.0 else 0.0


@descriptor(
    category="chroma",
    unit="1",
    columns=[f"chroma_{name}" for name in _CLASSES],
    source="Gómez 2006, tonal description of music audio signals: pitch class profile of spectral peaks",
)
def chroma(frames: Frames) -> NDArray[np.float32]:
    """Share of each pitch class in the power of the partials, A4 being 440 Hz; all zero in silence."""
    frequency_hz, level_db = (values.reshape(-1, PEAK_LIMIT) for values in spectral_peaks(frames))
    shares = np.empty((frames.batch * frames.count, len(_CLASSES)), np.float32)

    def fold(first: int, last: int, _: int) -> None:
        _fold(frequency_hz, level_db, shares, first, last)

    map_rows(fold, len(shares), block=_FRAMES_AT_ONCE)
    return shares.reshape(frames.batch, frames.count, -1)
