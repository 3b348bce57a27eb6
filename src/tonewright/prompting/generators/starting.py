"""A sound to begin from, as a model takes it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tonewright.audio.clip import Clip
from tonewright.audio.resampling import resample
from tonewright.errors import UsageError


def starting_sound(clip: Clip, frames: int, rate_hz: int) -> NDArray[np.float32]:
    """A clip at the rate and the length of a model.

    Args:
        clip: The sound; one channel is heard on both sides.
        frames: How long the model takes it: what is longer is cut, and silence follows what is shorter.
        rate_hz: The sample rate of the model.

    Returns:
        `[2, frames]`.

    Raises:
        UsageError: It has more than two channels, or nothing in it.
    """
    if clip.channels > 2 or not clip.samples.any():
        raise UsageError(
            f"a sound to begin from has one or two channels and is not silent; got {clip.channels} channels"
            f" of {clip.seconds:.2f} s; choose another"
        )
    samples = resample(clip, rate_hz).samples[:, :frames]
    stereo = samples if len(samples) == 2 else np.repeat(samples, 2, axis=0)
    return np.pad(stereo, ((0, 0), (0, frames - stereo.shape[1])))
