"""How long and how evenly each descriptor listens: by how much the controls of the last hops count in it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tonewright.features.framing import Framing
from tonewright.features.levels import MOMENTARY_S
from tonewright.features.pitch import pitch_window
from tonewright.features.registry import DELTA_SUFFIX, all_descriptors
from tonewright.features.spectra import PEAK_WINDOWS
from tonewright.features.stft import hann_window
from tonewright.synths.gliding import glide_share

_LEAST = 1e-3  # what counts less is left out


def taps(columns: Sequence[str], framing: Framing) -> NDArray[np.float32]:
    """Weights of the controls of the last hops in what each column hears, the present one first.

    The window says how much a sample counts. The glide of `synths.gliding` says how far a control that was
    turned at the beginning of a hop has arrived at a sample; other synths glide about as fast.

    Args:
        columns: Names of columns.
        framing: How they are heard.

    Returns:
        `[columns, taps]` float32; each row adds up to 1 and ends with zeros.
    """
    measured = {column: one.name for one in all_descriptors() for column in one.columns}
    rows = [_weights(_window(measured[_level_of(name)], framing), framing) for name in columns]
    out = np.zeros((len(rows), max(map(len, rows))), np.float32)
    for row, weights in zip(out, rows, strict=True):
        row[: len(weights)] = weights
    return out


def _level_of(column: str) -> str:
    """The column that a column is a slope of, or itself; a table of steady sounds knows no more of slopes."""
    while column.endswith(DELTA_SUFFIX):
        column = column.removesuffix(DELTA_SUFFIX)
    return column


def _window(descriptor: str, framing: Framing) -> NDArray[np.float64]:
    """Share of every sample in a descriptor, the oldest first.

    Levels are those of power, and spectra those of magnitude, in which a tone that moves leaves its trace in
    proportion to the window itself.
    """
    length = framing.window
    if descriptor == "loudness_momentary":
        return np.ones(round(MOMENTARY_S * framing.sample_rate_hz))
    if descriptor.startswith("pitch"):
        return np.ones(pitch_window(framing.sample_rate_hz))
    if descriptor.startswith("loudness") or descriptor == "zero_crossing_rate":
        return np.ones(length)
    if descriptor.startswith("sinusoid") or descriptor == "chroma":
        # Twice Hann is near enough to Blackman-Harris.
        return np.asarray(hann_window(PEAK_WINDOWS * length), np.float64) ** 2
    return np.asarray(hann_window(length), np.float64)


def _weights(window: NDArray[np.float64], framing: Framing) -> NDArray[np.float64]:
    hop, length = framing.hop, len(window)
    # Some hops more than the window is long: a control that was turned before it may glide within it.
    count = -(-length // hop) + 5
    moved = np.arange(1, count * hop + 1)  # samples in which a control has moved
    share = glide_share(framing.sample_rate_hz)
    arrived = 1.0 - (1.0 - share) ** moved * (1.0 + moved * share)  # two equal low-passes
    # How much of the window each turn has reached: all that sounds after it, as far as it has arrived there.
    reached = np.array(
        [
            np.sum(window[max(0, length - after) :] * arrived[max(0, after - length) : after])
            for after in hop * np.arange(1, count + 1)
        ]
    )
    weights = np.diff(reached / window.sum(), prepend=0.0)
    used = np.flatnonzero(weights > _LEAST)[-1] + 1
    return np.asarray(weights[:used] / weights[:used].sum())
