"""Log-mel spectrum."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tonewright.features.frames import Frames
from tonewright.features.registry import descriptor, numbered
from tonewright.features.spectra import mel_levels


@descriptor(
    category="log_mel",
    unit="dBFS",
    columns=numbered("log_mel", 64, "dbfs"),
    source="Slaney 1998 (mel scale), triangles of height 1",
)
def log_mel(frames: Frames) -> NDArray[np.float32]:
    """Levels of 64 mel bands from 20 Hz to 20 kHz; their powers add up to the sound's."""
    return mel_levels(frames, 64)
