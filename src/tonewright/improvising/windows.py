"""How long and how evenly each descriptor listens: by how much the controls of the last hops count in it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tonewright.features.framing import Framing
from tonewright.features.levels import MOMENTARY_S
from tonewright.features.pitch import pitch_window
from tonewright.features.registry import all_descriptors
from tonewright.features.spectra import PEAK_WINDOWS
from tonewright.features.stft import hann_window
from tonewright.synths.drone import glide_share

_LEAST = 1e-3  # what counts less is left out


def taps(columns: Sequence[str], framing: Framing) -> NDArray[np.float32]:
    """Weights of the controls of the last hops in what each column hears, the present one first.

    The window says how much a sample counts. The glide of `synths.drone` says how far a control that was
    turned at the beginning of a hop has arrived at a sample; other synths glide about as fast.

    Args:
        columns: Names of columns.
        framing: How they are heard.

    Returns:
        `[columns, taps]` float32; each row adds up to 1 and ends with zeros.
    """
    category = {name: one for one in all_descriptors() for name in one.columns}
    rows = [_weights(_window(category[name].name, framing), framing) for name in columns]
    out = np.zeros((len(rows), max(map(len, rows))), np.float32)
    for row, weights in zip(out, rows, strict=True):
        row[: len(weights)] = weights
    return out


def _window(descriptor: str, framing: Framing) -> NDArray[np.float64]:
    """Share of every sample in a descriptor, the oldest first."""
    length = framing.window
    if descriptor == "loudness_momentary":
        return np.ones(round(MOMENTARY_S * framing.sample_rate_hz))
    if descriptor.startswith("pitch"):
        return np.ones(pitch_window(framing.sample_rate_hz))
    if descriptor.startswith("loudness") or descriptor == "zero_crossing_rate":
        return np.ones(length)
    if descriptor.startswith("sinusoid") or descriptor == "chroma":
        length *= PEAK_WINDOWS
        return np.asarray(hann_window(length), np.float64) ** 4  # near enough to Blackman-Harris, squared
    return np.asarray(hann_window(length), np.float64) ** 2


def _weights(window: NDArray[np.float64], framing: Framing) -> NDArray[np.float64]:
    hop = framing.hop
    window = window / window.sum()
    # Some hops more than the window is long, for what still glides there.
    count = -(-len(window) // hop) + 5
    since = np.arange(count * hop)
    left = 1.0 - glide_share(framing.sample_rate_hz)
    # Both low-passes: what is left after n + 1 samples of two equal poles.
    n = since + 1
    arrived = 1.0 - left**n * (1.0 + n * (1.0 - left) / 1.0)
    arrived = np.maximum(arrived, 0.0)
    # The sample `age` before the end of hop k was turned to by hop j at its beginning.
    reached = np.empty(count)
    for i in range(count):
        start = (i + 1) * hop  # age of the first sample of the hop that was i hops ago
        ages = np.arange(len(window))[::-1]
        since_turn = start - 1 - ages
        step = np.where(since_turn >= 0, arrived[np.maximum(since_turn, 0).clip(0, len(arrived) - 1)], 0.0)
        reached[i] = np.sum(window * step)
    weights = np.diff(np.concatenate([[0.0], reached]))
    used = np.flatnonzero(weights > _LEAST)[-1] + 1
    return np.asarray(weights[:used] / weights[:used].sum())
