"""The K-weighting filter of ITU-R BS.1770 at any sample rate."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

# BS.1770 prints coefficients for 48 kHz only. These are the analogue filters whose bilinear transforms they
# are: the shelf of the head and the high-pass of the revised low-frequency B curve.
_SHELF_HZ, _SHELF_GAIN_DB, _SHELF_Q, _SHELF_SLOPE = (
    1681.974450955533,
    3.999843853973347,
    0.7071752369554196,
    0.4996667741545416,
)
_HIGH_PASS_HZ, _HIGH_PASS_Q = 38.13547087602444, 0.5003270373238773


@lru_cache(maxsize=16)
def k_weighting(sample_rate_hz: int) -> NDArray[np.float64]:
    """Two second-order sections, the shelf first.

    Args:
        sample_rate_hz: Samples per second, above 3,400.

    Returns:
        `[2, 5]` float64, read-only: b0, b1, b2, a1, a2 of each section, a0 being 1.
    """
    gain = 10.0 ** (_SHELF_GAIN_DB / 20.0)
    k = math.tan(math.pi * _SHELF_HZ / sample_rate_hz)
    middle = gain**_SHELF_SLOPE
    a0 = 1.0 + k / _SHELF_Q + k * k
    shelf = [
        (gain + middle * k / _SHELF_Q + k * k) / a0,
        2.0 * (k * k - gain) / a0,
        (gain - middle * k / _SHELF_Q + k * k) / a0,
        2.0 * (k * k - 1.0) / a0,
        (1.0 - k / _SHELF_Q + k * k) / a0,
    ]
    k = math.tan(math.pi * _HIGH_PASS_HZ / sample_rate_hz)
    a0 = _high_pass_a0(k)
    # The standard prints the numerator 1, −2, 1, not divided by a0: 0.04 dB at 48 kHz, kept at every rate.
    b0 = _high_pass_a0(math.tan(math.pi * _HIGH_PASS_HZ / 48_000)) / a0
    high_pass = [b0, -2.0 * b0, b0, 2.0 * (k * k - 1.0) / a0, (1.0 - k / _HIGH_PASS_Q + k * k) / a0]
    sections = np.array([shelf, high_pass])
    sections.flags.writeable = False
    return sections


def _high_pass_a0(k: float) -> float:
    return 1.0 + k / _HIGH_PASS_Q + k * k
