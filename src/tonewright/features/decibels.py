"""Decibels with one floor for every descriptor."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

# What silence reads. It lies just below the rounding noise of 16-bit audio (−98 dBFS in all, −116 in each of
# 64 bands): silence is the lowest value of every level, dithered or not, but no outlier that would rule the
# mean and deviation of a scaler.
FLOOR_DB = -100.0
FLOOR_POWER = 10.0 ** (FLOOR_DB / 10.0)


@njit(cache=True, nogil=True)
def _power_to_db(power: NDArray[np.float64], out: NDArray[np.float32]) -> None:
    for i in range(power.size):
        out[i] = 10.0 * math.log10(max(power[i], FLOOR_POWER))


def power_to_db(power: NDArray[Any]) -> NDArray[np.float32]:
    """Power, full scale being 1, in decibels, at least `FLOOR_DB`; any shape, float32."""
    out = np.empty(power.shape, np.float32)
    _power_to_db(np.ascontiguousarray(power, np.float64).reshape(-1), out.reshape(-1))
    return out
