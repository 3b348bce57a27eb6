"""How fast a synth is on this machine: `tonewright bench render`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tonewright.measuring.timing import best_rate, conditions, median_seconds
from tonewright.synths.registry import synth as make_synth

_RATE_HZ = 16_000
_SECONDS = 0.5
_LIVE_RATE_HZ = 44_100
_BLOCK = 64
_BLOCKS = 1_000


def render_speed(batch: int = 512, runs: int = 15) -> dict[str, Any]:
    """Measure Serum-lite: sounds of 0.5 s at 16 kHz, and a live note in blocks of 64 at 44.1 kHz.

    Args:
        batch: Presets rendered at once.
        runs: Renders of the batch, of which the fastest counts.

    Returns:
        Presets a second, random ones and with all 14 unison voices; how many times faster than time a live
        note of 14 voices is; and the conditions.
    """
    synth = make_synth("serum-lite", _RATE_HZ)
    params = synth.controls.sample(np.random.default_rng(0), batch)
    full = params.copy()
    full[:, [synth.controls.index("osc1_unison"), synth.controls.index("osc2_unison")]] = 1.0
    return {
        "presets_per_second_14_voices": best_rate(lambda: synth.render(full, 60, _SECONDS), batch, runs),
        "presets_per_second_random": best_rate(lambda: synth.render(params, 60, _SECONDS), batch, runs),
        "live_voice_times_realtime": _live_voice(full[:1]),
    } | conditions()


def _live_voice(params: NDArray[np.float32]) -> float:
    voice = make_synth("serum-lite", _LIVE_RATE_HZ).voice(params, 60)
    return _BLOCK / _LIVE_RATE_HZ / median_seconds(lambda: voice.render(_BLOCK), _BLOCKS)
