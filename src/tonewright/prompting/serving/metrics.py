"""What a server counts, in the text format that Prometheus reads.

Source: Prometheus, "Exposition formats", text format 0.0.4.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Iterator, Mapping

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
OUTCOMES = {
    "ok": "a sound was made",
    "fault": "the generator failed at it, or died of it twice",
    "refused": "it asked for what the generator cannot do",
    "full": "too many were waiting",
    "timeout": "it took too long",
    "cancelled": "who asked for it went away",
    "unavailable": "there was no generator",
}
_LATENCIES_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0)
_BATCHES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)


class Histogram:
    """Counts of values up to each of some bounds.

    Args:
        bounds: Ascending.
    """

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def observe(self, value: float) -> None:
        """Count a value."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def lines(self, name: str) -> Iterator[str]:
        """Its samples."""
        total = 0
        for bound, count in zip((*map("{:g}".format, self._bounds), "+Inf"), self._counts, strict=True):
            total += count
            yield f'{name}_bucket{{le="{bound}"}} {total}'
        yield f"{name}_sum {self._sum!r}"
        yield f"{name}_count {total}"


class Metrics:
    """Counters and histograms of a server; any thread may use them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._outcomes = dict.fromkeys(OUTCOMES, 0)
        self._batches, self._latencies = Histogram(_BATCHES), Histogram(_LATENCIES_S)

    def count(self, outcome: str, times: int = 1) -> None:
        """Count requests that ended so."""
        with self._lock:
            self._outcomes[outcome] += times

    def rendered(self, outcome: str, latency_s: float) -> None:
        """Count a request that was rendered, and how long it took from its arrival on."""
        with self._lock:
            self._outcomes[outcome] += 1
            self._latencies.observe(latency_s)

    def batch(self, size: int) -> None:
        """Count requests that were sent to the generator together."""
        with self._lock:
            self._batches.observe(size)

    @property
    def outcomes(self) -> dict[str, int]:
        """How many requests ended how."""
        with self._lock:
            return dict(self._outcomes)

    def text(self, gauges: Mapping[str, tuple[str, float]], replaced: int) -> str:
        """All of it, as Prometheus reads it.

        Args:
            gauges: What is measured now: by name, its meaning and its value.
            replaced: How often the worker was replaced.
        """
        with self._lock:
            lines = list(self._lines(gauges, replaced))
        return "\n".join(lines) + "\n"

    def _lines(self, gauges: Mapping[str, tuple[str, float]], replaced: int) -> Iterator[str]:
        name = "tonewright_requests_total"
        yield from _head(name, "counter", "Requests by how they ended.")
        for outcome, count in self._outcomes.items():
            yield f'{name}{{outcome="{outcome}"}} {count}'
        name = "tonewright_workers_replaced_total"
        yield from _head(name, "counter", "Processes of the generator that were replaced.")
        yield f"{name} {replaced}"
        for name, (meaning, value) in gauges.items():
            yield from _head(name, "gauge", meaning)
            yield f"{name} {value:g}"
        for name, meaning, histogram in (
            ("tonewright_batch_size", "Requests sent to the generator together.", self._batches),
            ("tonewright_latency_seconds", "From a request to its sound, or fault.", self._latencies),
        ):
            yield from _head(name, "histogram", meaning)
            yield from histogram.lines(name)


def _head(name: str, kind: str, meaning: str) -> Iterator[str]:
    yield f"# HELP {name} {meaning}"
    yield f"# TYPE {name} {kind}"
