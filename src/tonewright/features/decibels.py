"""The one floor of levels for every descriptor."""

from __future__ import annotations

# What silence reads. It lies just below the rounding noise of 16-bit audio (−98 dBFS in all, −116 in each of
# 64 bands): silence is the lowest value of every level, dithered or not, but no outlier that would rule the
# mean and deviation of a scaler.
FLOOR_DB = -100.0
FLOOR_POWER = 10.0 ** (FLOOR_DB / 10.0)
