"""Every distance at once: between batches, and between clips as they come."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tonewright.distances.registry import get, names


def compare(a: ArrayLike, b: ArrayLike, sample_rate_hz: int) -> dict[str, NDArray[np.float32]]:
    """Every distance between two batches of sounds, pair by pair.

    Args:
        a: Targets, `[batch, frames]`, `[frames]` or `[batch, channels, frames]`; floating point.
        b: Candidates, likewise and as long. A batch of one is compared with the whole other batch.
        sample_rate_hz: Sample rate of both.

    Returns:
        `[batch]` float32 by short name, in the order of `names()`.

    Raises:
        UsageError: The shapes or the sample rate do not fit.
        AudioError: A sound holds NaN, infinite or absurdly large samples.
    """
    return {name: get(name)(a, b, sample_rate_hz) for name in names()}
