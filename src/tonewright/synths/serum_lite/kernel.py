"""The sound of Serum-lite: one compiled loop for offline rendering and for live voices.

Controls move once a tick (16 samples) and in straight lines between; everything at control rate is a function
of the time since the note began, so a rendering may be cut anywhere without changing a sample.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from tonewright.synths.serum_lite.controls import LFO_FILTER_OCTAVES, LFO_PITCH_SEMITONES, MAX_UNISON
from tonewright.synths.serum_lite.modulation import envelope, exp2, filter_gain, lfo_wave
from tonewright.synths.serum_lite.oscillator import TICK, add_voice
from tonewright.synths.serum_lite.wavetables import LEVELS, Wavetables

HEADROOM = 0.5
"""Gain at full volume: two oscillators and noise at full level stay near full scale."""

# Columns of the physical values, in the order of controls.CONTROLS.
_MORPH, _UNISON, _LEVEL = (0, 3), (1, 4), (2, 5)
_SEMITONES, _DETUNE, _NOISE, _CUTOFF, _RESONANCE, _FILTER_ENVELOPE = 6, 7, 8, 9, 10, 11
_AMP, _MOD = 12, 16  # attack, decay, sustain, release of either envelope
_LFO_RATE, _LFO_AMOUNT, _LFO_TARGET, _VOLUME = 20, 21, 22, 23

_BLOCK = 32  # ticks worked on at once: their samples stay in the first-level cache
_DC_BLOCK_HZ = 3.0
_SILENCE = 1e-15  # −300 dB: memories below it are emptied, denormal numbers being slow
_CYCLE = 2.0**32
_FASTEST = 0.6 * _CYCLE  # phase increments end here; all above half a cycle is silent
_TABLE = 2 * 2**14  # room for the longest mixed table, pairs of sample and step
_TRIANGLE = TICK * (TICK - 1) // 2


class State(NamedTuple):
    """What notes remember from one tick to the next, a row per preset.

    Attributes:
        phases: `[batch, 14]` phase of each unison voice, 2⁻³² cycles.
        increments: `[batch, 14]` its increment per sample at the last tick.
        levels: `[batch, 2]` wavetable level of each oscillator; −1 before the first tick.
        analogue: `[batch, 6]` amplitude and cutoff at the last tick, two integrators of the filter, two
            memories of the DC blocker.
    """

    phases: NDArray[np.uint32]
    increments: NDArray[np.uint32]
    levels: NDArray[np.int64]
    analogue: NDArray[np.float64]


class Scratch(NamedTuple):
    """Room to work in, a row per worker.

    Attributes:
        tables: `[workers, 4·size]` mixed tables: now and next, of each oscillator.
        audio: `[workers, 3·ticks·16]` sum of the sources, and two halves of a crossfade.
        curves: `[workers, 3, ticks + 1]` amplitude, cutoff and pitch ratio of a block of ticks.
    """

    tables: NDArray[np.float32]
    audio: NDArray[np.float32]
    curves: NDArray[np.float64]


def new_state(batch: int) -> State:
    """The state before the first tick."""
    return State(
        np.zeros((batch, 2 * MAX_UNISON), np.uint32),
        np.zeros((batch, 2 * MAX_UNISON), np.uint32),
        np.full((batch, 2), -1, np.int64),
        np.zeros((batch, 6)),
    )


def new_scratch(workers: int) -> Scratch:
    """Room for so many rows to be rendered side by side."""
    return Scratch(
        np.empty((workers, 4 * _TABLE), np.float32),
        np.empty((workers, (_BLOCK + 2) * TICK), np.float32),
        np.empty((workers, 3, _BLOCK + 1)),
    )


@njit(cache=True, nogil=True, error_model="numpy")
def unison_phase(voice: int, voices: int) -> float:
    """Start phase in cycles.

    Quadratic phases: the fundamentals of n voices without detune add up to the power of n (a Gauss sum), so
    that unison keeps its level from the first sample on.
    """
    return (voice * (voice + voices % 2)) / (2 * voices) % 1.0


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
def _oscillator(
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
    waves, starts, bits, limits = wavetables
    fade = _BLOCK * TICK
    next_table = table + _TABLE
    if cold and level >= 0:
        _mix_table(waves, starts[level], bits[level], morph, gain, tables, table)
    for k in range(ticks):
        highest = base[first + voices - 1] * max(ratio[k], ratio[k + 1])
        before = level
        level = max(level, 0)
        while highest > limits[level]:
            level -= 1
        while level + 1 < LEVELS and highest <= limits[level + 1]:
            level += 1
        if level != before:
            _mix_table(waves, starts[level], bits[level], morph, gain, tables, next_table)
            audio[fade : fade + 2 * TICK] = 0
        for v in range(first, first + voices):
            now = np.uint32(min(base[v] * ratio[k + 1], _FASTEST))
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
            phases[v] = np.uint32(np.int64(phases[v]) + TICK * np.int64(increments[v]) + _TRIANGLE * slope)
            increments[v] = now
        if level != before:
            for j in range(TICK):
                share = np.float32(j / TICK) if before >= 0 else np.float32(1)
                old, new = audio[fade + j], audio[fade + TICK + j]
                audio[k * TICK + j] += old + share * (new - old)
            for i in range(2 << bits[level]):
                tables[table + i] = tables[next_table + i]
    return level


@njit(cache=True, nogil=True, error_model="numpy")
def _noise(
    samples: int, first_sample: int, seed: np.uint32, level: float, audio: NDArray[np.float32]
) -> None:
    """Add white noise, uniform in ±level: a hash of seed and sample index (C. Wellons' lowbias32)."""
    gain = np.float32(level * 2.0**-31)
    for j in range(samples):
        x = np.uint32(np.uint32(first_sample + j) ^ seed)
        x = np.uint32(np.uint32(x ^ np.uint32(x >> np.uint32(16))) * np.uint32(0x7FEB352D))
        x = np.uint32(np.uint32(x ^ np.uint32(x >> np.uint32(15))) * np.uint32(0x846CA68B))
        x = np.uint32(x ^ np.uint32(x >> np.uint32(16)))
        audio[j] += gain * np.float32(np.int32(x))


@njit(cache=True, nogil=True, error_model="numpy")
def _filter(
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


@njit(cache=True, nogil=True, error_model="numpy")
def _render_row(
    p: NDArray[np.float64],
    midi_note: float,
    gate: float,
    seed: np.uint32,
    sample_rate_hz: float,
    first_tick: int,
    phases: NDArray[np.uint32],
    increments: NDArray[np.uint32],
    levels: NDArray[np.int64],
    analogue: NDArray[np.float64],
    wavetables: Wavetables,
    tables: NDArray[np.float32],
    audio: NDArray[np.float32],
    curves: NDArray[np.float64],
    out: NDArray[np.float32],
) -> None:
    pitch_octaves = p[_LFO_AMOUNT] * (1 - p[_LFO_TARGET]) * LFO_PITCH_SEMITONES / 12
    cutoff_octaves = p[_LFO_AMOUNT] * p[_LFO_TARGET] * LFO_FILTER_OCTAVES
    damping = 2.0 * exp2(-5.0 * p[_RESONANCE])  # 1/Q
    pole = 1.0 - 2 * np.pi * _DC_BLOCK_HZ / sample_rate_hz
    volume = HEADROOM * p[_VOLUME]
    amplitude, gain, ratio = curves[0], curves[1], curves[2]

    base = np.empty(2 * MAX_UNISON)
    for o in range(2):
        voices = int(p[_UNISON[o]])
        note = midi_note + (p[_SEMITONES] if o == 1 else 0.0)
        for v in range(voices):
            cents = p[_DETUNE] * (2 * v / (voices - 1) - 1) if voices > 1 else 0.0
            hz = 440.0 * exp2((note - 69 + cents / 100) / 12)
            base[o * MAX_UNISON + v] = hz / sample_rate_hz * _CYCLE

    ticks = len(out) // TICK
    for block in range(0, ticks, _BLOCK):
        n = min(_BLOCK, ticks - block)
        start = first_tick + block
        for k in range(n + 1):
            t = (start + k) * TICK / sample_rate_hz
            octaves = 0.0
            ratio[k] = 1.0
            if p[_LFO_AMOUNT] > 0:
                lfo = lfo_wave(p[_LFO_RATE] * t)
                octaves = lfo * cutoff_octaves
                ratio[k] = exp2(lfo * pitch_octaves)
            if p[_FILTER_ENVELOPE] != 0:
                octaves += p[_FILTER_ENVELOPE] * envelope(
                    t, gate, p[_MOD], p[_MOD + 1], p[_MOD + 2], p[_MOD + 3]
                )
            gain[k] = filter_gain(p[_CUTOFF] * exp2(octaves), sample_rate_hz)
            amplitude[k] = volume * envelope(t, gate, p[_AMP], p[_AMP + 1], p[_AMP + 2], p[_AMP + 3])
        if start > 0:
            amplitude[0], gain[0] = analogue[0], analogue[1]

        audio[: n * TICK] = 0
        if start == 0:
            for o in range(2):
                voices, first = int(p[_UNISON[o]]), o * MAX_UNISON
                for v in range(voices):
                    phases[first + v] = np.uint32(unison_phase(v, voices) * _CYCLE)
                    increments[first + v] = np.uint32(min(base[first + v] * ratio[0], _FASTEST))
        if amplitude[: n + 1].max() > 0:  # a level that has come down to nothing never rises again
            for o in range(2):
                if p[_LEVEL[o]] > 0:
                    voices = int(p[_UNISON[o]])
                    level_gain = p[_LEVEL[o]] / np.sqrt(voices)
                    levels[o] = _oscillator(
                        n, voices, base, ratio, p[_MORPH[o]], level_gain, o * MAX_UNISON, phases, increments,
                        levels[o], block == 0, wavetables, tables, 2 * o * _TABLE, audio,
                    )  # fmt: skip
            if p[_NOISE] > 0:
                _noise(n * TICK, start * TICK, seed, p[_NOISE], audio)
        _filter(n, damping, pole, amplitude, gain, analogue, audio, out, block * TICK)
        analogue[0], analogue[1] = amplitude[n], gain[n]


@njit(cache=True, nogil=True, error_model="numpy")
def render_rows(
    physical: NDArray[np.float64],
    midi_note: NDArray[np.float64],
    gate_seconds: NDArray[np.float64],
    seed: np.uint32,
    sample_rate_hz: float,
    first_tick: int,
    state: State,
    wavetables: Wavetables,
    scratch: Scratch,
    worker: int,
    out: NDArray[np.float32],
) -> None:
    """Render one worker's share of a batch, every `workers`th row, in whole ticks.

    Args:
        physical: `[batch, 24]` physical values.
        midi_note: `[batch]`.
        gate_seconds: `[batch]` when the key is let go.
        seed: Hashed seed of the noise.
        sample_rate_hz: Rate.
        first_tick: How many ticks of the note have been rendered.
        state: Moved on in place.
        wavetables: Band-limited tables.
        scratch: Written over; its rows are the number of workers.
        worker: Which of them this is.
        out: `[batch, 16·ticks]`, written.
    """
    phases, increments, levels, analogue = state
    tables, audio, curves = scratch
    for b in range(worker, len(out), len(tables)):
        _render_row(
            physical[b], midi_note[b], gate_seconds[b], seed, sample_rate_hz, first_tick,
            phases[b], increments[b], levels[b], analogue[b],
            wavetables, tables[worker], audio[worker], curves[worker], out[b],
        )  # fmt: skip


@njit(cache=True, nogil=True, parallel=True, error_model="numpy")
def render_rows_in_parallel(
    physical: NDArray[np.float64],
    midi_note: NDArray[np.float64],
    gate_seconds: NDArray[np.float64],
    seed: np.uint32,
    sample_rate_hz: float,
    first_tick: int,
    state: State,
    wavetables: Wavetables,
    scratch: Scratch,
    out: NDArray[np.float32],
) -> None:
    """Render a batch with all workers side by side; see `render_rows`."""
    for worker in prange(len(scratch.tables)):
        render_rows(
            physical, midi_note, gate_seconds, seed, sample_rate_hz, first_tick,
            state, wavetables, scratch, worker, out,
        )  # fmt: skip
