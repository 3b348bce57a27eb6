"""The gate for sounds that are heard; behind it nothing checks them again."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tonewright.audio.channels import MAX_CHANNELS
from tonewright.audio.validation import valid_samples
from tonewright.errors import AudioError


def valid_sounds(audio: NDArray[Any]) -> NDArray[np.float32]:
    """Sounds as contiguous float32 `[batch, channels, frames]`.

    Args:
        audio: `[frames]`, `[batch, frames]` or `[batch, channels, frames]`, floating-point, full scale ±1.

    Raises:
        AudioError: Another shape, too many channels, or samples that do not pass `valid_samples`.
    """
    sounds = np.asarray(audio)
    if sounds.ndim not in (1, 2, 3) or 0 in sounds.shape[:-1]:
        raise AudioError(
            "audio is [frames], [batch, frames] or [batch, channels, frames]; "
            f"got an array of shape {sounds.shape}"
        )
    if sounds.ndim == 3 and sounds.shape[1] > MAX_CHANNELS:
        raise AudioError(
            f"a sound has at most {MAX_CHANNELS} channels; got {sounds.shape[1]} in an array of shape "
            f"{sounds.shape}; bring it to [batch, channels, frames]"
        )
    checked = np.ascontiguousarray(valid_samples(sounds))
    return checked if checked.ndim == 3 else np.atleast_2d(checked)[:, np.newaxis]
