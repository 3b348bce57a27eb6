"""Level and loudness. All read `FLOOR_DB` in silence and rise with the gain, decibel by decibel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tonewright.audio.levels import power_to_db
from tonewright.features import levels
from tonewright.features.channels import largest, weighted_sum
from tonewright.features.decibels import FLOOR_DB
from tonewright.features.frames import Frames
from tonewright.features.registry import descriptor

# BS.1770 calibrates its filter so that a 997 Hz sine of full scale in one channel reads −3.01 LKFS.
_LKFS_OFFSET = 10.0 ** (-0.691 / 10.0)


@descriptor(
    category="loudness",
    unit="dBFS",
    columns=["loudness_rms_dbfs"],
    source="AES17, without its offset: a sine of full scale reads −3.01 dBFS",
    channels="largest",
)
def loudness_rms(frames: Frames) -> NDArray[np.float32]:
    """Root mean square of the window."""
    # AES17 and level meters know the level of a channel. Of several the largest is that of the sound: neither
    # a silent channel nor a copy of one changes it, as both would change a mean or a sum of powers.
    return _level(largest(frames, levels.mean_square))


@descriptor(
    category="loudness",
    unit="dBTP",
    columns=["loudness_true_peak_dbtp"],
    source="ITU-R BS.1770-5 annex 2, with a longer interpolator",
    channels="largest",
)
def loudness_true_peak(frames: Frames) -> NDArray[np.float32]:
    """Largest magnitude in the window of the waveform oversampled four times."""
    return _level(largest(frames, levels.true_peak) ** 2)


@descriptor(
    category="loudness",
    unit="LUFS",
    columns=["loudness_momentary_lufs"],
    source="ITU-R BS.1770-5 and EBU Tech 3341",
    channels="sum",
)
def loudness_momentary(frames: Frames) -> NDArray[np.float32]:
    """Momentary loudness: K-weighted level of the last 400 ms."""
    return _level(_LKFS_OFFSET * weighted_sum(frames, levels.momentary_mean_square))


def _level(power: NDArray[np.float64]) -> NDArray[np.float32]:
    """Powers `[batch, count]` in decibels, `[batch, count, 1]`."""
    return power_to_db(power, FLOOR_DB).astype(np.float32)[..., np.newaxis]
