"""Sweeps and air: tones and bands of noise that move."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from tonewright.compiling import njit

_ONCE_HZ = 0.3
_DECAY_DB = 40.0


def sweep(
    values: Mapping[str, float], frames: int, sample_rate_hz: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """A tone and a band of noise that glide, once or again and again, `[2, frames]`: middle and side."""
    repeats_hz = values["sweep_repeats_hz"]
    period = frames if repeats_hz < _ONCE_HZ else max(64, round(sample_rate_hz / repeats_hz))
    at = np.arange(frames) % period / period
    attack, decay = values["sweep_attack"], values["sweep_decay"]
    rise = np.minimum(at / attack, 1.0)
    fall = 10 ** (-_DECAY_DB / 20 * np.maximum(at - attack, 0) / decay)
    # The last hundredth of a period leads to nothing, so that beginning anew is no click.
    envelope = rise * fall * np.minimum((1 - at) / 0.01, 1.0)
    hz = values["sweep_start_hz"] * (values["sweep_end_hz"] / values["sweep_start_hz"]) ** at
    noise = _bands(
        rng.standard_normal((2, frames)), hz, _quality(values["sweep_band_octaves"]), sample_rate_hz
    )
    modulator = np.sin(2 * np.pi * np.cumsum(hz * values["sweep_fm_ratio"]) / sample_rate_hz)
    tone = np.sin(2 * np.pi * np.cumsum(hz) / sample_rate_hz + values["sweep_fm"] * modulator)
    share = values["sweep_noise"]
    middle = (1 - share) * tone + share * noise[0]
    return np.stack([middle, 0.6 * share * noise[1]]) * envelope


def air(
    values: Mapping[str, float], frames: int, sample_rate_hz: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """A band of noise that drifts, `[2, frames]`: middle and side."""
    moved = _drift(frames, values["air_rate_hz"], sample_rate_hz, rng) * values["air_depth"]
    hz = np.clip(values["air_hz"] * 2 ** (1.5 * moved), 30, 0.4 * sample_rate_hz)
    level = 10 ** (8.0 * (np.roll(moved, frames // 3) - values["air_depth"]) / 20)
    noise = _bands(rng.standard_normal((2, frames)), hz, _quality(values["air_band_octaves"]), sample_rate_hz)
    return np.asarray(noise * level * np.array([[1.0], [0.7]]))


def _drift(frames: int, rate_hz: float, sample_rate_hz: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """A smooth random movement between -1 and 1, `[frames]`."""
    count = int(np.ceil(frames / sample_rate_hz * rate_hz)) + 3
    points = rng.uniform(-1, 1, count)
    at = np.arange(frames) / sample_rate_hz * rate_hz
    first = at.astype(np.int64)
    share = 0.5 - 0.5 * np.cos(np.pi * (at - first))
    return points[first] * (1 - share) + points[first + 1] * share


def _quality(octaves: float) -> float:
    """Q of a band-pass so many octaves wide."""
    return float(2 ** (octaves / 2) / (2**octaves - 1))


def _bands(
    noise: NDArray[np.float64], hz: NDArray[np.float64], quality: float, sample_rate_hz: int
) -> NDArray[np.float64]:
    """Noise `[2, n]` in a band whose middle moves, of equal power wherever it is."""
    once, twice = np.empty_like(noise), np.empty_like(noise)
    middle_hz = np.minimum(hz, 0.45 * sample_rate_hz)
    _band_pass(noise, middle_hz, quality, float(sample_rate_hz), once)
    _band_pass(once, middle_hz, quality, float(sample_rate_hz), twice)
    width_hz = hz / quality
    return twice * np.sqrt(0.06 * sample_rate_hz / np.maximum(width_hz, 1.0))


@njit(cache=True, nogil=True)
def _band_pass(
    sound: NDArray[np.float64],
    hz: NDArray[np.float64],
    quality: float,
    sample_rate_hz: float,
    out: NDArray[np.float64],
) -> None:
    """State-variable band-pass, trapezoidal (Zavalishin, The Art of VA Filter Design, 2018), gain 1."""
    for row in range(len(sound)):
        one, two = 0.0, 0.0
        for n in range(sound.shape[1]):
            g = np.tan(np.pi * hz[n] / sample_rate_hz)
            k = 1.0 / quality
            a = 1.0 / (1.0 + g * (g + k))
            high = (sound[row, n] - (g + k) * one - two) * a
            band = g * high + one
            low = g * band + two
            one, two = g * high + band, g * band + low
            out[row, n] = k * band
