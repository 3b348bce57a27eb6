"""Measure lookup tables: how long a build takes, how near they come between their points, how fast they are.

Usage: python benchmarks/improvising/lookup.py; writes benchmarks/results/improvising-lookup.json.

Builds a table of each synth with `tonewright lookup build`, in a process of its own: seconds on the clock,
seconds of processor, which other programs disturb less, and how many programs wanted the processor before.
Then, of each built-in synth:

- what hearing descriptors of long windows at fewer hops does to the means and spreads;
- what 1,000 points at random sound like, against what the table says between its points;
- points looked up, and nearest points found, a second on one core.

Differences are in robust spreads of each column: half of what lies between the 16th and the 84th percentile
of the points that sound. About ten minutes on two cores.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from tonewright.files import write_text
from tonewright.improvising.hearing import DESCRIPTORS, FRAMING
from tonewright.improvising.listening.nearest import NearestPoints
from tonewright.improvising.lookup import averaging
from tonewright.improvising.lookup.averaging import Averager
from tonewright.improvising.lookup.building import NOTE
from tonewright.improvising.lookup.files import read_table
from tonewright.improvising.lookup.interpolation import Interpolator
from tonewright.improvising.lookup.table import DEFAULT_SECONDS, LookupTable
from tonewright.synths import synth
from tonewright.threads import numba_threads

RESULT = Path(__file__).parent.parent / "results" / "improvising-lookup.json"
BUILT_IN, PD = ("sine", "fm", "granular"), ("pd:sine", "pd:fm", "pd:granular")
POINTS, AT_ONCE = 1_000, 250
COLUMNS, NEAREST_COLUMNS, QUERIES = 40, 20, 256
SHOWN = ("loudness_rms_dbfs", "spectral_centroid_hz", "mfcc_02", "pitch_f0_hz", "chroma_c")
"""Columns whose errors are told one by one."""


def build(name: str, path: Path) -> dict[str, Any]:
    """Build a table twice, the second time with everything compiled."""
    command = [sys.executable, "-m", "tonewright", "lookup", "build", "--synth", name, "-o", str(path)]
    subprocess.run([*command[:-2], "--sobol", "8", "-o", str(path)], check=True, capture_output=True)
    load = os.getloadavg()[0]  # of other programs, which share the two cores
    before, began_s = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run([*command, "--overwrite", "--json"], check=True, capture_output=True, text=True)
    wall_s, after = time.monotonic() - began_s, resource.getrusage(resource.RUSAGE_CHILDREN)
    told = json.loads(done.stdout)
    return {
        "points": told["points"],
        "controls": len(told["controls"]),
        "seconds": round(wall_s, 1),
        "processor_seconds": round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 1),
        "load_before": round(load, 1),
        "megabytes": round(path.stat().st_size / 1e6, 1),
        "silent_points": told["silent_points"],
    }


def render(name: str, params: NDArray[np.float32], seed: int = 0) -> NDArray[np.float32]:
    """Held notes, as those of a table are."""
    return synth(name, FRAMING.sample_rate_hz).render(params, NOTE, DEFAULT_SECONDS, DEFAULT_SECONDS, seed)


def hear(name: str, params: NDArray[np.float32], seed: int = 0) -> tuple[NDArray[np.float32], ...]:
    """Means, spreads and the share of frames that sound."""
    averager = Averager(FRAMING, DESCRIPTORS)
    parts = [averager(render(name, params[i : i + AT_ONCE], seed)) for i in range(0, len(params), AT_ONCE)]
    return tuple(np.concatenate(part) for part in zip(*parts, strict=True))


def robust_spread(means: NDArray[np.float32]) -> NDArray[np.float64]:
    low, high = np.percentile(means.astype(np.float64), [15.87, 84.13], axis=0)
    return (high - low) / 2


def errors(
    values: NDArray[np.floating],
    truth: NDArray[np.floating],
    scale: NDArray[np.float64],
    names: tuple[str, ...],
) -> dict[str, float]:
    """Median and 95th percentile over points and columns, and the median of some columns."""
    moves = scale > 1e-6
    error = np.abs(values.astype(np.float64) - truth)[:, moves] / scale[moves]
    kept = [name for name, moving in zip(names, moves, strict=True) if moving]
    found = {"median": float(np.median(error)), "95th percentile": float(np.percentile(error, 95))}
    found |= {name: float(np.median(error[:, kept.index(name)])) for name in SHOWN if name in kept}
    return {name: round(value, 4) for name, value in found.items()}


def fewer_hops(name: str, table: LookupTable) -> dict[str, Any]:
    """Every descriptor at every hop, against some at fewer; and against another seed."""
    params = np.random.default_rng(1).random((AT_ONCE, len(table.synth.controls)), dtype=np.float32)
    with patch.object(averaging, "_PACE", {}):
        means, spreads, sounding = hear(name, params)
        other = hear(name, params, seed=1)[0]
    fewer_means, fewer_spreads, _ = hear(name, params)
    sounds, scale = sounding > 0, robust_spread(table.means[table.sounding > 0])
    return {
        "means": errors(fewer_means[sounds], means[sounds], scale, table.columns),
        "spreads": errors(fewer_spreads[sounds], spreads[sounds], scale, table.columns),
        "means with another seed": errors(other[sounds], means[sounds], scale, table.columns),
    }


def between_points(name: str, table: LookupTable) -> dict[str, Any]:
    """What a table says of points at random, and what its nearest point says."""
    params = np.random.default_rng(2).random((POINTS, len(table.synth.controls)), dtype=np.float32)
    truth, _, sounding = hear(name, params)
    sounds, scale = sounding > 0, robust_spread(table.means[table.sounding > 0])
    apart = [np.square(table.params - one).sum(axis=1).argmin() for one in params]
    return {
        "interpolated": errors(Interpolator(table)(params)[sounds], truth[sounds], scale, table.columns),
        "nearest point": errors(table.means[apart][sounds], truth[sounds], scale, table.columns),
    }


def best_processor_seconds(work: Callable[[], object], runs: int = 7) -> float:
    """Of this thread, in the fastest of several calls after one that is not counted."""
    work()
    took_s = []
    for _ in range(runs):
        began_s = time.thread_time()
        work()
        took_s.append(time.thread_time() - began_s)
    return min(took_s)


def speed(table: LookupTable) -> dict[str, float]:
    """Points looked up and nearest points found on one core."""
    rng = np.random.default_rng(3)
    params = rng.random((20_000, len(table.synth.controls)), dtype=np.float32)
    look_up = Interpolator(table, table.columns[:COLUMNS])
    asked = table.means[rng.integers(0, len(table), QUERIES), :NEAREST_COLUMNS]
    points = table.means[:, :NEAREST_COLUMNS]
    nearest, counts = NearestPoints(points, np.ones_like(points)), np.ones_like(asked)
    few = params[:256]
    with numba_threads(1):
        return {
            "looked_up_per_second": round(len(params) / best_processor_seconds(lambda: look_up(params))),
            "looked_up_per_second_256_at_once": round(
                100 * len(few) / best_processor_seconds(lambda: [look_up(few) for _ in range(100)])
            ),
            "nearest_milliseconds": round(
                1e3 * best_processor_seconds(lambda: nearest(asked, counts)) / QUERIES, 4
            ),
        }


def measure(name: str, path: Path) -> dict[str, Any]:
    """Everything about the table of a synth."""
    found: dict[str, Any] = {"build": build(name, path)}
    if name not in PD:
        table = read_table(path)
        found |= {
            "fewer_hops": fewer_hops(name, table),
            "between_points": between_points(name, table),
            "speed": speed(table),
        }
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "--synths", nargs="+", help="measured anew; all of ours unless given, those of Pure Data where it is"
    )
    names = parser.parse_args().synths or (*BUILT_IN, *(PD if shutil.which("pd") else ()))
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            measured = {name: measure(name, Path(folder) / f"{name.replace(':', '-')}.parquet")}
            print(json.dumps(measured, indent=1), flush=True)
            found = json.loads(RESULT.read_text()) if RESULT.exists() else {}
            write_text(RESULT, json.dumps(found | measured, indent=1) + "\n", overwrite=True)


if __name__ == "__main__":
    main()
