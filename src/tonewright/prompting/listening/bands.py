"""What goes on in each of six bands: energy, onsets, decay and flatness; what elements are told by."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from tonewright.prompting.listening.analysis import HOP, SAMPLE_RATE_HZ, Floats, Heard, once
from tonewright.prompting.listening.embedding import BAND_EDGES_HZ

_PER_BAND = ("share_db", "onset_db", "sharpness_db", "onsets_per_s", "gap_db", "flatness_db")
NAMES: tuple[str, ...] = tuple(f"{what}_{round(low)}_hz" for low in BAND_EDGES_HZ[:-1] for what in _PER_BAND)
"""What each number is."""
_FRAME_S = HOP / SAMPLE_RATE_HZ


@once
def band_events(heard: Heard) -> Floats:
    """What goes on in each band, `[B, 36]` in the order of `NAMES`.

    Of each its share of the energy, the strength of its onsets, how sharp these are against the mean rise,
    how many there are, how far it falls between them, and its flatness.
    """
    found = []
    total = np.maximum(heard.frame_power.sum(axis=1), 1e-30)
    for low, high in pairwise(BAND_EDGES_HZ):
        bins = heard.power[:, :, (heard.bins_hz >= low) & (heard.bins_hz < high)]
        power = bins.sum(axis=2, dtype=np.float64)
        share_db = 10 * np.log10(np.maximum(power.sum(axis=1) / total, 1e-6))
        level_db = 10 * np.log10(np.maximum(power, power.max(axis=1, keepdims=True) * 1e-5 + 1e-30))
        rise = np.maximum(level_db[:, 2:] - level_db[:, :-2], 0)
        count = max(1, rise.shape[1] // 20)
        strongest = np.partition(rise, rise.shape[1] - count, axis=1)[:, -count:].mean(axis=1)
        onsets = ((rise[:, 1:-1] > 6) & (rise[:, 1:-1] >= rise[:, :-2]) & (rise[:, 1:-1] > rise[:, 2:])).sum(
            axis=1
        )
        gap_db = np.quantile(level_db, 0.9, axis=1) - np.quantile(level_db, 0.1, axis=1)
        flatness = np.exp(np.log(np.maximum(bins, 1e-20)).mean(axis=2)) / np.maximum(bins.mean(axis=2), 1e-20)
        weight = power / np.maximum(power.sum(axis=1, keepdims=True), 1e-30)
        flatness_db = 10 * np.log10(np.maximum((flatness * weight).sum(axis=1), 1e-6))
        found += [
            share_db,
            strongest,
            strongest - rise.mean(axis=1),
            onsets / heard.seconds,
            gap_db,
            flatness_db,
        ]
    return np.stack(found, axis=1)
