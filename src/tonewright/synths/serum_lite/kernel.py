"""The sound of Serum-lite: one compiled loop for offline rendering and for live voices.

Controls move once a tick (16 samples) and in straight lines between; everything at control rate is a function
of the time since the note began, so a rendering may be cut anywhere without changing a sample.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tonewright.compiling import njit
from tonewright.synths.elementary import exp2, sine_wave
from tonewright.synths.serum_lite.controls import (
    CONTROLS,
    LFO_FILTER_OCTAVES,
    LFO_PITCH_SEMITONES,
    MAX_UNISON,
)
from tonewright.synths.serum_lite.filter import DC_BLOCK_HZ, low_pass
from tonewright.synths.serum_lite.modulation import envelope, filter_gain
from tonewright.synths.serum_lite.noise import add_noise
from tonewright.synths.serum_lite.oscillator import BLOCK, TICK
from tonewright.synths.serum_lite.unison import CYCLE, FASTEST, TABLE, add_oscillator, unison_phase
from tonewright.synths.serum_lite.wavetables import Wavetables

HEADROOM = 0.5
"""Gain at full volume: two oscillators and noise at full level stay near full scale."""

# Columns of the physical values. Numba compiles them as constants, and its cache does not notice when another
# file changes: whoever moves a control in controls.py deletes __pycache__.
_MORPH = CONTROLS.index("osc1_morph"), CONTROLS.index("osc2_morph")
_UNISON = CONTROLS.index("osc1_unison"), CONTROLS.index("osc2_unison")
_LEVEL = CONTROLS.index("osc1_level"), CONTROLS.index("osc2_level")
_STAGES = "attack_s", "decay_s", "sustain", "release_s"
_AMP = tuple(CONTROLS.index(f"amp_{stage}") for stage in _STAGES)
_MOD = tuple(CONTROLS.index(f"mod_{stage}") for stage in _STAGES)
_SEMITONES = CONTROLS.index("osc2_semitones")
_DETUNE = CONTROLS.index("unison_detune_cents")
_NOISE = CONTROLS.index("noise_level")
_CUTOFF = CONTROLS.index("filter_cutoff_hz")
_RESONANCE = CONTROLS.index("filter_resonance")
_FILTER_ENVELOPE = CONTROLS.index("filter_envelope_octaves")
_LFO_RATE = CONTROLS.index("lfo_rate_hz")
_LFO_AMOUNT = CONTROLS.index("lfo_amount")
_LFO_TARGET = CONTROLS.index("lfo_target")
_VOLUME = CONTROLS.index("master_volume")


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
        audio: `[workers, (ticks + 2)·16]` sum of the sources, and the two sides of a crossfade.
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
        np.empty((workers, 4 * TABLE), np.float32),
        np.empty((workers, (BLOCK + 2) * TICK), np.float32),
        np.empty((workers, 3, BLOCK + 1)),
    )


@njit(cache=True, nogil=True, error_model="numpy")
def _increments_of_voices(
    p: NDArray[np.float64], midi_note: float, sample_rate_hz: float, base: NDArray[np.float64]
) -> None:
    """Write the unmodulated phase increment of every unison voice, `[14]` in 2⁻³² cycles per sample."""
    for o in range(2):
        voices = int(p[_UNISON[o]])
        note = midi_note + (p[_SEMITONES] if o == 1 else 0.0)
        for v in range(voices):
            cents = p[_DETUNE] * (2 * v / (voices - 1) - 1) if voices > 1 else 0.0
            hz = 440.0 * exp2((note - 69 + cents / 100) / 12)
            base[o * MAX_UNISON + v] = hz / sample_rate_hz * CYCLE


@njit(cache=True, nogil=True, error_model="numpy")
def _control_curves(
    p: NDArray[np.float64],
    gate: float,
    sample_rate_hz: float,
    first_tick: int,
    ticks: int,
    amplitude: NDArray[np.float64],
    gain: NDArray[np.float64],
    ratio: NDArray[np.float64],
) -> None:
    """Write amplitude, filter gain and pitch ratio at so many ticks."""
    volume = HEADROOM * p[_VOLUME]
    pitch_octaves = p[_LFO_AMOUNT] * (1 - p[_LFO_TARGET]) * LFO_PITCH_SEMITONES / 12
    cutoff_octaves = p[_LFO_AMOUNT] * p[_LFO_TARGET] * LFO_FILTER_OCTAVES
    steady = p[_LFO_AMOUNT] == 0 and p[_FILTER_ENVELOPE] == 0
    steady_gain = filter_gain(p[_CUTOFF], sample_rate_hz)
    for k in range(ticks):
        t = (first_tick + k) * TICK / sample_rate_hz
        octaves = 0.0
        ratio[k] = 1.0
        if p[_LFO_AMOUNT] > 0:
            lfo = sine_wave(p[_LFO_RATE] * t)
            octaves = lfo * cutoff_octaves
            ratio[k] = exp2(lfo * pitch_octaves)
        if p[_FILTER_ENVELOPE] != 0:
            octaves += p[_FILTER_ENVELOPE] * envelope(t, gate, p[_MOD[0]], p[_MOD[1]], p[_MOD[2]], p[_MOD[3]])
        gain[k] = steady_gain if steady else filter_gain(p[_CUTOFF] * exp2(octaves), sample_rate_hz)
        amplitude[k] = volume * envelope(t, gate, p[_AMP[0]], p[_AMP[1]], p[_AMP[2]], p[_AMP[3]])


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
    """Render whole ticks of one row; see `render_rows`."""
    damping = 2.0 * exp2(-5.0 * p[_RESONANCE])  # 1/Q
    pole = 1.0 - 2 * np.pi * DC_BLOCK_HZ / sample_rate_hz
    base = np.empty(2 * MAX_UNISON)
    _increments_of_voices(p, midi_note, sample_rate_hz, base)
    amplitude, gain, ratio = curves[0], curves[1], curves[2]

    ticks = len(out) // TICK
    for block in range(0, ticks, BLOCK):
        n = min(BLOCK, ticks - block)
        start = first_tick + block
        _control_curves(p, gate, sample_rate_hz, start, n + 1, amplitude, gain, ratio)
        if start > 0:  # from where it was, should the key have been let go since
            amplitude[0], gain[0] = analogue[0], analogue[1]

        audio[: n * TICK] = 0
        if start == 0:
            for o in range(2):
                voices, first = int(p[_UNISON[o]]), o * MAX_UNISON
                for v in range(voices):
                    phases[first + v] = np.uint32(unison_phase(v, voices) * CYCLE)
                    increments[first + v] = np.uint32(min(base[first + v] * ratio[0], FASTEST))
        if amplitude[: n + 1].max() > 0:  # a level that has come down to nothing never rises again
            for o in range(2):
                if p[_LEVEL[o]] > 0:
                    voices = int(p[_UNISON[o]])
                    level_gain = p[_LEVEL[o]] / np.sqrt(voices)
                    levels[o] = add_oscillator(
                        n, voices, base, ratio, p[_MORPH[o]], level_gain, o * MAX_UNISON, phases, increments,
                        levels[o], block == 0, wavetables, tables, 2 * o * TABLE, audio,
                    )  # fmt: skip
            if p[_NOISE] > 0:
                add_noise(n * TICK, start * TICK, seed, p[_NOISE], audio)
        low_pass(n, damping, pole, amplitude, gain, analogue, audio, out, block * TICK)
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
    first: int,
    last: int,
    out: NDArray[np.float32],
) -> None:
    """Render some rows of a batch, in whole ticks.

    Args:
        physical: `[batch, 24]` physical values.
        midi_note: `[batch]`.
        gate_seconds: `[batch]` when the key is let go.
        seed: Hashed seed of the noise.
        sample_rate_hz: Rate.
        first_tick: How many ticks of the note have been rendered.
        state: Moved on in place.
        wavetables: Band-limited tables.
        scratch: Written over; a row for each worker.
        worker: Which of them this is.
        first: First row to render.
        last: Where to stop: the row after the last one.
        out: `[batch, 16·ticks]`, written.
    """
    phases, increments, levels, analogue = state
    tables, audio, curves = scratch
    for b in range(first, last):
        _render_row(
            physical[b], midi_note[b], gate_seconds[b], seed, sample_rate_hz, first_tick,
            phases[b], increments[b], levels[b], analogue[b],
            wavetables, tables[worker], audio[worker], curves[worker], out[b],
        )  # fmt: skip
