import sys

import numpy as np
import pytest

from tonewright.measuring import timing
from tonewright.threads import available_threads, numba_threads


def test_seconds_of_one_call(monkeypatch):
    ticks = iter([5.0, 8.5])
    monkeypatch.setattr(timing.time, "perf_counter", lambda: next(ticks))
    assert timing.seconds(lambda: None) == 3.5


@pytest.fixture
def clock(monkeypatch):
    """Calls take 3, 1, 8, 5 … seconds; gives how many there have been."""
    durations = iter([3.0, 1.0, 8.0, 5.0])

    def seconds(work):
        work()
        return next(durations)

    monkeypatch.setattr(timing, "seconds", seconds)
    return []


def test_the_fastest_of_several_calls(clock):
    assert timing.best_seconds(lambda: clock.append(1), 3) == 1.0
    assert len(clock) == 3


def test_the_median_of_several_calls(clock):
    assert timing.median_seconds(lambda: clock.append(1), 3) == 3.0
    assert len(clock) == 3


def test_a_rate_is_that_of_the_fastest_call_and_leaves_the_first_out(clock):
    assert timing.best_rate(lambda: clock.append(1), items=10, runs=2) == 10.0
    assert len(clock) == 3


@pytest.mark.skipif(sys.platform == "win32", reason="Windows tells memory in another way")
def test_conditions():
    with numba_threads(1):
        assert timing.conditions()["threads"] == 1
    before = timing.conditions()
    assert before["threads"] == available_threads()
    held = np.ones(40_000_000, np.uint8)  # touched, so that it is really there
    assert timing.conditions()["peak_memory_mb"] >= max(40, before["peak_memory_mb"])
    assert held.sum() == 40_000_000
