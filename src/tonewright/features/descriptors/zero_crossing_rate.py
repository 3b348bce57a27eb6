"""Zero-crossing rate."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tonewright.features import levels
from tonewright.features.frames import Frames
from tonewright.features.registry import descriptor


@descriptor(
    category="zero_crossing_rate",
    unit="1/s",
    columns=["zero_crossing_rate"],
    source="Kedem 1986, spectral analysis and discrimination by zero-crossings",
)
def zero_crossing_rate(frames: Frames) -> NDArray[np.float32]:
    """Changes of sign per second in the window: twice the frequency of a sine."""
    return levels.crossings_per_second(frames).astype(np.float32)[..., None]
