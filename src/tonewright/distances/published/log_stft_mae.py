"""Difference of log-magnitude spectrograms."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tonewright.audio.levels import power_to_db
from tonewright.distances import fixed_rate
from tonewright.distances.registry import distance
from tonewright.distances.spectra import mean_difference

_FLOOR_DB = -80.0  # a magnitude of 1e-4


@distance(
    meaning="difference of log-magnitude spectrograms",
    unit="decades",
    source="Le Vaillant, Dutoit, Dekeyser, DAFx 2021",
)
def log_stft_mae(a: NDArray[np.float32], b: NDArray[np.float32], sample_rate_hz: int) -> NDArray[np.float32]:
    """Mean absolute difference of log10 magnitudes of at least 1e-4 (22.05 kHz, 1024/256 samples).

    Level counts: 20 dB are 1. Silence is 1e-4 in every bin.
    """
    x, y = (power_to_db(fixed_rate.power(sound, sample_rate_hz), _FLOOR_DB) for sound in (a, b))
    return mean_difference(x, y) / np.float32(20.0)
