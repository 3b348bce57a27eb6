"""Fine spectra told relative to the note: what pitches sound, whatever the note.

Windows last a quarter of a second; bins are a third of a semitone wide and counted from the note's
fundamental: an oscillator a fifth above the note looks the same at every note.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tonewright.audio.notes import note_hz
from tonewright.features.stft import power_spectrogram
from tonewright.matching.hearing.cells import HEARING_RATE_HZ

_WINDOW, _HOP = 4096, 2048
_SEGMENT_ENDS = (2, 8, 64)  # frames of 128 ms: the first quarter second, the first second, the rest
_BINS_PER_OCTAVE, _OCTAVES = 36, 7
SPECTRA = (len(_SEGMENT_ENDS), _BINS_PER_OCTAVE * _OCTAVES)
_FLOOR_DB = -80.0


def fine_spectra(audio: NDArray[np.float32], midi_note: NDArray[np.float64]) -> NDArray[np.float32]:
    """Level around every bin of the grid that starts at half the fundamental, in three segments of time.

    Args:
        audio: `[batch, frames]` at `HEARING_RATE_HZ`.
        midi_note: `[batch]` the notes they play.

    Returns:
        `[batch, *SPECTRA]` relative to the loudest bin: 0, down to −2 (80 dB below it, and beyond hearing).
    """
    batch, frames = audio.shape
    if frames < _HOP:
        audio = np.pad(audio, ((0, 0), (0, _HOP - frames)))
    power = power_spectrogram(audio, _WINDOW, _HOP)[:, 1:]  # without the window that begins before the sound
    count = power.shape[1]
    semitones = (np.arange(SPECTRA[1]) - _BINS_PER_OCTAVE) / (_BINS_PER_OCTAVE / 12)
    hz = note_hz(midi_note[:, None] + semitones)
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
