"""How fast sounds are heard on this machine: `tonewright bench hear`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tonewright.features.hearing import hear
from tonewright.features.streaming import StreamAnalyser
from tonewright.measuring.timing import best_rate, conditions, median_seconds

RATE_HZ = 16_000
FRAMES = RATE_HZ // 2
"""Rate and length of the sounds that speed is measured on: half a second."""
_HARMONICS = 8
_HOP = 256
_HOPS = 300


def hear_speed(batch: int = 512, runs: int = 15) -> dict[str, Any]:
    """Measure descriptors: of sounds of 0.5 s at 16 kHz, and live in hops of 256 samples, which last 16 ms.

    Args:
        batch: Sounds heard at once.
        runs: How often the batch is heard; the fastest counts.

    Returns:
        Sounds a second of which loudness and MFCC are heard; the median time of every descriptor of a live
        hop; and the conditions.
    """
    sounds = notes(np.random.default_rng(0), batch)
    analyser = StreamAnalyser(RATE_HZ, "all")
    live_s = median_seconds(lambda: analyser.push(sounds[0, :_HOP]), _HOPS)
    return {
        "hear_loudness_mfcc_per_second": best_rate(
            lambda: hear(sounds, RATE_HZ, ["loudness", "mfcc"]), batch, runs
        ),
        "live_hop_milliseconds": 1e3 * live_s,
    } | conditions()


def notes(rng: np.random.Generator, batch: int) -> NDArray[np.float32]:
    """Notes that cost to be heard what those of a synth do: harmonics and noise that die away.

    Args:
        rng: Chooses pitches from 55 to 880 Hz, decays and noise.
        batch: How many.

    Returns:
        `[batch, FRAMES]` at `RATE_HZ`.
    """
    time_s = np.arange(FRAMES, dtype=np.float32) / RATE_HZ
    pitch_hz = 55 * 2 ** rng.uniform(0, 4, (batch, 1))
    phase = (2 * np.pi * pitch_hz).astype(np.float32) * time_s
    sounds = 0.02 * rng.standard_normal((batch, FRAMES), np.float32)
    for number in range(1, _HARMONICS + 1):
        sounds += 0.2 / number * np.sin(number * phase)
    decay_s = rng.uniform(0.05, 0.5, (batch, 1)).astype(np.float32)
    return sounds * np.exp(-time_s / decay_s)
