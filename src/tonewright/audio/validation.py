"""The one gate for samples; behind it nothing checks them again."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tonewright.errors import AudioError

LOUDEST_SAMPLE = 1000.0
"""Largest magnitude that is taken, +60 dBFS: beyond it are whole numbers in disguise, or a broken filter."""


def valid_samples(audio: ArrayLike) -> NDArray[np.float32]:
    """Samples as float32, copied only where they are of another type.

    Args:
        audio: Floating point, full scale ±1; any shape.

    Raises:
        AudioError: The samples are not floating-point numbers, not finite, or beyond ±`LOUDEST_SAMPLE`.
    """
    samples = np.asarray(audio)
    if samples.dtype.kind != "f":
        raise AudioError(
            f"samples are floating-point numbers with full scale ±1; got {samples.dtype}; "
            "divide whole numbers by their full scale"
        )
    peak = largest_magnitude(samples)
    if not np.isfinite(peak):
        raise AudioError(
            "samples are finite numbers; got NaN or infinity; repair the sound or export it again"
        )
    if peak > LOUDEST_SAMPLE:
        raise AudioError(
            f"samples lie within ±{LOUDEST_SAMPLE:g}, full scale being ±1; got a peak of {peak:.6g}; "
            "scale the sound to ±1"
        )
    return samples.astype(np.float32, copy=False)


def largest_magnitude(samples: NDArray[np.floating[Any]]) -> float:
    """The largest absolute sample, 0 if there is none; NaN and infinity come through."""
    # Two reductions instead of max(abs()): no copy of a long sound.
    return float(np.maximum(samples.max(), -samples.min())) if samples.size else 0.0
