"""What the estimator hears: a log-mel picture, and fine spectra that are told relative to the note.

The picture is fine in time (16 ms) for as long as an LFO needs to show its rate, then coarser. The spectra
have windows of a quarter of a second and bins of a third of a semitone, counted from the note's fundamental:
an oscillator a fifth above the note looks the same at every note.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tonewright.distances.loss import TrainingLoss
from tonewright.features.stft import power_spectrogram
from tonewright.matching.observation import HEARING_RATE_HZ, Ear

CELL_FRAMES = (1,) * 40 + (2,) * 12 + (4,) * 12 + (8,) * 8 + (16,) * 5
"""Widths in frames of 16 ms: 0.64 s one by one, 4.1 s in all."""
PICTURE = (len(CELL_FRAMES), 64)
_WINDOW, _HOP = 4096, 2048
_SEGMENT_ENDS = (2, 8, 64)  # frames of 128 ms: the first quarter second, the first second, the rest
_BINS_PER_OCTAVE, _OCTAVES = 36, 7
SPECTRA = (len(_SEGMENT_ENDS), _BINS_PER_OCTAVE * _OCTAVES)
SCALARS = 6
_FLOOR_DB = -80.0


class Heard(NamedTuple):
    """A batch of sounds as the network takes them.

    Attributes:
        picture: `[batch, *PICTURE]` log-mel, −2…0.
        spectra: `[batch, *SPECTRA]` in the same scale.
        scalars: `[batch, SCALARS]`: duration, peak level, note, whether the gate is known, gate, its inverse.
    """

    picture: NDArray[np.float32]
    spectra: NDArray[np.float32]
    scalars: NDArray[np.float32]


def hear(
    audio: NDArray[np.float32],
    midi_note: NDArray[np.float64],
    gate_seconds: NDArray[np.float64],
) -> Heard:
    """Hear sounds of one length.

    Args:
        audio: `[batch, frames]` at `HEARING_RATE_HZ`.
        midi_note: `[batch]`.
        gate_seconds: `[batch]`, NaN where it is not known.
    """
    loss = _loss(audio.shape[1])
    log_mel_db = loss.hear(audio)
    ear = _ear(audio.shape[1])
    peak_db = ear.peak_db(log_mel_db)
    picture, _ = ear.hear(log_mel_db, peak_db)
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
    return Heard(picture, _fine_spectra(audio, midi_note), np.stack(scalars, axis=1).astype(np.float32))


def _fine_spectra(audio: NDArray[np.float32], midi_note: NDArray[np.float64]) -> NDArray[np.float32]:
    """Level around every bin of the grid that starts at half the fundamental, in three segments of time."""
    batch, frames = audio.shape
    if frames < _HOP:
        audio = np.pad(audio, ((0, 0), (0, _HOP - frames)))
    power = power_spectrogram(audio, _WINDOW, _HOP)[:, 1:]  # without the window that begins before the sound
    count = power.shape[1]
    semitones = (np.arange(SPECTRA[1]) - _BINS_PER_OCTAVE) / (_BINS_PER_OCTAVE / 12)
    hz = 440.0 * 2.0 ** ((midi_note[:, None] + semitones - 69.0) / 12.0)
    position = np.minimum(hz * (_WINDOW / HEARING_RATE_HZ), power.shape[2] - 1.001)
    below = position.astype(np.intp)
    share = (position - below).astype(np.float32)
    spectra = np.full((batch, *SPECTRA), _FLOOR_DB, np.float32)
    first = 0
    for segment, last in enumerate(_SEGMENT_ENDS):
        if first < count:
            level = power[:, first : min(last, count)].mean(axis=1)
            at, above = (np.take_along_axis(level, below + step, axis=1) for step in (0, 1))
            spectra[:, segment] = 10 * np.log10(at + share * (above - at) + 1e-9)
        first = last
    spectra -= spectra.max(axis=(1, 2), keepdims=True)
    outside = np.broadcast_to((hz >= HEARING_RATE_HZ / 2)[:, None], spectra.shape)
    spectra[outside] = _FLOOR_DB
    return (np.maximum(spectra, _FLOOR_DB) / 40.0).astype(np.float32)


@lru_cache(maxsize=32)
def _loss(frames: int) -> TrainingLoss:
    return TrainingLoss(HEARING_RATE_HZ, frames)


@lru_cache(maxsize=32)
def _ear(frames: int) -> Ear:
    return Ear(_loss(frames), CELL_FRAMES, PICTURE[1])
