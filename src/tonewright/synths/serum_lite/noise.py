"""White noise that is a function of seed and sample index alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tonewright.compiling import njit
from tonewright.synths.elementary import hash32


@njit(cache=True, nogil=True, error_model="numpy")
def add_noise(
    samples: int, first_sample: int, seed: np.uint32, level: float, audio: NDArray[np.float32]
) -> None:
    """Add white noise, uniform in ±level: a hash of seed and sample index."""
    gain = np.float32(level * 2.0**-31)
    for j in range(samples):
        x = hash32(np.uint32(np.uint32(first_sample + j) ^ seed))
        audio[j] += gain * np.float32(np.int32(x))
