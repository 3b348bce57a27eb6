"""The control clock: every hop has a deadline of its own, whatever became of the one before."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_EDGES_US = np.concatenate([[0.0], np.geomspace(10.0, 1e6, 51)])
"""Bounds of the classes that deviations are counted in: 0, then ten to a decade from 10 µs to a second."""
_NS_PER_S = 1_000_000_000


class Deadlines:
    """How far hops began from their deadlines, counted without keeping them.

    Attributes:
        hops: How many.
        late: How many began a whole period or more after theirs.
        skipped: Deadlines that passed while an earlier hop was at work.
        worst_ns: The largest deviation.
    """

    def __init__(self, period_ns: int) -> None:
        self._period_ns = period_ns
        self._counts = np.zeros(len(_EDGES_US), np.int64)
        self.hops = self.late = self.skipped = self.worst_ns = 0

    def count(self, deviation_ns: int) -> None:
        """Count a hop that began so long after its deadline."""
        self.hops += 1
        self.late += deviation_ns >= self._period_ns
        self.worst_ns = max(self.worst_ns, deviation_ns)
        place = int(np.searchsorted(_EDGES_US, deviation_ns / 1000, side="right")) - 1
        self._counts[max(place, 0)] += 1

    def quantile_us(self, share: float) -> float:
        """Upper bound of the class in which a share of the deviations is reached, in µs; 0 without any."""
        if not self.hops:
            return 0.0
        place = int(np.searchsorted(np.cumsum(self._counts), share * self.hops))
        return min(float(_EDGES_US[min(place + 1, len(_EDGES_US) - 1)]), self.worst_ns / 1000)

    @property
    def classes(self) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Lower bounds of the classes in µs, and how many deviations lie in each."""
        return _EDGES_US, self._counts


@dataclass
class Clock:
    """Deadlines at a constant distance, counted from one beginning, so that nothing drifts.

    Attributes:
        period_s: From one deadline to the next.
        now: The time in nanoseconds.
        sleep: Waits so many seconds, or a little longer.
        deadlines: What became of them.
    """

    period_s: float
    now: Callable[[], int] = time.monotonic_ns
    sleep: Callable[[float], None] = time.sleep

    def __post_init__(self) -> None:
        self.deadlines = Deadlines(round(self.period_s * _NS_PER_S))
        self._begin_ns = 0
        self._number = 0

    def start(self) -> None:
        """Let the first hop be due a period from now."""
        self._begin_ns = self.now()
        self._number = 0

    def wait(self) -> int:
        """Wait for the next deadline that has not passed, or go on at once with the newest one that has.

        Returns:
            How many hops are due: 1, or more after a stall.
        """
        self._number += 1
        due_ns = self._due_ns(self._number)
        while (left_ns := due_ns - self.now()) > 0:
            self.sleep(left_ns / _NS_PER_S)
        behind = int((self.now() - due_ns) // (self.period_s * _NS_PER_S))
        self.deadlines.count(self.now() - due_ns)
        self.deadlines.skipped += behind
        self._number += behind
        return 1 + behind

    def _due_ns(self, number: int) -> int:
        return self._begin_ns + round(number * self.period_s * _NS_PER_S)
