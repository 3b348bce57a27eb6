"""The sound of Serum-lite: one compiled loop for offline rendering and for live voices.

Controls move once a tick (16 samples) and in straight lines between; everything at control rate is a function
of the time since the note began, so a rendering may be cut anywhere without changing a sample.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tonewright.compiling import njit
from tonewright.synths.serum_lite.controls import MAX_UNISON
from tonewright.synths.serum_lite.curves import (
    CUTOFF,
    LEVEL,
    MORPH,
    NOISE,
    UNISON,
    control_curves,
    damping_of,
    increments_of_voices,
)
from tonewright.synths.serum_lite.filter import dc_pole, low_pass
from tonewright.synths.serum_lite.modulation import filter_gain
from tonewright.synths.serum_lite.noise import add_noise
from tonewright.synths.serum_lite.oscillator import BLOCK, TICK
from tonewright.synths.serum_lite.turning import render_turning
from tonewright.synths.serum_lite.unison import CYCLE, TABLE, add_oscillator, increment_of, unison_phase
from tonewright.synths.serum_lite.wavetables import Wavetables


class State(NamedTuple):
    """What notes remember from one tick to the next, a row per preset.

    Attributes:
        phases: `[batch, 14]` phase of each unison voice, 2⁻³² cycles.
        increments: `[batch, 14]` its increment per sample at the last tick.
        levels: `[batch, 2]` wavetable level of each oscillator; −1 before the first tick.
        analogue: `[batch, 7]` amplitude and cutoff at the last tick, two integrators of the filter, two
            memories of the DC blocker, and by how many cycles the LFO is ahead of one that has had its rate
            since the note began.
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
        np.zeros((batch, 7)),
    )


def new_scratch(workers: int) -> Scratch:
    """Room for so many rows to be rendered side by side."""
    return Scratch(
        np.empty((workers, 4 * TABLE), np.float32),
        np.empty((workers, (BLOCK + 2) * TICK), np.float32),
        np.empty((workers, 3, BLOCK + 1)),
    )


@njit(cache=True, nogil=True, error_model="numpy")
def _begin_note(
    p: NDArray[np.float64],
    midi_note: float,
    sample_rate_hz: float,
    phases: NDArray[np.uint32],
    increments: NDArray[np.uint32],
    analogue: NDArray[np.float64],
) -> None:
    """Set what a note is before its first tick: level 0, LFO and envelopes at their beginning."""
    base = np.empty(2 * MAX_UNISON)
    increments_of_voices(p, midi_note, sample_rate_hz, base)
    for o in range(2):
        voices, first = int(p[UNISON[o]]), o * MAX_UNISON
        for v in range(voices):
            phases[first + v] = np.uint32(unison_phase(v, voices) * CYCLE)
            increments[first + v] = increment_of(base[first + v], 1.0)
    analogue[1] = filter_gain(p[CUTOFF], sample_rate_hz)


@njit(cache=True, nogil=True, error_model="numpy")
def _render_still(
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
    """Render whole ticks of one row whose controls stand still; see `render_rows`."""
    damping, pole = damping_of(p), dc_pole(sample_rate_hz)
    base = np.empty(2 * MAX_UNISON)
    increments_of_voices(p, midi_note, sample_rate_hz, base)
    amplitude, gain, ratio = curves[0], curves[1], curves[2]

    ticks = len(out) // TICK
    block, cold = 0, True
    while block < ticks:
        n = min(BLOCK, ticks - block)
        start = first_tick + block
        control_curves(p, gate, sample_rate_hz, analogue[6], start, n + 1, amplitude, gain, ratio)
        # From where it was, should the key have been let go since.
        amplitude[0], gain[0] = analogue[0], analogue[1]
        # Sources rest while there is no level, tick by tick: where blocks begin makes no difference.
        silent = amplitude[0] == 0 and amplitude[1] == 0
        same = 1
        while same < n and (amplitude[same] == 0 and amplitude[same + 1] == 0) == silent:
            same += 1
        n = same

        audio[: n * TICK] = 0
        if not silent:
            for o in range(2):
                if p[LEVEL[o]] > 0:
                    voices = int(p[UNISON[o]])
                    level_gain = p[LEVEL[o]] / np.sqrt(voices)
                    levels[o] = add_oscillator(
                        n, voices, base, ratio, p[MORPH[o]], level_gain, o * MAX_UNISON, phases, increments,
                        levels[o], cold, wavetables, tables, 2 * o * TABLE, audio,
                    )  # fmt: skip
            cold = False
            if p[NOISE] > 0:
                add_noise(n * TICK, start * TICK, seed, p[NOISE], audio)
        low_pass(n, damping, pole, amplitude, gain, analogue, audio, out, block * TICK)
        analogue[0], analogue[1] = amplitude[n], gain[n]
        block += n


@njit(cache=True, nogil=True, error_model="numpy")
def render_rows(
    panel: NDArray[np.float64],
    glide_share: float,
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
        panel: `[batch, 5, 26]` of `new_panel`, moved on in place.
        glide_share: What a tick goes of the way that a control has left.
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
        if first_tick == 0:
            _begin_note(panel[b, 0], midi_note[b], sample_rate_hz, phases[b], increments[b], analogue[b])
        ticks = render_turning(
            panel[b], glide_share, midi_note[b], gate_seconds[b], seed, sample_rate_hz, first_tick,
            phases[b], increments[b], levels[b], analogue[b],
            wavetables, audio[worker], curves[worker], out[b],
        )  # fmt: skip
        _render_still(
            panel[b, 0], midi_note[b], gate_seconds[b], seed, sample_rate_hz, first_tick + ticks,
            phases[b], increments[b], levels[b], analogue[b],
            wavetables, tables[worker], audio[worker], curves[worker], out[b, ticks * TICK :],
        )  # fmt: skip
