"""Endless training examples: random presets at random notes, gates and durations, rendered on the fly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tonewright.audio.levels import rms_dbfs
from tonewright.matching.estimator.hearing import Heard, hear
from tonewright.matching.observation import HEARING_RATE_HZ
from tonewright.matching.targets import GATES_SECONDS, NOTES
from tonewright.synths.base import Synth

SECONDS = (0.2, 0.35, 0.5, 0.7, 1.0, 1.0, 1.0, 1.4, 2.0, 3.0)
"""Durations that batches are drawn with, one as often as it stands here."""
_AUDIBLE_DBFS = -40.0
_GATE_KNOWN = 0.5
_SIMPLE = 0.5
_NOTE_ERROR_SEMITONES = 0.05


class Examples(NamedTuple):
    """Sounds and what made them.

    Attributes:
        heard: What the network takes.
        params: `[batch, D]` unit vectors, integer controls in the middle of their bin.
        gate: `[batch]` position of the gate on its log scale, 0…1; clipped to the end of the sound.
    """

    heard: Heard
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
    kept: list[tuple[NDArray[np.floating], ...]] = []
    count = 0
    while count < batch:
        draw = batch + batch // 4
        params = controls.sample(rng, draw)
        share = np.where(rng.random((draw, 1)) < _SIMPLE, rng.random((draw, 1)), 0.0)
        params = np.where(rng.random(params.shape) < share, controls.defaults(), params)
        params = controls.snap(params)
        note = rng.uniform(*NOTES, size=draw)
        note = np.where(rng.random(draw) < 0.5, np.rint(note), note)
        gate = np.exp(rng.uniform(shortest, longest, draw))
        audio = synth.render(params, note, seconds, gate)[:, :frames]
        loud = rms_dbfs(audio) > _AUDIBLE_DBFS
        kept.append((params[loud], note[loud], gate[loud], audio[loud]))
        count += int(loud.sum())
    params, note, gate, audio = (np.concatenate(parts)[:batch] for parts in zip(*kept, strict=True))
    gate = np.minimum(gate, seconds)
    known = np.where(rng.random(batch) < _GATE_KNOWN, gate, np.nan)
    note = note + rng.normal(0.0, _NOTE_ERROR_SEMITONES, batch)
    return Examples(hear(audio, note, known), params, gate_to_unit(gate))
