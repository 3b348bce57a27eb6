"""What the controls make of a note at each tick: pitch of its voices, amplitude, cutoff."""

from __future__ import annotations

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
from tonewright.synths.serum_lite.modulation import envelope, filter_gain
from tonewright.synths.serum_lite.oscillator import TICK
from tonewright.synths.serum_lite.unison import CYCLE, unison_spread

HEADROOM = 0.5
"""Gain at full volume: two oscillators and noise at full level stay near full scale."""

# Columns of the physical values. Numba compiles them as constants, and its cache does not notice when another
# file changes: whoever moves a control in controls.py deletes __pycache__.
MORPH = CONTROLS.index("osc1_morph"), CONTROLS.index("osc2_morph")
UNISON = CONTROLS.index("osc1_unison"), CONTROLS.index("osc2_unison")
LEVEL = CONTROLS.index("osc1_level"), CONTROLS.index("osc2_level")
NOISE = CONTROLS.index("noise_level")
CUTOFF = CONTROLS.index("filter_cutoff_hz")
RESONANCE = CONTROLS.index("filter_resonance")
LFO_RATE = CONTROLS.index("lfo_rate_hz")
_STAGES = "attack_s", "decay_s", "sustain", "release_s"
ENVELOPES = tuple(
    tuple(CONTROLS.index(f"{prefix}_{stage}") for stage in _STAGES) for prefix in ("amp", "mod")
)
ABOVE = len(CONTROLS), len(CONTROLS) + 1
"""Two columns more: by how much each envelope is above its controls, since they were turned."""
_SEMITONES = CONTROLS.index("osc2_semitones")
_DETUNE = CONTROLS.index("unison_detune_cents")
_FILTER_ENVELOPE = CONTROLS.index("filter_envelope_octaves")
_LFO_AMOUNT = CONTROLS.index("lfo_amount")
_LFO_TARGET = CONTROLS.index("lfo_target")
_VOLUME = CONTROLS.index("master_volume")


@njit(cache=True, nogil=True, error_model="numpy")
def increments_of_voices(
    p: NDArray[np.float64], midi_note: float, sample_rate_hz: float, base: NDArray[np.float64]
) -> None:
    """Write the unmodulated phase increment of every unison voice, `[14]` in 2⁻³² cycles per sample."""
    for o in range(2):
        note = midi_note + (p[_SEMITONES] if o == 1 else 0.0)
        for v in range(MAX_UNISON):
            cents = p[_DETUNE] * unison_spread(v, p[UNISON[o]])
            hz = 440.0 * exp2((note - 69 + cents / 100) / 12)
            base[o * MAX_UNISON + v] = hz / sample_rate_hz * CYCLE


@njit(cache=True, nogil=True, error_model="numpy")
def damping_of(p: NDArray[np.float64]) -> float:
    """The filter's 1/Q."""
    return 2.0 * exp2(-5.0 * p[RESONANCE])


@njit(cache=True, nogil=True, error_model="numpy")
def envelope_of(p: NDArray[np.float64], which: int, t: float, gate: float) -> float:
    """Level at time t, in seconds, of the amp envelope (0) or the mod envelope (1)."""
    attack, decay, sustain, release = ENVELOPES[which]
    return envelope(t, gate, p[attack], p[decay], p[sustain], p[release])


@njit(cache=True, nogil=True, error_model="numpy")
def control_curves(
    p: NDArray[np.float64],
    gate: float,
    sample_rate_hz: float,
    lfo_cycles: float,
    first_tick: int,
    ticks: int,
    amplitude: NDArray[np.float64],
    gain: NDArray[np.float64],
    ratio: NDArray[np.float64],
) -> None:
    """Write amplitude, filter gain and pitch ratio at so many ticks.

    `lfo_cycles` is by how much the LFO is ahead of one that has had its rate since the note began.
    """
    volume = HEADROOM * p[_VOLUME]
    pitch_octaves = p[_LFO_AMOUNT] * (1 - p[_LFO_TARGET]) * LFO_PITCH_SEMITONES / 12
    cutoff_octaves = p[_LFO_AMOUNT] * p[_LFO_TARGET] * LFO_FILTER_OCTAVES
    steady = p[_LFO_AMOUNT] == 0 and p[_FILTER_ENVELOPE] == 0
    steady_gain = filter_gain(p[CUTOFF], sample_rate_hz)
    for k in range(ticks):
        t = (first_tick + k) * TICK / sample_rate_hz
        octaves = 0.0
        ratio[k] = 1.0
        if p[_LFO_AMOUNT] > 0:
            lfo = sine_wave(p[LFO_RATE] * t + lfo_cycles)
            octaves = lfo * cutoff_octaves
            ratio[k] = exp2(lfo * pitch_octaves)
        if p[_FILTER_ENVELOPE] != 0:
            octaves += p[_FILTER_ENVELOPE] * (envelope_of(p, 1, t, gate) + p[ABOVE[1]])
        gain[k] = steady_gain if steady else filter_gain(p[CUTOFF] * exp2(octaves), sample_rate_hz)
        amplitude[k] = volume * (envelope_of(p, 0, t, gate) + p[ABOVE[0]])
