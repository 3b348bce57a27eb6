"""Notes whose controls are turned while they sound: the ticks until the controls have arrived.

Controls glide in unit space, a step each tick, and what they move runs in straight lines between. Where still
controls let an oscillator mix one table for all of its voices, here each wave of each voice sounds by itself,
with a gain of its own: waves fade by the morph, voices by their number.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tonewright.compiling import njit
from tonewright.synths.serum_lite.controls import MAX_UNISON, WAVES
from tonewright.synths.serum_lite.curves import (
    LEVEL,
    LFO_RATE,
    MORPH,
    NOISE,
    UNISON,
    control_curves,
    damping_of,
    increments_of_voices,
)
from tonewright.synths.serum_lite.filter import dc_pole, low_pass
from tonewright.synths.serum_lite.noise import add_noise
from tonewright.synths.serum_lite.oscillator import TICK, add_voice
from tonewright.synths.serum_lite.panel import is_still, move_controls
from tonewright.synths.serum_lite.unison import CYCLE, TRIANGLE, increment_of, unison_gain, unison_phase
from tonewright.synths.serum_lite.wavetables import Wavetables, level_for

_WAVES = len(WAVES)


@njit(cache=True, nogil=True, error_model="numpy")
def _add_ramped(
    first: float, last: float, source: NDArray[np.float32], at: int, total: NDArray[np.float32]
) -> None:
    """Add a tick, 16 samples of `source` from `at` on, with a gain that runs in a straight line."""
    gain, step = np.float32(first), np.float32((last - first) / TICK)
    for j in range(TICK):
        total[j] += (gain + step * np.float32(j)) * source[at + j]


@njit(cache=True, nogil=True, error_model="numpy")
def _add_oscillator(
    o: int,
    fresh: bool,
    goal: NDArray[np.float64],
    before: NDArray[np.float64],
    p: NDArray[np.float64],
    base_before: NDArray[np.float64],
    base: NDArray[np.float64],
    ratio: NDArray[np.float64],
    phases: NDArray[np.uint32],
    increments: NDArray[np.uint32],
    level: int,
    wavetables: Wavetables,
    audio: NDArray[np.float32],
) -> int:
    """Add a tick of one oscillator; returns its wavetable level at the end.

    A voice that begins to sound, or all of them when `fresh`, takes the pitch of the moment, and the phase
    against the first voice that it has when a note begins.
    """
    waves, starts, bits, limits = wavetables.pairs, wavetables.starts, wavetables.bits, wavetables.limits
    first, old, new = o * MAX_UNISON, TICK, 2 * TICK
    voices = int(np.ceil(max(before[UNISON[o]], p[UNISON[o]])))
    highest = 0.0
    for v in range(first, first + voices):
        highest = max(highest, base_before[v] * ratio[0], base[v] * ratio[1])
    was = level
    level = level_for(highest, level, limits)
    lead = phases[first]
    for v in range(voices):
        i = first + v
        gain_before = before[LEVEL[o]] * unison_gain(v, before[UNISON[o]])
        gain = p[LEVEL[o]] * unison_gain(v, p[UNISON[o]])
        if gain_before == 0 or fresh:
            increments[i] = increment_of(base_before[i], ratio[0])
            if v > 0:
                offset = unison_phase(v, max(v + 1, int(goal[UNISON[o]])))
                phases[i] = np.uint32(np.int64(lead) + np.int64(offset * CYCLE))
        now = increment_of(base[i], ratio[1])
        slope = (np.int64(now) - np.int64(increments[i])) >> 4
        for w in range(_WAVES):
            from_gain = gain_before * max(0.0, 1 - abs(3 * before[MORPH[o]] - w))
            to_gain = gain * max(0.0, 1 - abs(3 * p[MORPH[o]] - w))
            if from_gain == 0 and to_gain == 0:
                continue
            audio[old : new + TICK] = 0
            table = 2 * (starts[level] + w * ((1 << bits[level]) + 1))
            add_voice(audio, new, waves, table, phases[i], increments[i], np.uint32(slope), bits[level])
            if level != was and was >= 0:
                table = 2 * (starts[was] + w * ((1 << bits[was]) + 1))
                add_voice(audio, old, waves, table, phases[i], increments[i], np.uint32(slope), bits[was])
                for j in range(TICK):
                    share = np.float32(j / TICK)
                    audio[new + j] = audio[old + j] + share * (audio[new + j] - audio[old + j])
            _add_ramped(from_gain, to_gain, audio, new, audio)
        phases[i] = np.uint32(np.int64(phases[i]) + TICK * np.int64(increments[i]) + TRIANGLE * slope)
        increments[i] = now
    return level


@njit(cache=True, nogil=True, error_model="numpy")
def render_turning(
    panel: NDArray[np.float64],
    glide_share: float,
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
    audio: NDArray[np.float32],
    curves: NDArray[np.float64],
    out: NDArray[np.float32],
) -> int:
    """Render ticks of one row until its controls have arrived or `out` is full; returns how many.

    See `render_rows`.
    """
    if is_still(panel):
        return 0
    p, goal = panel[0], panel[1]
    before = np.empty(len(p))
    base, base_before = np.empty(2 * MAX_UNISON), np.empty(2 * MAX_UNISON)
    increments_of_voices(p, midi_note, sample_rate_hz, base)
    pole = dc_pole(sample_rate_hz)
    amplitude, gain, ratio = curves[0], curves[1], curves[2]
    control_curves(p, gate, sample_rate_hz, analogue[6], first_tick, 1, amplitude, gain, ratio)
    for k in range(len(out) // TICK):
        tick = first_tick + k
        before[:], base_before[:] = p, base
        if not move_controls(panel, glide_share):
            return k
        # The LFO goes on from where it is, at its new rate.
        seconds = tick * TICK / sample_rate_hz
        cycles = analogue[6] + (before[LFO_RATE] - p[LFO_RATE]) * seconds
        analogue[6] = cycles - np.floor(cycles)
        increments_of_voices(p, midi_note, sample_rate_hz, base)
        control_curves(p, gate, sample_rate_hz, analogue[6], tick + 1, 1, amplitude[1:], gain[1:], ratio[1:])
        amplitude[0], gain[0] = analogue[0], analogue[1]

        audio[:TICK] = 0
        if amplitude[0] != 0 or amplitude[1] != 0:
            for o in range(2):
                if before[LEVEL[o]] > 0 or p[LEVEL[o]] > 0:
                    levels[o] = _add_oscillator(
                        o, amplitude[0] == 0, goal, before, p, base_before, base, ratio, phases, increments,
                        levels[o], wavetables, audio,
                    )  # fmt: skip
            if before[NOISE] > 0 or p[NOISE] > 0:
                audio[TICK : 2 * TICK] = 0
                add_noise(TICK, tick * TICK, seed, 1.0, audio[TICK : 2 * TICK])
                _add_ramped(before[NOISE], p[NOISE], audio, TICK, audio)
        # Damping moves in steps, whose clicks lie 94 dB below the sound.
        low_pass(1, damping_of(p), pole, amplitude, gain, analogue, audio, out, k * TICK)
        analogue[0], analogue[1] = amplitude[1], gain[1]
        ratio[0] = ratio[1]
    return len(out) // TICK
