"""How long work takes, and under which conditions that was measured."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from tonewright.threads import available_threads


def seconds(work: Callable[[], object]) -> float:
    """Wall-clock seconds that one call takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def best_seconds(work: Callable[[], object], runs: int) -> float:
    """Seconds of the fastest of several calls, which other programs disturb least."""
    return min(seconds(work) for _ in range(runs))


def median_seconds(work: Callable[[], object], runs: int) -> float:
    """Median of the seconds that each of several calls takes."""
    return statistics.median(seconds(work) for _ in range(runs))


def best_rate(work: Callable[[], object], items: int, runs: int) -> float:
    """Items a second in the fastest of several calls, after one that is not counted.

    Args:
        work: Does all items at once.
        items: How many there are.
        runs: How many calls are counted.
    """
    work()  # compiles, loads and makes what is made once
    return items / best_seconds(work, runs)


def conditions() -> dict[str, Any]:
    """What a measurement of speed depends on.

    Returns:
        `threads` of compiled kernels, and `peak_memory_mb`, the most that this process has held so far.
    """
    import resource  # which Windows lacks

    unit = 1 if sys.platform == "darwin" else 1024
    return {
        "threads": available_threads(),
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6,
    }
