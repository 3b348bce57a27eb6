"""An oscillator of the synth: up to seven wavetable voices in unison, mixed from two neighbouring waves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tonewright.compiling import njit
from tonewright.synths.serum_lite.oscillator import BLOCK, TICK, add_voice
from tonewright.synths.serum_lite.wavetables import Wavetables, level_for

CYCLE = 2.0**32
"""One cycle in units of a phase."""
FASTEST = 0.6 * CYCLE
"""Where phase increments end; all above half a cycle is silent."""
TABLE = 2 * 2**14
"""Room for the longest mixed table, pairs of sample and step."""
TRIANGLE = TICK * (TICK - 1) // 2
"""By how many slopes the increments of a tick add up to more than sixteen of the first."""


@njit(cache=True, nogil=True, error_model="numpy")
def unison_phase(voice: int, voices: int) -> float:
    """Start phase in cycles.

    Quadratic phases: the fundamentals of n voices without detune add up to the power of n (a Gauss sum), so
    that unison keeps its level from the first sample on.
    """
    return (voice * (voice + voices % 2)) / (2 * voices) % 1.0


@njit(cache=True, nogil=True, error_model="numpy")
def unison_spread(voice: int, count: float) -> float:
    """Where a voice lies between the outermost ones, −1…1; on its way where `count` is between two counts."""
    fewer = int(count)
    here = _spread(voice, fewer)
    return here if count == fewer else here + (count - fewer) * (_spread(voice, fewer + 1) - here)


@njit(cache=True, nogil=True, error_model="numpy")
def _spread(voice: int, voices: int) -> float:
    return 2 * min(voice, voices - 1) / (voices - 1) - 1 if voices > 1 else 0.0


@njit(cache=True, nogil=True, error_model="numpy")
def unison_gain(voice: int, count: float) -> float:
    """Gain of a voice, 1/√n; on its way where `count` is between two counts."""
    fewer = int(count)
    here = 1 / np.sqrt(fewer) if voice < fewer else 0.0
    there = 1 / np.sqrt(fewer + 1) if voice <= fewer else 0.0
    return float(here + (count - fewer) * (there - here))


@njit(cache=True, nogil=True, error_model="numpy")
def increment_of(base: float, ratio: float) -> np.uint32:
    """Phase increment in 2⁻³² cycles per sample: an unmodulated one times the ratio of the pitch."""
    return np.uint32(min(base * ratio, FASTEST))


@njit(cache=True, nogil=True, error_model="numpy")
def _mix_table(
    waves: NDArray[np.float32],
    start: int,
    bits: int,
    morph: float,
    gain: float,
    out: NDArray[np.float32],
    at: int,
) -> None:
    """Write two neighbouring waves mixed by the morph, as pairs of a sample and the step to the next."""
    size = 1 << bits
    left = min(int(morph * 3), 2)
    b = np.float32(gain) * np.float32(morph * 3 - left)
    a = np.float32(gain) - b
    first = start + left * (size + 1)
    second = first + size + 1
    for i in range(size):
        here = a * waves[first + i] + b * waves[second + i]
        out[at + 2 * i] = here
        out[at + 2 * i + 1] = a * waves[first + i + 1] + b * waves[second + i + 1] - here


@njit(cache=True, nogil=True, error_model="numpy")
def add_oscillator(
    ticks: int,
    voices: int,
    base: NDArray[np.float64],
    ratio: NDArray[np.float64],
    morph: float,
    gain: float,
    first: int,
    phases: NDArray[np.uint32],
    increments: NDArray[np.uint32],
    level: int,
    cold: bool,
    wavetables: Wavetables,
    tables: NDArray[np.float32],
    table: int,
    audio: NDArray[np.float32],
) -> int:
    """Add one oscillator to a block of ticks; voices lie from `first` on in the voice arrays.

    The mixed table is kept in `tables` from block to block; when `cold` it is not there yet.
    Where the pitch crosses into another wavetable level, one tick fades from the old table to the new.
    Returns the wavetable level at the end.
    """
    waves, starts, bits, limits = wavetables.samples, wavetables.starts, wavetables.bits, wavetables.limits
    fade = BLOCK * TICK
    next_table = table + TABLE
    if cold and level >= 0:
        _mix_table(waves, starts[level], bits[level], morph, gain, tables, table)
    for k in range(ticks):
        highest = base[first + voices - 1] * max(ratio[k], ratio[k + 1])
        before = level
        level = level_for(highest, level, limits)
        if level != before:
            _mix_table(waves, starts[level], bits[level], morph, gain, tables, next_table)
            audio[fade : fade + 2 * TICK] = 0
        still = ratio[k] == ratio[k + 1]
        for v in range(first, first + voices):
            now = increments[v] if still else increment_of(base[v], ratio[k + 1])
            slope = (np.int64(now) - np.int64(increments[v])) >> 4
            if level == before:
                add_voice(
                    audio, k * TICK, tables, table, phases[v], increments[v], np.uint32(slope), bits[level]
                )
            else:
                if before >= 0:
                    add_voice(
                        audio, fade, tables, table, phases[v], increments[v], np.uint32(slope), bits[before]
                    )
                add_voice(
                    audio,
                    fade + TICK,
                    tables,
                    next_table,
                    phases[v],
                    increments[v],
                    np.uint32(slope),
                    bits[level],
                )
            phases[v] = np.uint32(np.int64(phases[v]) + TICK * np.int64(increments[v]) + TRIANGLE * slope)
            increments[v] = now
        if level != before:
            for j in range(TICK):
                share = np.float32(j / TICK) if before >= 0 else np.float32(1)
                old, new = audio[fade + j], audio[fade + TICK + j]
                audio[k * TICK + j] += old + share * (new - old)
            for i in range(2 << bits[level]):
                tables[table + i] = tables[next_table + i]
    return level
