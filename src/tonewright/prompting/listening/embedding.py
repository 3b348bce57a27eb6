"""An embedded feature space: what a sound is like as a vector, without a learned network."""

from __future__ import annotations

import numpy as np

from tonewright.prompting.listening.analysis import LEVEL_HOP, SAMPLE_RATE_HZ, Floats, Heard, once
from tonewright.prompting.listening.axes import AXES, measure_axes
from tonewright.prompting.listening.partials import partial_share

_BANDS = 16
_RATES_HZ = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
BAND_EDGES_HZ = (30.0, 120.0, 300.0, 1_000.0, 3_000.0, 7_000.0, 16_000.0)
NAMES: tuple[str, ...] = (
    *AXES,
    *(f"level_{band + 1:02}_db" for band in range(_BANDS)),
    *(f"spread_{band + 1:02}_db" for band in range(_BANDS)),
    *(f"modulation_{rate:g}_hz" for rate in _RATES_HZ),
    "partials",
)
"""What each number of an embedding is."""


@once
def embed(heard: Heard) -> Floats:
    """Embeddings `[B, E]`, in the units of `NAMES`: axes, 16 bands, modulation and partials.

    None of it changes with the level of a sound. What cannot be measured of it is NaN.
    """
    axes = measure_axes(heard)
    levels_db = heard.mel_db.reshape(len(heard.samples), heard.mel_db.shape[1], _BANDS, -1).mean(axis=3)
    levels_db = levels_db - levels_db.max(axis=(1, 2), keepdims=True)
    counted = heard.loud[:, :, None].astype(np.float64)
    total = np.maximum(counted.sum(axis=1), 1)
    mean = (levels_db * counted).sum(axis=1) / total
    spread = np.sqrt((((levels_db - mean[:, None]) ** 2) * counted).sum(axis=1) / total)
    return np.concatenate(
        [
            np.stack([axes[name] for name in AXES], axis=1),
            mean,
            spread,
            _modulation(heard),
            partial_share(heard)[:, None],
        ],
        axis=1,
    )


def _modulation(heard: Heard) -> Floats:
    """Depth of the movement of the level at rates an octave wide, `[B, 6]`, in dB."""
    level = heard.levels_db - heard.levels_db.mean(axis=1, keepdims=True)
    spectrum = np.abs(np.fft.rfft(level * np.hanning(level.shape[1]), axis=1)) / level.shape[1]
    hz = np.fft.rfftfreq(level.shape[1], LEVEL_HOP / SAMPLE_RATE_HZ)
    depths = []
    for rate in _RATES_HZ:
        inside = (hz >= rate / np.sqrt(2)) & (hz < rate * np.sqrt(2))
        depths.append(np.sqrt((spectrum[:, inside] ** 2).sum(axis=1)) if inside.any() else 0 * level[:, 0])
    return np.stack(depths, axis=1)


def distances(one: Floats, other: Floats) -> Floats:
    """Root mean square differences of embeddings `[N, E]` and `[M, E]`, `[N, M]`."""
    return np.asarray(np.sqrt(squared_distances(one, other) / one.shape[1]))


def squared_distances(one: Floats, other: Floats) -> Floats:
    """Squared Euclidean distances of embeddings `[N, E]` and `[M, E]`, `[N, M]`."""
    products = (one**2).sum(axis=1)[:, None] + (other**2).sum(axis=1)[None] - 2 * one @ other.T
    return np.asarray(np.maximum(products, 0))
