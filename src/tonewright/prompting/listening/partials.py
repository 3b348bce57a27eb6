"""Partials: how much of a sound lies in lines of its spectrum that go on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tonewright.compiling import njit
from tonewright.features.stft import power_spectrogram
from tonewright.prompting.listening.analysis import SAMPLE_RATE_HZ, Floats, Heard, once

_N_FFT, _HOP = 4_096, 2_048
_LOWEST_HZ, _HIGHEST_HZ = 60.0, 8_000.0
_NEAR, _WIDE = 2, 12
"""Bins to either side of a peak that are its own, and those that are looked at."""
_CLEAR = 0.6
"""Share of the energy around a peak that is its own; of noise it is a third, and seldom this for long."""
_FRAMES = 3
"""Frames that a line goes on for, 139 ms, within a bin from one to the next."""
_QUIET = 1e-4


@once
def partial_share(heard: Heard) -> Floats:
    """Share of a sound, by magnitude from 60 Hz to 8 kHz, in lines that go on for 139 ms, `[B]` in [0, 1].

    Lines are followed from peak to peak as in McAulay and Quatieri 1986 (IEEE ASSP 34): 0 for noise and
    clicks, 1 for a tone.
    """
    bins_hz = np.fft.rfftfreq(_N_FFT, 1 / SAMPLE_RATE_HZ)
    first, last = (int(one) for one in np.searchsorted(bins_hz, (_LOWEST_HZ, _HIGHEST_HZ)))
    power = power_spectrogram(heard.middle, _N_FFT, _HOP)
    return np.array([_share(one, max(first, 1), last) for one in power])


@njit(cache=True, nogil=True)
def _share(power: NDArray[np.float32], first: int, last: int) -> float:
    """Of one sound's power spectra `[T, F]`, between two bins."""
    frames = len(power)
    own = np.zeros((frames, last + 1))
    length = np.zeros((frames, last + 1), np.int32)
    for t in range(frames):
        for k in range(first, last):
            own[t, k] = _own(power[t], k)
            if own[t, k] > 0:
                length[t, k] = 1 + (_longest(length[t - 1], k) if t else 0)
    for t in range(frames - 2, -1, -1):  # a line is as long where it begins as where it ends
        for k in range(first, last):
            if length[t, k]:
                length[t, k] = max(length[t, k], _longest(length[t + 1], k))
    loudest = 0.0
    for t in range(frames):
        loudest = max(loudest, power[t, first:last].sum())
    held, total = 0.0, 0.0
    for t in range(frames):
        whole = power[t, first:last].sum()
        if whole > _QUIET * loudest:
            lines = own[t][length[t] >= _FRAMES].sum()
            held += np.sqrt(min(lines, whole))
            total += np.sqrt(whole)
    return held / total if total > 0 else 0.0


@njit(cache=True, nogil=True)
def _own(spectrum: NDArray[np.float32], k: int) -> float:
    """Energy of a peak at a bin that stands clear of its surroundings; 0 where there is none."""
    if not (spectrum[k] > spectrum[k - 1] and spectrum[k] >= spectrum[k + 1]):
        return 0.0
    near, wide = 0.0, 0.0
    for n in range(max(0, k - _WIDE), min(len(spectrum), k + _WIDE + 1)):
        wide += spectrum[n]
        if abs(n - k) <= _NEAR:
            near += spectrum[n]
    return near if near > _CLEAR * wide else 0.0


@njit(cache=True, nogil=True)
def _longest(length: NDArray[np.int32], k: int) -> int:
    """Of the lines within a bin."""
    return int(max(length[k - 1], length[k], length[k + 1]))
