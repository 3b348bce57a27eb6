"""Partials: how much of a sound lies in lines of its spectrum that go on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tonewright.compiling import njit
from tonewright.features.stft import power_spectrogram
from tonewright.prompting.listening.analysis import SAMPLE_RATE_HZ, Floats, Heard, once

_QUIET = 1e-4
_FRAMES = 2
"""Frames that a line goes on for, within a bin from one to the next."""


@dataclass(frozen=True)
class _Range:
    """A range of frequencies, and how lines are told in it.

    Attributes:
        low_hz: Lowest frequency.
        high_hz: Highest.
        n_fft: Samples of a window, half of which it moves on; longer where partials lie closer.
        near: Bins to either side of a peak that are its own.
        wide: Bins to either side that are looked at.
        clear: Share of the energy that is looked at which is its own.
    """

    low_hz: float
    high_hz: float
    n_fft: int
    near: int
    wide: int
    clear: float


_RANGES = (_Range(35, 400, 8_192, 1, 3, 0.85), _Range(400, 8_000, 4_096, 2, 12, 0.6))


@once
def partial_share(heard: Heard) -> Floats:
    """Share of a sound, by magnitude from 35 Hz to 8 kHz, in lines that go on for two windows, `[B]`.

    Lines are followed from peak to peak as in McAulay and Quatieri 1986 (IEEE ASSP 34): 0 for noise, 1 for a
    tone.
    """
    held, whole = np.zeros(len(heard.samples)), np.zeros(len(heard.samples))
    for part in _RANGES:
        bins_hz = np.fft.rfftfreq(part.n_fft, 1 / SAMPLE_RATE_HZ)
        first, last = (int(one) for one in np.searchsorted(bins_hz, (part.low_hz, part.high_hz)))
        power = power_spectrogram(heard.middle, part.n_fft, part.n_fft // 2)
        for row, one in enumerate(power):
            found, total = _magnitudes(one, first, last, part.near, part.wide, part.clear)
            held[row] += found
            whole[row] += total
    return np.asarray(held / np.maximum(whole, 1e-30))


@njit(cache=True, nogil=True)
def _magnitudes(
    power: NDArray[np.float32], first: int, last: int, near: int, wide: int, clear: float
) -> tuple[float, float]:
    """Of one sound's power spectra `[T, F]`, between two bins: what is in lines, and all of it."""
    frames = len(power)
    own = np.zeros((frames, last + 1))
    length = np.zeros((frames, last + 1), np.int32)
    for t in range(frames):
        for k in range(first, last):
            own[t, k] = _own(power[t], k, near, wide, clear)
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
    return held, total


@njit(cache=True, nogil=True)
def _own(spectrum: NDArray[np.float32], k: int, near: int, wide: int, clear: float) -> float:
    """Energy of a peak at a bin that stands clear of its surroundings; 0 where there is none."""
    if not (spectrum[k] > spectrum[k - 1] and spectrum[k] >= spectrum[k + 1]):
        return 0.0
    inside, around = 0.0, 0.0
    for n in range(max(0, k - wide), min(len(spectrum), k + wide + 1)):
        around += spectrum[n]
        if abs(n - k) <= near:
            inside += spectrum[n]
    return inside if inside > clear * around else 0.0


@njit(cache=True, nogil=True)
def _longest(length: NDArray[np.int32], k: int) -> int:
    """Of the lines within a bin."""
    return int(max(length[k - 1], length[k], length[k + 1]))
