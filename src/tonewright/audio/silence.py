"""Finding and cutting the silence around a sound."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tonewright.audio.clip import Clip
from tonewright.audio.levels import frame_powers
from tonewright.errors import UsageError

_FRAME_S = 0.005


def is_silent(clip: Clip, *, floor_dbfs: float = -90.0) -> bool:
    """Tell whether no 5 ms of a clip reach an RMS level of `floor_dbfs`; a clip without frames is silent."""
    return bool(_frame_powers(clip)[0].max(initial=0.0) < 10 ** (floor_dbfs / 10))


def channels_cancel(clip: Clip) -> bool:
    """Tell whether the channels of a clip cancel each other: it sounds, but their mean is silent."""
    return not is_silent(clip) and is_silent(Clip(clip.mono(), clip.sample_rate_hz))


def sounding_bounds(clip: Clip, *, threshold_db: float = -60.0, pad_s: float = 0.005) -> tuple[int, int]:
    """Find where a clip starts and stops to sound.

    Args:
        clip: The sound. Its channels are taken together.
        threshold_db: RMS level, relative to the loudest 5 ms, below which 5 ms are silence.
        pad_s: What to keep before and after, in seconds.

    Returns:
        The first frame and the one after the last, so that `samples[:, first:last]` sounds. At least the
        loudest 5 ms lie between them; in a clip of zeros, everything does.

    Raises:
        UsageError: The threshold is above 0 dB, or the padding negative.
    """
    if not threshold_db <= 0:
        raise UsageError(f"threshold_db is relative to the loudest part, so at most 0 dB; got {threshold_db}")
    if not pad_s >= 0:
        raise UsageError(f"pad_s is a duration from 0 s on; got {pad_s}")
    power, edges = _frame_powers(clip)
    if not power.size:
        return 0, 0
    (sounding,) = np.nonzero(power >= power.max() * 10 ** (threshold_db / 10))
    pad = round(pad_s * clip.sample_rate_hz)
    return max(0, int(edges[sounding[0]]) - pad), min(clip.frames, int(edges[sounding[-1] + 1]) + pad)


def trim_silence(clip: Clip, *, threshold_db: float = -60.0, pad_s: float = 0.005) -> Clip:
    """Cut the silence before and after a sound; see `sounding_bounds`, which tells where the cuts are.

    Silence alone comes back whole: ask `is_silent` first where that matters.
    """
    first, last = sounding_bounds(clip, threshold_db=threshold_db, pad_s=pad_s)
    return Clip(clip.samples[:, first:last], clip.sample_rate_hz)


def _frame_powers(clip: Clip) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    return frame_powers(clip.samples, max(1, round(_FRAME_S * clip.sample_rate_hz)))
