"""Measure how fast recordings are analysed, and how much memory that takes.

Usage: python benchmarks/improvising/corpus.py; writes benchmarks/results/improvising-corpus.json.

Recordings are made of notes with harmonics that die away, and a little noise: 20 of one minute, stereo,
16-bit FLAC at 48 kHz, and one of two hours. Each is analysed by `tonewright corpus analyse` with the usual
descriptors, in a process of its own, start and compiled code's loading included. What is told is how many
times faster than real time, by the wall clock (the best of several runs of the short ones) and by the time
of the processor on two cores that nobody else uses, and the most memory the process had. On a busy machine
only the second means anything; the load of the machine is told beside.

Then a corpus is read: all of it, and one descriptor. And what a minute of sound in memory takes is told of
each descriptor alone, and of all together, on one core: the rest is decoding, resampling and writing.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from tonewright.features import hear
from tonewright.improvising.corpus.files import read_contents, read_corpus
from tonewright.improvising.hearing import DESCRIPTORS, FRAMING
from tonewright.threads import numba_threads

RESULT = Path(__file__).parent.parent / "results" / "improvising-corpus.json"
RATE_HZ, FILES, LONG_MINUTES, RUNS, CORES = 48_000, 20, 120, 2, 2


def minute(rng: np.random.Generator) -> np.ndarray:
    """A minute of two notes a second, `[frames, 2]`."""
    sound = 0.0005 * rng.standard_normal((60 * RATE_HZ, 2))
    time_s = np.arange(RATE_HZ) / RATE_HZ
    for start in range(0, 59 * RATE_HZ, RATE_HZ // 2):
        pitch_hz, level = 55 * 2 ** rng.uniform(0, 4), rng.uniform(0.02, 0.2)
        note = sum(np.sin(2 * np.pi * pitch_hz * n * time_s) / n for n in range(1, 9))
        sides = rng.uniform(0.3, 1, 2)
        sound[start : start + RATE_HZ] += level * (note * np.exp(-5 * time_s))[:, None] * sides
    return np.clip(sound, -1, 1)


def make(folder: Path) -> tuple[Path, Path]:
    """Folders of many short recordings, and of a long one."""
    rng = np.random.default_rng(0)
    many, long = folder / "many", folder / "long"
    for one in (many, long):
        one.mkdir()
    # Minute by minute: a process that is started is told to have had what its parent holds.
    with soundfile.SoundFile(long / "long.flac", "w", RATE_HZ, 2, "PCM_16") as file:
        for i in range(LONG_MINUTES):
            sound = minute(rng)
            file.write(sound)
            if i < FILES:
                soundfile.write(many / f"{i}.flac", sound, RATE_HZ, subtype="PCM_16")
    return many, long


def analyse(folder: Path, output: Path) -> dict[str, float]:
    """Analyse a folder in a process of its own."""
    words = ["corpus", "analyse", str(folder), "-o", str(output), "--workers", str(CORES), "--overwrite"]
    began_s = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "tonewright", *words, "--json"], stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    wall_s = time.perf_counter() - began_s
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"tonewright {' '.join(words)} ended with {process.returncode}")
    seconds = read_contents(output).seconds
    processor_s = usage.ru_utime + usage.ru_stime
    return {
        "minutes": seconds / 60,
        "times_real_time": seconds / wall_s,
        "times_real_time_by_processor": CORES * seconds / processor_s,
        "peak_memory_mb": usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6,
    }


def best_seconds(path: Path, columns: str | None) -> float:
    """Best time of three to read some columns of a corpus."""
    times = []
    for _ in range(3):
        began_s = time.perf_counter()
        read_corpus(path, columns)
        times.append(time.perf_counter() - began_s)
    return min(times)


def times_real_time_alone() -> dict[str, float]:
    """Of hearing a minute on one core: all descriptors, and each; the best of three by the processor."""
    sound = minute(np.random.default_rng(1)).mean(axis=1)[: 60 * FRAMING.sample_rate_hz].astype(np.float32)
    found = {}
    for name, chosen in (("all", DESCRIPTORS), *((one, (one,)) for one in DESCRIPTORS)):
        seconds = []
        with numba_threads(1):
            for _ in range(4):  # the first compiles
                began_s = time.process_time()
                hear(sound, FRAMING.sample_rate_hz, chosen, window=FRAMING.window, hop=FRAMING.hop)
                seconds.append(time.process_time() - began_s)
        found[name] = len(sound) / FRAMING.sample_rate_hz / min(seconds)
    return found


def main() -> None:
    """Measure, print and write."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter).parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        many, long = make(folder)
        output = folder / "corpus.parquet"
        runs = [analyse(many, output) for _ in range(RUNS + 1)][1:]  # the first compiles
        hours = read_contents(output).seconds / 3600
        result: dict[str, Any] = {
            "cores": os.cpu_count(),
            "load_before": round(load, 1),
            "many_files": {
                "files": FILES,
                **max(runs, key=lambda run: run["times_real_time"]),
                "times_real_time_by_processor": max(run["times_real_time_by_processor"] for run in runs),
            },
            "corpus": {
                "megabytes_per_hour": output.stat().st_size / 1e6 / hours,
                "read_all_s_per_hour": best_seconds(output, None) / hours,
                "read_mfcc_s_per_hour": best_seconds(output, "mfcc") / hours,
            },
            "one_long_file": analyse(long, folder / "long.parquet"),
            "times_real_time_alone": times_real_time_alone(),
        }
    text = json.dumps(result, indent=1)
    RESULT.write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
