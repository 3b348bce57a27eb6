"""Difference of log-magnitude spectrograms."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tonewright.distances import fixed_rate
from tonewright.distances.registry import distance
from tonewright.distances.spectra import mean_difference, power_to_db

_LEAST_POWER = 1e-8  # a magnitude of 1e-4


@distance(
    meaning="difference of log-magnitude spectrograms",
    unit="decades",
    source="Le Vaillant, Dutoit, Dekeyser, DAFx 2021",
)
def log_stft_mae(a: NDArray[np.float32], b: NDArray[np.float32], sample_rate_hz: int) -> NDArray[np.float32]:
    """Mean absolute difference of log10 magnitudes of at least 1e-4 (22.05 kHz, 1024/256 samples).

    Level counts: 20 dB are 1. Silence is 1e-4 in every bin.
    """
    x, y = (fixed_rate.power(sound, sample_rate_hz) for sound in (a, b))
    x, y = (power_to_db(power.reshape(len(power), -1), _LEAST_POWER, math.inf) for power in (x, y))
    return mean_difference(x, y) / np.float32(20.0)
