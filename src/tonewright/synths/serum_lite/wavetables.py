"""Band-limited single-cycle tables of the four basic waves.

One table per wave and per third of an octave, so that no partial ever lies above Nyquist and partials up to
0.39 of the sample rate are always there. Tables depend on the ratio of frequency to sample rate only.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tonewright.compiling import njit

LEVELS_PER_OCTAVE = 3
LEVELS = 35  # silence above Nyquist, then from 1 to 2048 partials: bandwidth 16 kHz for an 8 Hz tone


class Wavetables(NamedTuple):
    """All tables in one flat array.

    Attributes:
        samples: Tables one after the other: for each level sine, saw, square, triangle; each table is one
            cycle and a repeat of its first sample.
        pairs: Each sample and the step to the next one, side by side, for one wave that sounds by itself.
        starts: `[levels]` where the four tables of a level begin.
        bits: `[levels]` log2 of the table length.
        limits: `[levels]` highest phase increment a level serves, in units of 2⁻³² cycles per sample.
    """

    samples: NDArray[np.float32]
    pairs: NDArray[np.float32]
    starts: NDArray[np.int64]
    bits: NDArray[np.uint32]
    limits: NDArray[np.float64]


def partials_of_level(level: int) -> int:
    """Partials below Nyquist for the highest frequency of a level; level 0, above Nyquist, has none."""
    return int(2 ** ((level - 1) / LEVELS_PER_OCTAVE) + 1e-9) if level else 0


def table_bits(partials: int) -> int:
    """log2 of a table length that keeps linear interpolation noise 66 dB below the fundamental.

    Partial h of amplitude 1/h leaves images of amplitude h/N² around each multiple of N; their power summed
    over H partials is 0.72·H³/N⁴.
    """
    return max(8, int(np.ceil(np.log2(48 * max(partials, 1) ** 0.75))))


@lru_cache(maxsize=1)
def wavetables() -> Wavetables:
    """Build all tables (once per process, some milliseconds).

    All waves are sums of sines in phase, so that morphing between neighbours never cancels the fundamental.
    """
    tables, starts, bits, start = [], [], [], 0
    for level in range(LEVELS):
        partials = partials_of_level(level)
        length_bits = table_bits(partials)
        h = np.arange(1, partials + 1)
        odd = h % 2 == 1
        amplitudes = (
            (h == 1) * 1.0,
            2 / np.pi / h,
            4 / np.pi * odd / h,
            8 / np.pi**2 * odd * (-1.0) ** ((h - 1) // 2) / h**2,
        )
        starts.append(start)
        bits.append(length_bits)
        for amplitude in amplitudes:
            spectrum = np.zeros(2 ** (length_bits - 1) + 1, dtype=np.complex128)
            spectrum[1 : partials + 1] = -0.5j * amplitude * 2**length_bits
            cycle = np.fft.irfft(spectrum)
            tables.append(np.append(cycle, cycle[0]).astype(np.float32))
            start += len(cycle) + 1
    limits = 2.0 ** (31 - (np.arange(LEVELS) - 1) / LEVELS_PER_OCTAVE)
    limits[0] = np.inf
    samples = np.concatenate(tables)
    pairs = np.stack([samples, np.diff(samples, append=np.float32(0))], axis=1).ravel()
    return Wavetables(samples, pairs, np.array(starts), np.array(bits, dtype=np.uint32), limits)


@njit(cache=True, nogil=True, error_model="numpy")
def level_for(highest: float, level: int, limits: NDArray[np.float64]) -> int:
    """The level that serves a phase increment, searched from the level before, −1 if there is none."""
    level = max(level, 0)
    while highest > limits[level]:
        level -= 1
    while level + 1 < LEVELS and highest <= limits[level + 1]:
        level += 1
    return level
