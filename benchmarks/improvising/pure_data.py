"""Measure Pure Data patches: how fast Pd renders them, and how long it takes to start.

Usage: python benchmarks/improvising/pure_data.py; writes benchmarks/results/improvising-pure-data.json.

Each patch that ships renders random settings at 44.1 kHz, several in one process of Pd: 64 of 2 s, and 256
points of 0.5 s, as a lookup table needs them. 16 voices are then played live, turned before every hop of 256
samples. Speeds count the processor's time of Pd and of Tonewright together, so that they are those of one
core, the best of several runs. The start is the time from nothing to the first 64 samples, of one instance
and of 16 in one Pd, the shortest of several.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tonewright.measuring.timing import best_seconds
from tonewright.synths import synth as make_synth
from tonewright.synths.pd.naming import shipped
from tonewright.synths.pd.program import find_program
from tonewright.synths.pd.synth import PureData
from tonewright.threads import available_threads

RESULT = Path(__file__).parent.parent / "results" / "improvising-pure-data.json"
RATE_HZ, HOP, VOICES, HOPS = 44_100, 256, 16, 400
LONG = (64, 2.0)
POINTS = (256, 0.5)
TABLE = 8_000


def processor_seconds(work: Callable[[], object]) -> float:
    """What one call costs here and in the processes that it starts and ends."""

    def spent() -> float:
        parts = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return sum(part.ru_utime + part.ru_stime for part in parts)

    before = spent()
    work()
    return spent() - before


def times_realtime(synth: PureData, batch: int, seconds: float, runs: int) -> float:
    """Seconds of sound in a second of one core."""
    params = synth.controls.sample(np.random.default_rng(0), batch)
    best = min(processor_seconds(lambda: synth.render(params, 60, seconds)) for _ in range(runs))
    return batch * seconds / best


def live_steps(synth: PureData, runs: int) -> float:
    """Hops of single voices in a second of one core, of several voices that are turned before each."""
    turns = np.random.default_rng(1).random((HOPS, VOICES, len(synth.controls)), np.float32)

    def play() -> None:
        voice = synth.voice(turns[0])
        for params in turns:
            voice.turn(params)
            voice.render(HOP)

    return HOPS * VOICES / min(processor_seconds(play) for _ in range(runs))


def start_ms(synth: PureData, instances: int, runs: int) -> float:
    """Milliseconds until the first block is there."""
    params = synth.controls.sample(np.random.default_rng(2), instances).tolist()

    def start() -> None:
        player = synth.start(instances, 0)
        player.turn(params)
        player.begin(1)
        player.finish()
        player.close()

    return 1_000 * best_seconds(start, runs)


def measure(name: str, runs: int) -> dict[str, float]:
    """All of one patch."""
    synth = make_synth(f"pd:{name}", RATE_HZ)
    assert isinstance(synth, PureData)
    synth.check_sound()
    points = times_realtime(synth, *POINTS, runs)
    return {
        "times_realtime": times_realtime(synth, *LONG, runs),
        "times_realtime_points": points,
        "table_seconds_two_cores": TABLE * POINTS[1] / points / 2,
        "live_steps_per_second": live_steps(synth, runs),
        "start_ms": start_ms(synth, 1, 4 * runs),
        "start_16_ms": start_ms(synth, 16, 4 * runs),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", type=int, default=5, help="of which the best counts")
    options = parser.parse_args()
    result = {
        "machine": f"{platform.machine()}, Python {platform.python_version()}, Pd {find_program().version}",
        "threads": available_threads(),
        "patches": {name: measure(name, options.runs) for name in shipped()},
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
