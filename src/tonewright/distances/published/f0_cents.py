"""Difference of pitch."""

from __future__ import annotations

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from tonewright.audio.channels import mix_down
from tonewright.distances.registry import distance
from tonewright.distances.spectra import samples_in
from tonewright.features.pitch import F0_MAX_HZ, F0_MIN_HZ, pitch_frames, pitch_window

# No two pitches that can be found lie further apart.
_WIDEST_CENTS = 1200.0 * math.log2(F0_MAX_HZ / F0_MIN_HZ)


@distance(
    meaning="difference of pitch where both have one (median); 0 if neither has",
    unit="cents",
    source="absolute f0 error of the matching literature; pitch by McLeod and Wyvill, ICMC 2005",
)
def f0_cents(a: NDArray[np.float32], b: NDArray[np.float32], sample_rate_hz: int) -> NDArray[np.float32]:
    """Median absolute difference of f0 over the frames (67 ms every 20 ms) in which both sounds are voiced.

    Two sounds without any pitch are alike (0). Where only one has a pitch, or they never have one at the same
    time, the value is the whole range that is searched, 30 to 2500 Hz: 7657 cents.
    """
    x, y = (_f0_hz(mix_down(sound), sample_rate_hz) for sound in (a, b))
    both = (x > 0) & (y > 0)
    pitched = (x > 0).any(axis=1) | (y > 0).any(axis=1)
    octaves = np.abs(np.log2(np.where(both, x, 1.0)) - np.log2(np.where(both, y, 1.0)))
    out = np.where(pitched, _WIDEST_CENTS, 0.0).astype(np.float32)
    met = both.any(axis=1)
    out[met] = 1200.0 * np.nanmedian(np.where(both, octaves, np.nan)[met], axis=1)
    return out


def _f0_hz(audio: NDArray[np.float32], sample_rate_hz: int) -> NDArray[np.float32]:
    """`[batch, frames]` to f0 in Hz `[batch, n_frames]`, 0 where unvoiced; short sounds fill one frame."""
    window, hop = pitch_window(sample_rate_hz), samples_in(20, sample_rate_hz)
    padded = np.pad(audio, ((0, 0), (0, max(0, window - audio.shape[1]))))
    frames = sliding_window_view(padded, window, axis=1)[:, ::hop]
    f0_hz, _ = pitch_frames(frames.reshape(-1, window), sample_rate_hz)
    return f0_hz.reshape(len(audio), -1)
