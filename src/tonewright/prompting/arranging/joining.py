"""Joining two sounds: where they fit best, and a crossfade that keeps the power."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tonewright.prompting.listening.analysis import Floats

Sound = NDArray[np.float32]
_SILENT = 1e-12
_LEAST_CORRELATION = -0.9
"""What cancels more is no crossfade any more: its gain would have no end."""


def crossfade(out: Sound, into: Sound) -> Sound:
    """One sound that becomes another, whose power follows from that of both, however alike they are.

    Gains a and b are power-complementary for the correlation r of the two: a² + b² + 2rab = 1. With r = 0
    that is an equal-power crossfade, with r = 1 a linear one.

    Args:
        out: `[channels, n]`, what fades out.
        into: `[channels, n]`, what fades in.

    Returns:
        `[channels, n]`.

    Source: Fink, Holters and Zölzer, "Signal-matched power-complementary cross-fading and dry-wet mixing",
        DAFx 2016.
    """
    fades_out, fades_in = gains(out.shape[-1], correlation(out, into))
    return np.asarray(fades_out * out + fades_in * into, np.float32)


def gains(frames: int, correlation: float) -> tuple[Floats, Floats]:
    """Gains `[n]` of a crossfade, of what fades out and of what fades in."""
    angle = 0.5 * np.pi * _eased(frames)
    alike = max(correlation, _LEAST_CORRELATION)
    whole = 1 / np.sqrt(1 + alike * np.sin(2 * angle))
    return whole * np.cos(angle), whole * np.sin(angle)


def correlation(one: Sound, other: Sound) -> float:
    """How alike two sounds `[channels, n]` are, sample by sample, -1 to 1; 0 where one is silent."""
    a, b = one.astype(np.float64).ravel(), other.astype(np.float64).ravel()
    power = float(a @ a) * float(b @ b)
    return float(a @ b) / np.sqrt(power) if power > (_SILENT * len(a)) ** 2 else 0.0


def best_lag(fixed: Sound, longer: Sound) -> tuple[int, float]:
    """Where in a longer sound another is found best.

    Args:
        fixed: `[channels, n]`.
        longer: `[channels, m]`, m ≥ n.

    Returns:
        From which frame on, 0 to m − n, and the correlation there.
    """
    found = correlations(fixed, longer)
    at = int(found.argmax())
    return at, float(found[at])


def correlations(fixed: Sound, longer: Sound) -> Floats:
    """Correlation of a sound `[channels, n]` with all of a longer one `[channels, m]`, `[m − n + 1]`."""
    from scipy.signal import fftconvolve

    short, long = fixed.astype(np.float64), longer.astype(np.float64)
    frames = short.shape[1]
    products = sum(fftconvolve(b, a[::-1], mode="valid") for a, b in zip(short, long, strict=True))
    energy = np.concatenate([[0.0], np.cumsum((long**2).sum(axis=0))])
    power = (energy[frames:] - energy[:-frames]) * (short**2).sum()
    audible = power > (_SILENT * frames) ** 2
    return np.asarray(np.where(audible, products / np.sqrt(np.where(audible, power, 1.0)), 0.0))


def level_db(sound: Sound) -> float:
    """Root mean square of a sound in dB of full scale, -120 at least."""
    return float(10 * np.log10(max(float((sound.astype(np.float64) ** 2).mean()), _SILENT)))


def _eased(frames: int) -> Floats:
    """From 0 to 1 with level ends, so that no gain has a corner."""
    at = np.arange(frames) / max(frames, 1)
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * at))
