"""Endless training examples: random presets at random notes, gates and durations, rendered on the fly."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tonewright.audio.levels import rms_dbfs
from tonewright.matching.episode_config import GATES_SECONDS, NOTES
from tonewright.matching.estimator.inputs import SoundInputs, sound_inputs
from tonewright.matching.hearing.cells import HEARING_RATE_HZ
from tonewright.synths.base import Synth

SECONDS = (0.2, 0.35, 0.5, 0.7, 1.0, 1.0, 1.0, 1.4, 2.0, 3.0)
"""Durations that batches are drawn with, one as often as it stands here."""
_AUDIBLE_DBFS = -40.0
_GATE_KNOWN = 0.5
_SIMPLE = 0.5
_NOTE_ERROR_SEMITONES = 0.05
_SPARE = 1.4  # presets drawn for each example: about two in seven cannot be heard


class Examples(NamedTuple):
    """Sounds and what made them.

    Attributes:
        inputs: What the network takes of the sounds.
        params: `[batch, D]` unit vectors, integer controls in the middle of their bin.
        gate: `[batch]` position of the gate on its log scale, 0…1; clipped to the end of the sound.
    """

    inputs: SoundInputs
    params: NDArray[np.float32]
    gate: NDArray[np.float32]


def gate_to_unit(gate_seconds: NDArray[np.float64]) -> NDArray[np.float32]:
    """Position of gates on a log scale over `GATES_SECONDS`, clipped to [0, 1]."""
    low, high = np.log(GATES_SECONDS)
    unit: NDArray[np.float64] = np.clip((np.log(gate_seconds) - low) / (high - low), 0.0, 1.0)
    return unit.astype(np.float32)


def gate_from_unit(unit: NDArray[np.float32]) -> NDArray[np.float64]:
    """The inverse of `gate_to_unit`."""
    low, high = np.log(GATES_SECONDS)
    return np.asarray(np.exp(low + np.clip(unit, 0.0, 1.0).astype(np.float64) * (high - low)))


def draw_examples(
    synth: Synth, rng: np.random.Generator, batch: int, durations_s: Sequence[float] = SECONDS
) -> Examples:
    """A batch of audible examples of one of the durations.

    Half are uniform over all controls; in the others each control stays neutral with a probability of its
    preset's own, since people's sounds are simpler than random ones.
    """
    seconds = float(rng.choice(durations_s))
    frames = round(seconds * HEARING_RATE_HZ)
    controls = synth.controls
    shortest, longest = np.log(GATES_SECONDS)
    params = np.empty((batch, len(controls)), np.float32)
    note, gate = np.empty(batch), np.empty(batch)
    audio = np.empty((batch, frames), np.float32)
    count = 0
    while count < batch:
        draw = math.ceil((batch - count) * _SPARE)
        drawn = controls.sample(rng, draw)
        share = np.where(rng.random((draw, 1)) < _SIMPLE, rng.random((draw, 1)), 0.0)
        drawn = controls.snap(np.where(rng.random(drawn.shape) < share, controls.defaults(), drawn))
        notes = rng.uniform(*NOTES, size=draw)
        notes = np.where(rng.random(draw) < 0.5, np.rint(notes), notes)
        gates = np.exp(rng.uniform(shortest, longest, draw))
        sounds = synth.render(drawn, notes, seconds, gates)[:, :frames]
        loud = np.flatnonzero(rms_dbfs(sounds) > _AUDIBLE_DBFS)[: batch - count]
        rows = slice(count, count + len(loud))
        params[rows], audio[rows] = drawn[loud], sounds[loud]
        note[rows], gate[rows] = notes[loud], gates[loud]
        count += len(loud)
    gate = np.minimum(gate, seconds)
    known = np.where(rng.random(batch) < _GATE_KNOWN, gate, np.nan)
    note = note + rng.normal(0.0, _NOTE_ERROR_SEMITONES, batch)
    return Examples(sound_inputs(audio, note, known), params, gate_to_unit(gate))
