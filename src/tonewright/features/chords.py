"""Which pitches a sound holds at the same time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tonewright.audio.notes import hz_note
from tonewright.features.stft import power_spectrogram

_WINDOW_S, _SHORTEST_S = 0.37, 0.15
_LOUD_DB = 20.0  # frames this far below the loudest do not count
_LOWEST_HZ, _HIGHEST_HZ = 50.0, 2_000.0
# A partial stands out of its surroundings, half an octave wide, and not too far below the strongest.
_CLEAR_DB, _WEAKEST_DB, _NEIGHBOURHOOD = 12.0, 45.0, 0.25
_LEAST_SHARE = 0.5  # of the power lies in partials
_SAME_CENTS = 80.0  # what lies closer is one detuned partial
_HARMONIC_CENTS, _HARMONICS = 30.0, 12
# A pitch of its own has a fundamental that is no harmonic of another, and harmonics of its own above it.
_FUNDAMENTAL_DB, _LEAST_PARTIALS = 24.0, 3
_OUT_OF_TUNE = 0.2  # semitones from a whole interval to the strongest note: further, and it is no chord's


def chord_notes(audio: NDArray[np.float32], sample_rate_hz: int) -> tuple[float, ...]:
    """MIDI notes of the pitches that a sound holds at once, the lowest first.

    Partials of its mean spectrum are shared out among harmonic series, the strongest first. Octaves of a note
    that is there are not told from its harmonics, nor chords of pure tones from the partials of a bell. Made
    to be sure of what it names, not to find all.

    Args:
        audio: Mono sound `[frames]`.
        sample_rate_hz: Its rate.

    Returns:
        The notes; none for noise, or for what is shorter than 0.15 s.
    """
    hz, level_db, share = _partials(audio, sample_rate_hz)
    if share < _LEAST_SHARE:
        return ()
    left = np.ones(len(hz), bool)
    notes: list[float] = []
    while left.any():
        best, best_salience, best_own = -1, 0.0, np.zeros(0, np.intp)
        for i in np.flatnonzero(left & (hz <= _HIGHEST_HZ) & (level_db >= level_db.max() - _FUNDAMENTAL_DB)):
            series = _series(hz, float(hz[i]))
            own = series[left[series]]
            salience = float(np.sum(10 ** (level_db[series] / 40)))
            if (
                len(series) >= _LEAST_PARTIALS
                and len(own) >= _LEAST_PARTIALS - 1
                and salience > best_salience
            ):
                best, best_salience, best_own = int(i), salience, series
        if best < 0:
            break
        note = float(hz_note(hz[best]))
        left[best_own] = False
        interval = note - notes[0] if notes else 0.0
        if abs(interval - round(interval)) <= _OUT_OF_TUNE:
            notes.append(note)
    return tuple(sorted(notes))


def _series(hz: NDArray[np.float64], f0_hz: float) -> NDArray[np.intp]:
    """Indices of the partials that are harmonics of a fundamental."""
    number = np.maximum(np.round(hz / f0_hz), 1)
    cents = 1200 * np.abs(np.log2(hz / (number * f0_hz)))
    return np.flatnonzero((cents <= _HARMONIC_CENTS) & (number <= _HARMONICS))


def _partials(
    audio: NDArray[np.float32], rate: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Frequencies and levels in dB of what stands out of the mean spectrum, from low to high."""
    nothing = np.zeros(0), np.zeros(0), 0.0
    n_fft = 2 ** int(np.log2(max(1, min(len(audio), _WINDOW_S * rate))))
    if n_fft < _SHORTEST_S * rate / 2 or len(audio) < _SHORTEST_S * rate:
        return nothing
    frames = power_spectrogram(audio[None], n_fft, n_fft // 4)[0]
    energy = frames.sum(axis=1)
    if not energy.max() > 0:
        return nothing
    power = frames[energy >= energy.max() * 10 ** (-_LOUD_DB / 10)].mean(axis=0, dtype=np.float64)
    level = 10 * np.log10(np.maximum(power, power.max() * 1e-12))
    first, last = round(_LOWEST_HZ / rate * n_fft), min(len(level) - 2, round(8_000 / rate * n_fft))
    inner = np.arange(max(first, 2), last)
    peaks = inner[(level[inner] >= level[inner - 1]) & (level[inner] > level[inner + 1])]
    peaks = peaks[level[peaks] >= level.max() - _WEAKEST_DB]
    clear = [
        peak
        for peak in peaks
        if level[peak]
        >= np.percentile(level[int(peak * (1 - _NEIGHBOURHOOD)) : int(peak * (1 + _NEIGHBOURHOOD)) + 6], 50)
        + _CLEAR_DB
    ]
    hz: list[float] = []
    levels: list[float] = []
    for peak in clear:
        left, middle, right = level[peak - 1 : peak + 2]
        at = (peak + 0.5 * (left - right) / (left - 2 * middle + right)) * rate / n_fft
        if hz and 1200 * np.log2(at / hz[-1]) < max(_SAME_CENTS, 1200 * np.log2(1 + 3 * rate / n_fft / at)):
            if middle > levels[-1]:
                hz[-1], levels[-1] = at, middle
            continue
        hz.append(at)
        levels.append(middle)
    near = np.unique(np.concatenate([np.array(clear, int) + i for i in range(-3, 4)]))
    share = power[near].sum() / power.sum() if clear else 0.0
    return np.array(hz), np.array(levels), share
