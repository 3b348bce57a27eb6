"""Rhythm: how much of a pulse there is at a tempo, and how steady it is."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tonewright.prompting.listening.analysis import HOP, SAMPLE_RATE_HZ, Floats, Heard

FRAME_S = HOP / SAMPLE_RATE_HZ
_HARMONICS = (1, 2, 4)
"""Of the beat: quarters, eighths and sixteenths."""
_RANGE_OCTAVES = 0.5
_STANDING_OUT, _LEAST_DB, _FEWEST = 1.5, 0.5, 3
_STEP_OCTAVES = 0.004
_SLOWEST_BPM, _FASTEST_BPM, _USUAL_BPM, _PREFERENCE_OCTAVES = 60.0, 190.0, 120.0, 1.0


def pulse(heard: Heard, bpm: ArrayLike) -> Floats:
    """How strongly onsets recur at tempos, `[B, N]`.

    The onset strength is compared with waves of quarters, eighths and sixteenths of each tempo (a Fourier
    tempogram, Grosche and Müller 2010): 0 for onsets at random, towards 1 for a click on each of them.

    Args:
        heard: The sounds.
        bpm: Tempos, `[N]`.
    """
    strength = heard.onset_strength
    total = np.maximum(strength.sum(axis=1, keepdims=True), 1e-9)
    strength = strength - strength.mean(axis=1, keepdims=True)
    cycles = np.outer(np.asarray(bpm, np.float64), np.arange(strength.shape[1]) * FRAME_S / 60)  # [N, T]
    found = sum(np.abs(strength @ np.exp(-2j * np.pi * harmonic * cycles).T) for harmonic in _HARMONICS)
    return np.asarray(found / total / len(_HARMONICS))


def tempo_fit(heard: Heard, bpm: float) -> tuple[Floats, Floats, Floats]:
    """How well sounds keep a tempo.

    Args:
        heard: The sounds.
        bpm: The tempo that was asked for.

    Returns:
        `[B]` each: the pulse at the tempo against the strongest within half an octave to either side, 0 to 1;
        the tempo of that strongest one; and the pulse at the tempo that was asked for, 0 where fewer than
        three onsets stand out. Half and double tempo are as good as the tempo: they are the same pulse.
    """
    octaves = np.arange(-_RANGE_OCTAVES, _RANGE_OCTAVES + 1e-9, _STEP_OCTAVES)
    tempos = bpm * 2**octaves
    found = pulse(heard, tempos)
    best = found.argmax(axis=1)
    near = np.abs(octaves) <= _STEP_OCTAVES * 1.5
    asked = found[:, near].max(axis=1)
    there = _events(_peaks(heard)) >= _FEWEST
    return asked / np.maximum(found.max(axis=1), 1e-9), tempos[best], np.where(there, asked, 0.0)


def strongest_tempo(heard: Heard) -> Floats:
    """The tempo of the strongest pulse from 60 to 190 BPM, `[B]`; of tempos alike the one nearest to 120."""
    tempos = _SLOWEST_BPM * 2 ** np.arange(0, np.log2(_FASTEST_BPM / _SLOWEST_BPM), _STEP_OCTAVES)
    # A preference as in Parncutt 1994, Music Perception 11: octaves of a tempo are the same pulse.
    usual = np.exp(-0.5 * (np.log2(tempos / _USUAL_BPM) / _PREFERENCE_OCTAVES) ** 2)
    return np.asarray(tempos[(pulse(heard, tempos) * usual).argmax(axis=1)])


def steadiness(heard: Heard, bpm: float) -> Floats:
    """How closely onsets lie on eighths or sixteenths of a tempo, `[B]`: 1 on them, towards 0 at random.

    Of the onset strength what stands out of its mean counts; NaN where that is not three times or more.
    """
    strength = heard.onset_strength
    peaks = _peaks(heard)
    total = np.where(_events(peaks) >= _FEWEST, peaks.sum(axis=1), 0.0)
    time_s = np.arange(strength.shape[1]) * FRAME_S
    found = [
        np.abs((peaks * np.exp(2j * np.pi * harmonic * bpm / 60 * time_s)).sum(axis=1)) for harmonic in (2, 4)
    ]
    return np.where(total > 0, np.max(found, axis=0) / np.maximum(total, 1e-9), np.nan)


def _peaks(heard: Heard) -> Floats:
    """Onset strength that stands out of its mean, `[B, T]`."""
    strength = heard.onset_strength
    usual = np.maximum(_STANDING_OUT * strength.mean(axis=1, keepdims=True), _LEAST_DB)
    return np.asarray(np.maximum(strength - usual, 0))


def _events(peaks: Floats) -> NDArray[np.int64]:
    """How often something stands out, `[B]`."""
    return np.asarray((np.diff((peaks > 0).astype(np.int8), axis=1, prepend=0) > 0).sum(axis=1))
