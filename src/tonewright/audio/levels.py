"""How high a sound's level is: RMS and true peak.

Every result is finite: what is below the floor of −120 dB reads as −120 dB, digital silence included, so that
differences of two levels are numbers.
"""

from __future__ import annotations

import math
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from tonewright.errors import AudioError

F = TypeVar("F", bound=np.floating[Any])

FLOOR_DB = -120.0

_OVERSAMPLING = 4
_REACH = 12  # samples on either side of an interpolated point
_KAISER_BETA = 6.0
_CHUNK_SAMPLES = 2**16  # of all rows together: what stays in the processor's cache


def frame_powers(samples: NDArray[np.floating], length: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Measure the power of each frame of a sound.

    Args:
        samples: `[channels, frames]`, taken together.
        length: Samples to a frame; the last one may be shorter.

    Returns:
        Mean square over samples and channels `[n]`, and the edges between the frames `[n + 1]`.
    """
    count = samples.shape[1]
    edges = np.append(np.arange(0, count, length), count)
    if not count:
        return np.zeros(0), edges
    power = np.einsum("cn,cn->n", samples, samples) / len(samples)
    return np.add.reduceat(power, edges[:-1], dtype=np.float64) / np.diff(edges), edges


def power_to_db(power: NDArray[F], floor_db: float = FLOOR_DB, range_db: float = math.inf) -> NDArray[F]:
    """Convert powers to decibels.

    Args:
        power: Any shape and floating-point type, full scale being 1; with a range, the first axis tells
            sounds apart.
        floor_db: What smaller powers read, silence included.
        range_db: How far below the loudest value of the same sound to reach.

    Returns:
        Shape and type of `power`.
    """
    decibels = np.asarray(np.maximum(power, 10.0 ** (floor_db / 10.0)))
    np.log10(decibels, out=decibels)
    decibels *= 10.0
    if range_db < math.inf:
        loudest = decibels.max(axis=tuple(range(1, decibels.ndim)), keepdims=True)
        np.maximum(decibels, loudest - range_db, out=decibels)
    return decibels[()]  # a number where one was given


def rms_dbfs(audio: NDArray[np.float32]) -> NDArray[np.float64]:
    """Measure the RMS level in dB relative to full scale: a square wave of full scale reads 0, a sine −3.01.

    Args:
        audio: `[..., frames]`.

    Returns:
        `[...]`, at least −120 dBFS.

    Raises:
        AudioError: There are no frames.
    """
    if not audio.shape[-1]:
        raise AudioError("a sound without frames has no level; give at least one frame")
    return power_to_db(np.einsum("...n,...n->...", audio, audio, dtype=np.float64) / audio.shape[-1])


def true_peak_dbtp(audio: NDArray[np.float32]) -> NDArray[np.float64]:
    """Measure the true peak, the highest point of the signal between its samples, four times oversampled.

    Three points between each two samples are interpolated by a Kaiser-windowed sinc over 24 samples. Four
    points a sample can pass by the very top of a tone: by 0.17 dB at worst at a quarter of the sample rate.

    Args:
        audio: `[batch, frames]`, or `[batch, channels, frames]`, whose highest channel counts.

    Returns:
        `[batch]` in dB relative to full scale, at least −120 dBTP.

    Raises:
        AudioError: There are no frames, or the shape is another.

    Source: Recommendation ITU-R BS.1770-4, Annex 2.
    """
    if audio.ndim not in (2, 3) or not all(audio.shape[1:]):
        raise AudioError(
            "true peak is measured on [batch, frames] or [batch, channels, frames] with one frame or more; "
            f"got an array of shape {audio.shape}"
        )
    frames = audio.shape[-1]
    rows = audio.reshape(-1, frames)
    rows_at_once = max(1, _CHUNK_SAMPLES // frames)
    peaks = np.empty(len(rows), np.float32)
    for first in range(0, len(rows), rows_at_once):
        peaks[first : first + rows_at_once] = _highest(rows[first : first + rows_at_once])
    if audio.ndim == 3:
        peaks = peaks.reshape(audio.shape[:2]).max(axis=1)
    return power_to_db(np.square(peaks, dtype=np.float64))


def interpolation_taps() -> NDArray[np.float32]:
    """Give the filters for the points between two samples, `[3, 24]`, each with unit gain at 0 Hz."""
    fractions = np.arange(1, _OVERSAMPLING)[:, np.newaxis] / _OVERSAMPLING
    distance = np.arange(1 - _REACH, _REACH + 1) - fractions
    window = np.i0(_KAISER_BETA * np.sqrt(1 - (distance / _REACH) ** 2))
    taps = np.sinc(distance) * window
    return np.asarray(taps / taps.sum(axis=1, keepdims=True), np.float32)


_TAPS = interpolation_taps()


def _highest(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Find the largest absolute value of each row, at and between its samples: `[rows]`."""
    frames = rows.shape[1]
    highest = np.maximum(rows.max(axis=1), -rows.min(axis=1))
    for start in range(-1, frames, _CHUNK_SAMPLES):  # points between sample n and n + 1, from n = −1 on
        points = min(_CHUNK_SAMPLES, frames - start)
        low, high = start + 1 - _REACH, start + points + _REACH
        beyond = ((0, 0), (max(-low, 0), max(high - frames, 0)))
        needed = np.pad(rows[:, max(low, 0) : high], beyond)
        for taps in _TAPS:
            between = np.zeros((len(rows), points), np.float32)
            for offset, tap in enumerate(taps):
                between += tap * needed[:, offset : offset + points]
            highest = np.maximum(highest, np.maximum(between.max(axis=1), -between.min(axis=1)))
    return np.asarray(highest)
