"""Keys: pitch classes that are heard, against the profiles of all keys."""

from __future__ import annotations

from functools import cache

import numpy as np

from tonewright.features.stft import power_spectrogram
from tonewright.prompting.briefs.keys import Key
from tonewright.prompting.listening.analysis import SAMPLE_RATE_HZ, Floats, Heard

_N_FFT, _HOP = 8_192, 4_096
_LOWEST_HZ, _HIGHEST_HZ = 55.0, 1_760.0
_CLEAR_DB = 9.0
_NEIGHBOURS = 12
_MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
"""Probe-tone ratings of Krumhansl and Kessler 1982, Psychological Review 89."""


def pitch_classes(heard: Heard) -> Floats:
    """Strength of the pitch classes C to B, `[B, 12]`, their sum 1; NaN where nothing has a pitch.

    Peaks that stand out of their surroundings count by the root of their power.
    """
    power = power_spectrogram(heard.middle, _N_FFT, _HOP).astype(np.float64)
    bins_hz = np.fft.rfftfreq(_N_FFT, 1 / SAMPLE_RATE_HZ)
    first, last = np.searchsorted(bins_hz, (_LOWEST_HZ, _HIGHEST_HZ))
    level = 10 * np.log10(np.maximum(power, 1e-20))
    around = _moving_mean(level, _NEIGHBOURS)
    inner = slice(first, last)
    left, middle, right = (
        level[:, :, first - 1 : last - 1],
        level[:, :, inner],
        level[:, :, first + 1 : last + 1],
    )
    peak = (middle > left) & (middle >= right) & (middle > around[:, :, inner] + _CLEAR_DB)
    peak &= middle > level.max(axis=(1, 2), keepdims=True) - 45
    shift = 0.5 * (left - right) / np.minimum(left - 2 * middle + right, -1e-9)
    hz = (np.arange(first, last) + np.clip(shift, -0.5, 0.5)) * SAMPLE_RATE_HZ / _N_FFT
    classes = np.round(69 + 12 * np.log2(hz / 440)).astype(np.int64) % 12
    weights = np.where(peak, np.sqrt(power[:, :, inner]), 0.0)
    found = np.stack([(weights * (classes == one)).sum(axis=(1, 2)) for one in range(12)], axis=1)
    total = found.sum(axis=1, keepdims=True)
    return np.where(total > 0, found / np.maximum(total, 1e-30), np.nan)


def key_fit(classes: Floats, key: Key) -> Floats:
    """How well pitch classes fit a key, `[B]`: 1 for the best of all 24, 0 for the middle one."""
    correlations = key_correlations(classes)
    asked = correlations[:, 12 * key.minor + key.tonic]
    best, middle = correlations.max(axis=1), np.median(correlations, axis=1)
    return np.asarray(np.clip((asked - middle) / np.maximum(best - middle, 1e-9), 0, 1))


def key_correlations(classes: Floats) -> Floats:
    """Correlation of pitch classes with the profiles of the major keys C to B, then the minor, `[B, 24]`."""
    with np.errstate(invalid="ignore"):
        centred = classes - classes.mean(axis=1, keepdims=True)
        norm = np.sqrt((centred**2).sum(axis=1, keepdims=True))
        return np.asarray(centred / np.maximum(norm, 1e-9) @ _profiles().T)


@cache
def _profiles() -> Floats:
    rows = [np.roll(profile, tonic) for profile in (_MAJOR, _MINOR) for tonic in range(12)]
    centred = np.array(rows) - np.mean(rows, axis=1, keepdims=True)
    return np.asarray(centred / np.sqrt((centred**2).sum(axis=1, keepdims=True)))


def _moving_mean(level: Floats, reach: int) -> Floats:
    """Mean over so many bins to either side, along the last axis."""
    total = np.cumsum(np.pad(level, ((0, 0), (0, 0), (reach + 1, reach)), mode="edge"), axis=2)
    width = 2 * reach + 1
    return (total[:, :, width:] - total[:, :, :-width]) / width
