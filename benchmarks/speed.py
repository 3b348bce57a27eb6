"""Measure speed and memory on this machine and write `benchmarks/results/speed.json`.

Usage: python benchmarks/speed.py

Each measure runs in a process of its own, warm (its kernels are in Numba's cache). SciPy computing the three
spectra of the training loss, and nothing else, is the yardstick that tells a slow machine from slow code.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

RESULT = Path(__file__).parent / "results" / "speed.json"
TONEWRIGHT = Path(sys.executable).parent / "tonewright"
HELP_RUNS = 9


def bench(what: str) -> dict[str, float]:
    """What `tonewright bench WHAT --json` prints, on its second run."""
    for _ in range(2):
        printed = subprocess.run(
            [TONEWRIGHT, "bench", what, "--json"], check=True, capture_output=True, text=True
        ).stdout
    return json.loads(printed)


def help_seconds() -> float:
    """Median wall-clock time of `tonewright --help`."""
    seconds = []
    for _ in range(HELP_RUNS):
        started = time.perf_counter()
        subprocess.run([TONEWRIGHT, "--help"], check=True, capture_output=True)
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def spectra_by_scipy_per_second() -> float:
    """Sounds of 0.5 s at 16 kHz per second of which SciPy makes the three magnitude spectra of the loss."""
    import numpy as np
    import scipy.fft

    audio = np.random.default_rng(0).standard_normal((64, 8000), dtype=np.float32)
    started, sounds = time.perf_counter(), 0
    while time.perf_counter() - started < 3:
        for window in (2048, 1024, 512):
            padded = np.pad(audio, ((0, 0), (window - window // 4, window - window // 4)))
            frames = np.lib.stride_tricks.sliding_window_view(padded, window, axis=1)[:, :: window // 4]
            np.abs(scipy.fft.rfft(frames * np.hanning(window).astype(np.float32), workers=2))
        sounds += len(audio)
    return sounds / (time.perf_counter() - started)


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter).parse_args()
    result = {
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "render": bench("render"),
        "hear": bench("hear"),
        "compare": bench("compare"),
        "match": bench("match"),
        "help_seconds": help_seconds(),
        "scipy_spectra_per_second": spectra_by_scipy_per_second(),
    }
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
