"""Measure synths that are turned while they sound: how fast they are, and how loud they click.

Usage: python benchmarks/improvising/turning.py; writes benchmarks/results/improvising-turning.json.

Each built-in synth plays at 44.1 kHz in blocks of 256 samples, standing still or turned before every block by
up to a tenth of each control's range: one voice, and 64 at once. Times faster than time are those of one
core, by the processor's time, the best of several runs. Clicks are what `tonewright.synths.clicks` measures:
the loudest of every control that jumps from end to end 100 times a second, and of all that jump at once.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from pathlib import Path

import numpy as np

from tonewright.synths import synth as make_synth
from tonewright.synths.base import Synth
from tonewright.synths.clicks import click_levels
from tonewright.synths.registry import SYNTHS
from tonewright.threads import numba_threads

RESULT = Path(__file__).parent.parent / "results" / "improvising-turning.json"
RATE_HZ, HOP, STEP = 44_100, 256, 0.1
BATCHES = (1, 64)
RUN_SECONDS, RUNS = 0.5, 12


def times_realtime(synth: Synth, batch: int, step: float) -> float:
    """Seconds of sound, of all voices together, in a second of one core."""
    rng = np.random.default_rng(0)
    params = synth.controls.sample(rng, batch)
    voice = synth.voice(params, 48)
    hops = max(8, round(RUN_SECONDS * RATE_HZ / HOP / batch**0.5))
    moves = rng.uniform(-step, step, (hops, *params.shape)).astype(np.float32)
    best = np.inf
    for _ in range(RUNS):
        started = time.process_time()
        for move in moves:
            if step:
                params = np.clip(params + move, 0, 1)
                voice.turn(params)
            voice.render(HOP)
        best = min(best, time.process_time() - started)
    return batch * hops * HOP / RATE_HZ / best


def clicks_db(synth: Synth) -> dict[str, float | str]:
    """The loudest click of a control that is turned alone, and of all together."""
    levels = click_levels(synth, np.random.default_rng(0))
    together = levels.pop("all")
    worst = max(levels, key=lambda name: levels[name])
    return {"control": worst, "alone_db": levels[worst], "all_db": together}


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter).parse_args()
    synths = {name: make_synth(name, RATE_HZ) for name in sorted(SYNTHS)}
    with numba_threads(1):
        speed = {
            name: {
                f"{how}_{batch}": times_realtime(synth, batch, step)
                for batch in BATCHES
                for how, step in (("still", 0.0), ("turned", STEP))
            }
            for name, synth in synths.items()
        }
    result = {
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "times_realtime": speed,
        "clicks": {name: clicks_db(synth) for name, synth in synths.items()},
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
