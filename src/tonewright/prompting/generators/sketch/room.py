"""The room: what happens to the sum of a piece until it is heard."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft

from tonewright.compiling import njit

PEAK = 10 ** (-1 / 20)
_TILT_OCTAVES = 3.0
_DAMPING = 0.35
"""The highs of a room fall so much sooner."""
_MONO = 0.05


def place_in_room(
    mixed: NDArray[np.float64],
    values: Mapping[str, float],
    sample_rate_hz: int,
    rng: np.random.Generator,
    *,
    loops: bool,
    fade_s: float = 0.02,
) -> NDArray[np.float32]:
    """Drive, colour, reverberate, widen and level a sum.

    Args:
        mixed: `[2, n]`: middle and side.
        values: Physical values of a piece.
        sample_rate_hz: Rate.
        rng: Reflections of the room.
        loops: Let the end ring on at the beginning, instead of after it.
        fade_s: How long the end is faded out, of what is no loop.

    Returns:
        `[2, n]` left and right, its peak at -1 dBFS, or silence.
    """
    frames = mixed.shape[1]
    peak = np.abs(mixed).max()
    if peak < 1e-9:
        return np.zeros((2, frames), np.float32)
    sound = mixed / peak
    if values["drive_db"] > 0.1:
        sound = _driven(sound, values["drive_db"])
    sound = _reverberated(sound, values, sample_rate_hz, rng, loops=loops)
    if values["squash_db"] > 0.1:
        threshold = np.abs(sound).max() * 10 ** (-values["squash_db"] / 20)
        sound = sound * _limiter_gain(np.abs(sound).max(axis=0), threshold, float(sample_rate_hz))
    side = 0.0 if values["width"] < _MONO else 1.6 * values["width"]
    left_right = np.stack([sound[0] + side * sound[1], sound[0] - side * sound[1]])
    if not loops:
        fade = min(frames, round(fade_s * sample_rate_hz))
        left_right[:, frames - fade :] *= np.linspace(1, 0, fade) ** 2
    return np.asarray(left_right * (PEAK / max(np.abs(left_right).max(), 1e-9)), np.float32)


def _driven(sound: NDArray[np.float64], drive_db: float) -> NDArray[np.float64]:
    gain = 10 ** (drive_db / 20)
    return np.asarray(np.tanh(gain * sound) / np.tanh(gain))


def _reverberated(
    sound: NDArray[np.float64],
    values: Mapping[str, float],
    rate: int,
    rng: np.random.Generator,
    *,
    loops: bool,
) -> NDArray[np.float64]:
    frames = sound.shape[1]
    reflections = _reflections(values["reverb_s"], rate, rng)
    size = frames if loops else next_fast_len(frames + reflections.shape[1])
    hz = np.asarray(np.fft.rfftfreq(size, 1 / rate), np.float64)
    colour = _colour(hz, values)
    # A loop that is shorter than its room hears it wrapped round as often as it fits.
    wrapped = _wrapped(reflections, size)
    room = rfft(wrapped, size, axis=1)
    spectra = rfft(sound, size, axis=1)
    mix = values["reverb_mix"]
    middle = spectra[0] * colour
    wet = middle[None] * room
    out = irfft((1 - 0.5 * mix) * spectra * colour + mix * wet, size, axis=1)
    return np.asarray(out[:, :frames])


def _reflections(seconds: float, rate: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """What a room answers to an impulse, `[2, n]`, middle and side, of the energy of the impulse."""
    frames = max(64, round(1.1 * seconds * rate))
    time_s = np.arange(frames) / rate
    noise = rng.standard_normal((2, frames))
    dull = np.empty_like(noise)
    _one_pole(noise, 0.75, dull)
    fall = np.exp(-np.log(1000) * time_s / seconds)
    answer = _DAMPING * noise * fall**2 + dull * fall
    answer[:, : round(0.004 * rate)] = 0.0
    return np.asarray(answer / np.sqrt((answer**2).sum(axis=1, keepdims=True)))


def _wrapped(impulse: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    frames = impulse.shape[1]
    if frames <= size:
        return impulse
    padded = np.pad(impulse, ((0, 0), (0, -frames % size)))
    return np.asarray(padded.reshape(2, -1, size).sum(axis=1))


def _colour(hz: NDArray[np.float64], values: Mapping[str, float]) -> NDArray[np.float64]:
    """Gain of tilt and low cut at frequencies."""
    octaves = np.clip(np.log2(np.maximum(hz, 1.0) / 1_000) / _TILT_OCTAVES, -1, 1)
    tilt = 10 ** (values["tilt_db"] * octaves / 20)
    ratio = (hz / values["low_cut_hz"]) ** 2
    return np.asarray(tilt * ratio / np.sqrt(1 + ratio**2))


@njit(cache=True, nogil=True)
def _one_pole(sound: NDArray[np.float64], pole: float, out: NDArray[np.float64]) -> None:
    for row in range(len(sound)):
        last = 0.0
        for n in range(sound.shape[1]):
            last = (1 - pole) * sound[row, n] + pole * last
            out[row, n] = last


@njit(cache=True, nogil=True)
def _limiter_gain(level: NDArray[np.float64], threshold: float, sample_rate_hz: float) -> NDArray[np.float64]:
    """Gain that presses a level down to a threshold: at once, and back within 80 ms."""
    back = np.exp(-1.0 / (0.08 * sample_rate_hz))
    soft = np.exp(-1.0 / (0.001 * sample_rate_hz))
    envelope, gain = 0.0, 1.0
    out = np.empty(len(level))
    for n in range(len(level)):
        envelope = max(level[n], envelope * back)
        wanted = min(1.0, threshold / max(envelope, 1e-12))
        gain = wanted if wanted < gain else wanted + (gain - wanted) * soft
        out[n] = gain
    return out
