"""The one check that sounds pass before they are compared."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tonewright.audio.validation import valid_samples
from tonewright.errors import AudioError, UsageError

# Below this rate the published windows hold too few samples to mean anything.
_LOWEST_RATE_HZ = 4000
_HIGHEST_RATE_HZ = 768000
# Alignment in time takes the square of the duration: 30 s for two sounds of this length.
_LONGEST_S = 300


def checked_pair(
    a: ArrayLike, b: ArrayLike, sample_rate_hz: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Bring two batches of sounds to one shape and refuse what cannot be compared.

    Args:
        a: `[frames]`, `[batch, frames]` or `[batch, channels, frames]`, floating point.
        b: Likewise; as many channels and frames as `a`, and as many sounds or one.
        sample_rate_hz: Sample rate of both.

    Returns:
        Both as contiguous, writable `[batch, channels, frames]` float32, copied only where they must be.

    Raises:
        UsageError: The shapes or the sample rate do not fit.
        AudioError: A sound is too long, or its samples do not pass `valid_samples`.
    """
    if not _LOWEST_RATE_HZ <= sample_rate_hz <= _HIGHEST_RATE_HZ or sample_rate_hz != int(sample_rate_hz):
        raise UsageError(
            f"sounds are compared at a whole sample rate from {_LOWEST_RATE_HZ} to {_HIGHEST_RATE_HZ} Hz;"
            f" got {sample_rate_hz}; resample them"
        )
    a, b = _checked(a), _checked(b)
    if a.shape[2] != b.shape[2]:
        raise UsageError(
            f"sounds are compared at equal length; got {a.shape[2]} and {b.shape[2]} frames;"
            " pad the shorter, or use compare_clips"
        )
    if a.shape[2] > _LONGEST_S * sample_rate_hz:
        raise AudioError(
            f"sounds of up to {_LONGEST_S} s are compared; got {a.shape[2] / sample_rate_hz:.0f} s; cut them"
        )
    if a.shape[1] != b.shape[1]:
        raise UsageError(
            f"sounds are compared with equal channels; got {a.shape[1]} and {b.shape[1]};"
            " mix both to mono, or use compare_clips"
        )
    if len(a) != len(b) and 1 not in (len(a), len(b)):
        raise UsageError(
            f"batches are compared pair by pair, or one sound with all; got {len(a)} and {len(b)} sounds"
        )
    return a, b


def _checked(audio: ArrayLike) -> NDArray[np.float32]:
    array = valid_samples(audio)
    if array.ndim == 1:
        array = array[np.newaxis]
    if array.ndim == 2:
        array = array[:, np.newaxis]
    if array.ndim != 3 or 0 in array.shape[1:]:
        raise UsageError(
            "audio is [frames], [batch, frames] or [batch, channels, frames] with at least one frame;"
            f" got an array of shape {np.shape(audio)}"
        )
    # Writable as well, because Numba would compile everything once more for read-only arrays.
    return np.require(array, np.float32, ["C", "W"])
