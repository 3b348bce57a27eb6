"""Difference of loudness."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tonewright.audio.loudness import integrated_lufs
from tonewright.distances.registry import distance

# The absolute gate of the standard: what it never lets through has no loudness below it.
_GATE_LUFS = -70.0


@distance(meaning="difference of integrated loudness", unit="LU", source="ITU-R BS.1770-4")
def lufs_difference(
    a: NDArray[np.float32], b: NDArray[np.float32], sample_rate_hz: int
) -> NDArray[np.float32]:
    """Absolute difference of integrated loudness over all channels; silence counts as −70 LUFS."""
    x, y = (np.maximum(integrated_lufs(sound, sample_rate_hz), _GATE_LUFS) for sound in (a, b))
    difference: NDArray[np.float32] = np.abs(x - y).astype(np.float32)
    return difference
