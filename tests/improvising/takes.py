"""Sounds to record a corpus from."""

import numpy as np

RATE_HZ = 44_100
QUICK = ("loudness_rms", "zero_crossing_rate")


def take(seconds=0.4, rate_hz=RATE_HZ, *, seed=0, channels=1):
    """Harmonics that die away, and some noise: `[channels, frames]` float32."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(round(seconds * rate_hz)) / rate_hz
    pitch_hz = rng.uniform(100, 400)
    sound = sum(np.sin(2 * np.pi * pitch_hz * n * time_s) / n for n in range(1, 8))
    sound = 0.2 * sound * np.exp(-2 * (time_s % 0.3)) + 0.01 * rng.standard_normal((channels, len(time_s)))
    return (sound * np.array([1.0, 0.6])[:channels, None]).astype(np.float32)
