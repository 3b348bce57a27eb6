"""The gate for sounds that are heard; behind it nothing checks them again."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tonewright.audio.validation import valid_samples
from tonewright.errors import AudioError


def valid_sounds(audio: NDArray[Any]) -> NDArray[np.float32]:
    """Sounds as contiguous float32.

    Args:
        audio: `[frames]` or `[batch, frames]`, floating-point, full scale ±1.

    Raises:
        AudioError: Another shape, or samples that do not pass `valid_samples`.
    """
    sounds = np.asarray(audio)
    if sounds.ndim not in (1, 2) or (sounds.ndim == 2 and len(sounds) == 0):
        raise AudioError(f"audio is [frames] or [batch, frames]; got an array of shape {sounds.shape}")
    return np.ascontiguousarray(valid_samples(sounds))
