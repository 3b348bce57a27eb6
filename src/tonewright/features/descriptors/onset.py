"""Onset strength."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tonewright.compiling import njit
from tonewright.features.decibels import FLOOR_DB
from tonewright.features.frames import Frames
from tonewright.features.registry import descriptor
from tonewright.features.spectra import mel_levels


@njit(cache=True, nogil=True)
def _mean_rise(levels: NDArray[np.float32], out: NDArray[np.float32]) -> None:
    """`levels [batch, 1 + count, bands]` to the mean over bands of what rose, `out [batch, count]`."""
    for row in range(out.shape[0]):
        for k in range(out.shape[1]):
            rise = np.float32(0.0)
            for m in range(levels.shape[2]):
                rise += max(levels[row, k + 1, m] - levels[row, k, m], np.float32(0.0))
            out[row, k] = rise / np.float32(levels.shape[2])


@descriptor(
    category="onset",
    unit="dB",
    columns=["onset_strength_db"],
    source="Dixon 2006, onset detection revisited: spectral flux, here of levels in mel bands",
)
def onset_strength(frames: Frames) -> NDArray[np.float32]:
    """Spectral flux: by how much the levels of 64 mel bands rose since the last frame, on average."""
    levels = frames.with_past("onset levels", mel_levels(frames, 64), past=1, before=FLOOR_DB)
    rise = np.empty((frames.batch, frames.count), np.float32)
    _mean_rise(levels, rise)
    return rise[..., None]
