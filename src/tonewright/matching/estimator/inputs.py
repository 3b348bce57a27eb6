"""What the estimator gets of a sound: a log-mel picture, and fine spectra that are told relative to the note.

The picture is fine in time (16 ms) for as long as an LFO needs to show its rate, then coarser.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tonewright.distances.loss import TrainingLoss
from tonewright.matching.hearing.cells import HEARING_RATE_HZ, CellGrid
from tonewright.matching.hearing.note_spectra import fine_spectra

CELL_FRAMES = (1,) * 40 + (2,) * 12 + (4,) * 12 + (8,) * 8 + (16,) * 5
"""Widths in frames of 16 ms: 0.64 s one by one, 4.1 s in all."""
PICTURE = (len(CELL_FRAMES), 64)
SCALARS = 6


class SoundInputs(NamedTuple):
    """A batch of sounds as the network takes them.

    Attributes:
        picture: `[batch, *PICTURE]` log-mel, −2…0.
        spectra: `[batch, *SPECTRA]` in the same scale.
        scalars: `[batch, SCALARS]`: duration, peak level, note, whether the gate is known, gate, its inverse.
    """

    picture: NDArray[np.float32]
    spectra: NDArray[np.float32]
    scalars: NDArray[np.float32]


def sound_inputs(
    audio: NDArray[np.float32],
    midi_note: NDArray[np.float64],
    gate_seconds: NDArray[np.float64],
) -> SoundInputs:
    """What the network takes of sounds of one length.

    Args:
        audio: `[batch, frames]` at `HEARING_RATE_HZ`.
        midi_note: `[batch]`.
        gate_seconds: `[batch]`, NaN where it is not known.
    """
    loss = _loss(audio.shape[1])
    log_mel_db = loss.hear(audio)
    grid = _grid(audio.shape[1])
    peak_db = grid.peak_db(log_mel_db)
    picture, _ = grid.pool(log_mel_db, peak_db)
    known = np.isfinite(gate_seconds)
    gate = np.where(known, np.log10(np.where(known, gate_seconds, 1.0)), 0.0)
    seconds = audio.shape[1] / HEARING_RATE_HZ
    scalars = [
        np.full(len(audio), np.log10(seconds)),
        peak_db / 40.0 + 1.0,
        (midi_note - 60.0) / 36.0,
        known,
        gate,
        np.where(known, 10.0**-gate / 10.0, 0.0),
    ]
    return SoundInputs(picture, fine_spectra(audio, midi_note), np.stack(scalars, axis=1).astype(np.float32))


@lru_cache(maxsize=32)
def _loss(frames: int) -> TrainingLoss:
    return TrainingLoss(HEARING_RATE_HZ, frames)


@lru_cache(maxsize=32)
def _grid(frames: int) -> CellGrid:
    return CellGrid(_loss(frames), CELL_FRAMES, PICTURE[1])
