"""Descriptors of unlike units made comparable: robustly, and no finer than what can be heard.

Frequencies and rates are taken in octaves. Each column is divided by the interquartile range of its means, or
by a difference that is just of interest where that is larger: what hardly changes is not blown up. Means and
spreads of a column share this scale. Values end at three such ranges from the median, so that no outlier
stretches a map. Every category of descriptors weighs the same, however many columns it has.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FARTHEST = 3.0
"""Values end so many interquartile ranges from the median."""
LEAST: dict[str, float] = {"octaves": 1 / 12, "dB": 1.0, "1": 0.01}
"""Differences of interest, by unit: a semitone, a decibel, a hundredth."""
_RATES = ("Hz", "1/s")
_LOWEST_RATE = 20.0


def normalised(
    means: NDArray[np.float32],
    spreads: NDArray[np.float32],
    units: Sequence[str],
    categories: Sequence[str],
) -> NDArray[np.float64]:
    """Normalised descriptors of sounds.

    Args:
        means: `[points, C]`, none of a silent sound.
        spreads: `[points, C]` standard deviations over time.
        units: Of each column, `[C]`.
        categories: Of each column, `[C]`.

    Returns:
        `[points, 2C]`: means, then spreads.
    """
    middles, widths = means.astype(np.float64), spreads.astype(np.float64)
    least = np.array([_least(unit) for unit in units])
    rates = np.array([unit in _RATES for unit in units])
    hertz = np.maximum(middles[:, rates], _LOWEST_RATE)
    middles[:, rates] = np.log2(hertz)
    widths[:, rates] = np.log2(1 + widths[:, rates] / hertz)
    low, median, high = np.percentile(middles, (25, 50, 75), axis=0)
    scale = np.maximum(high - low, least)
    counts = {category: categories.count(category) for category in set(categories)}
    weights = np.array([1 / np.sqrt(counts[category]) for category in categories])
    parts = (middles - median) / scale, widths / scale
    return np.concatenate([weights * np.clip(part, -FARTHEST, FARTHEST) for part in parts], axis=1)


def _least(unit: str) -> float:
    if unit in _RATES:
        return LEAST["octaves"]
    return LEAST["dB"] if unit.startswith("dB") or unit == "LUFS" else LEAST["1"]
