"""Ends of sounds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_FADE_S = 0.01


def fade_out_at(
    audio: NDArray[np.float32], seconds: NDArray[np.float64], sample_rate_hz: int
) -> NDArray[np.float32]:
    """Let sounds end early, in place: they fade out over 10 ms, then they are silent.

    What a synth goes on playing when its target is over is no part of a comparison.

    Args:
        audio: `[n, frames]`, changed.
        seconds: `[n]` where each ends; not before the fade is over, which begins with the sound at the
            earliest.
        sample_rate_hz: Their rate.

    Returns:
        `audio` itself.
    """
    ends = np.rint(seconds * sample_rate_hz).astype(int)
    length = min(round(_FADE_S * sample_rate_hz), audio.shape[1])
    fade = np.linspace(1.0, 0.0, length, dtype=np.float32)
    for row in np.flatnonzero(ends < audio.shape[1]):
        end = max(int(ends[row]), len(fade))
        audio[row, end - len(fade) : end] *= fade
        audio[row, end:] = 0.0
    return audio
