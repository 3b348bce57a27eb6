"""What a network hears of a sound: one channel, at its sample rate, at one loudness, in windows."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tonewright.audio.loudness import integrated_lufs
from tonewright.audio.resampling import resample_array
from tonewright.prompting.listening.analysis import SAMPLE_RATE_HZ, Heard

LOUDNESS_LUFS = -23.0
"""Of every sound, as broadcast has it (EBU R 128): a network would hear its level as quality."""
_CANCELLED_LUFS = -70.0
"""Where both channels cancel each other, what is left is not brought up."""


def windows(heard: Heard, sample_rate_hz: int, seconds: float) -> NDArray[np.float32]:
    """Cut sounds in windows, at fixed places: as few as cover them, evenly from the beginning to the end.

    Args:
        heard: The sounds.
        sample_rate_hz: Of the network.
        seconds: How long a window is; a sound that is shorter is one, as long as itself.

    Returns:
        `[B, W, n]`.
    """
    sound = resample_array(heard.middle, SAMPLE_RATE_HZ, sample_rate_hz)
    loudness = integrated_lufs(sound, sample_rate_hz)
    gain_db = np.where(loudness > _CANCELLED_LUFS, LOUDNESS_LUFS - loudness, 0.0)
    sound = (sound * 10 ** (gain_db / 20)[:, None]).astype(np.float32)
    length = min(round(seconds * sample_rate_hz), sound.shape[1])
    count = math.ceil(sound.shape[1] / length)
    begins = np.linspace(0, sound.shape[1] - length, count).round().astype(int)
    return np.stack([sound[:, begin : begin + length] for begin in begins], axis=1)
