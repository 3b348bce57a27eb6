"""Slopes in time: the `_delta` of any descriptor."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tonewright.features.frames import Frames
from tonewright.features.registry import DELTA_SUFFIX, Descriptor

_FRAMES = 5


def delta_of(base: Descriptor) -> Descriptor:
    """The slope of a descriptor: the least-squares line through this frame and the four before it.

    The first frame stands for those before it, so that the slope begins at zero. Looking back instead of
    around delays the slope by two hops.

    Args:
        base: Any descriptor, a slope included.

    Returns:
        A descriptor with the same columns and `_delta` appended, per second, so that the hop does not matter.
    """

    def slope(frames: Frames) -> NDArray[np.float32]:
        values = frames.measured(base.function)
        known = frames.with_past(f"delta of {base.name}", values, _FRAMES - 1, before=values[:, :1])
        oldest, older, _, newer, newest = (known[:, i : i + frames.count] for i in range(_FRAMES))
        # Least squares through equally spaced points: weights −2 … 2 over the sum of their squares.
        per_hop = (2 * (newest - oldest) + (newer - older)) / 10
        hops_per_second = frames.framing.sample_rate_hz / frames.framing.hop
        return np.asarray(per_hop * hops_per_second, np.float32)

    return replace(
        base,
        name=base.name + DELTA_SUFFIX,
        category=base.category + DELTA_SUFFIX,
        unit=f"{base.unit}/s",
        columns=tuple(column + DELTA_SUFFIX for column in base.columns),
        meaning=f"Slope in time over five frames of: {base.meaning}",
        source="Furui 1986, speaker-independent isolated word recognition using dynamic features",
        function=slope,
    )
