"""A plot of how late hops began, or how long they took: how many there are of each duration."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tonewright import wording
from tonewright.improvising.hearing import HOP_S
from tonewright.improvising.session.kept.report import Timing
from tonewright.reports import lanes, plots
from tonewright.reports.markup import Html, join, tag
from tonewright.reports.plots import Tick

_HOP_US = 1e6 * HOP_S
_TITLES = {"clock": "How late hops began", "work": "How long hops took"}
_LEAST_COUNT = 0.5
"""At the bottom of a plot, so that a single hop is seen."""
_HIGHEST = 0.7
"""Share of the height of the highest class; above it a label has room."""
_FEW_DECADES = 4
_NICE = (1, 2, 5)


def timing_plot(name: str, timing: Timing) -> Html:
    """A histogram on logarithmic axes, with the duration of a hop.

    Args:
        name: `clock` or `work`.
        timing: How many hops there are in each class, one at least.
    """
    bounds_us = _bounds(timing.edges_us)
    used = np.flatnonzero(timing.counts)
    low = np.floor(np.log10(bounds_us[max(used[0], 1)])) if used[0] else np.log10(bounds_us[0])
    high = np.ceil(np.log10(max(bounds_us[used[-1] + 1], 1.5 * _HOP_US)))
    top = _LEAST_COUNT * (timing.counts.max() / _LEAST_COUNT) ** (1 / _HIGHEST)

    def across(us: NDArray[np.float64] | float) -> NDArray[np.float64]:
        return np.asarray(np.clip((np.log10(us) - low) / (high - low), 0.0, 1.0))

    def up(count: NDArray[np.float64] | float) -> NDArray[np.float64]:
        return np.asarray(
            np.log10(np.maximum(count, _LEAST_COUNT) / _LEAST_COUNT) / np.log10(top / _LEAST_COUNT)
        )

    x = across(np.repeat(bounds_us, 2))
    y = np.concatenate([[0.0], np.repeat(up(timing.counts.astype(np.float64)), 2), [0.0]])
    durations_us = [
        nice * 10.0**power
        for power in range(int(np.ceil(low)), int(high) + 1)
        for nice in (_NICE if high - low <= _FEW_DECADES else (1,))
    ]
    x_ticks = [
        Tick(float(across(us)), _duration(us), minor=i % 3 > 0)
        for i, us in enumerate(durations_us)
        if us < 10**high
    ]
    y_ticks = [Tick(float(up(10.0**power)), f"{10**power:,}") for power in range(int(np.log10(top)) + 1)]
    title = _TITLES.get(name, name)
    drawn = plots.drawing(
        f"{title}: number of hops over time, both on logarithmic axes",
        plots.grid(x_ticks, y_ticks),
        plots.area(x, y, "fill accent"),
        plots.line(x, y, "stroke accent"),
    )
    limit = lanes.mark(f"one hop, {wording.duration(HOP_S, 2)}", float(across(_HOP_US)), 1.0)
    return tag(
        "div",
        tag("h3", title),
        plots.frame(join(drawn, limit), x_ticks, y_ticks, "time", f"hops, {timing.counts.sum():,} in all"),
        class_="take",
    )


def _bounds(edges_us: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bounds of classes `[N + 1]`, the first and the last of them as wide as their neighbours."""
    first, last = edges_us[1] ** 2 / edges_us[2], edges_us[-1] ** 2 / edges_us[-2]
    return np.concatenate([[first], edges_us[1:], [last]])


def _duration(us: float) -> str:
    return f"{us:.0f} µs" if us < 1000 else wording.duration(us / 1e6)
