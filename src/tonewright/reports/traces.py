"""Lanes with curves of several sources on one scale: values over time in their own unit, with gaps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tonewright import wording
from tonewright.reports import plots
from tonewright.reports.markup import Html, tag
from tonewright.reports.pictures import FrequencyAxis

GHOST = "ghost"
"""Class of a curve that is only seen while the switch of `ghost_switch` is on."""
_TOLERANCE = 0.004
"""Of the height of a lane: a curve is drawn with as few points as come so near to all."""
_MOST_TICKS = 5
_FEWEST_TICKS = 3
_CLOSE = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
_LEAST_OCTAVES = 2.0
_SWITCH = "ghosts"


@dataclass(frozen=True, eq=False)
class Trace:
    """A curve.

    Attributes:
        name: What a sentence calls it, as in `player`.
        class_: `sound-0` and so on, the colour of that sound; or `GHOST`.
        at_s: `[n]` times.
        values: `[n]`; NaN where there is none: a gap.
    """

    name: str
    class_: str
    at_s: NDArray[np.floating[Any]]
    values: NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Scale:
    """What is at the bottom and at the top of a lane.

    Attributes:
        low: At the bottom.
        high: At the top.
        octaves: Whether equal heights are equal ratios, of frequencies in Hz.
        unit: Unit of the values.
        ticks: Labels in place of round values, if any.
    """

    low: float
    high: float
    octaves: bool = False
    unit: str = ""
    ticks: tuple[plots.Tick, ...] = ()

    @classmethod
    def around(
        cls, values: Sequence[ArrayLike], unit: str = "", *, floor: float = -np.inf, least: float = 0.0
    ) -> Scale:
        """A linear scale that holds values, but what is below the floor.

        Args:
            values: Any number of arrays; NaN does not count.
            unit: Of the values.
            floor: The lowest that is shown.
            least: From the bottom to the top.
        """
        low, high = _span(values, 0.0, 1.0)
        low, high = max(low, floor), max(high, floor)
        missing = max(0.0, least - (high - low)) / 2
        low, high = low - missing, high + missing
        step = plots.nice_step(max(high - low, 1e-6), 4)
        low, high = step * np.floor(low / step), step * np.ceil(high / step)
        return cls(float(low), float(high if high > low else low + step), unit=unit)

    @classmethod
    def of_frequencies(cls, values: Sequence[ArrayLike]) -> Scale:
        """A scale of octaves that holds frequencies in Hz, two octaves at least."""
        low, high = np.log2(_span(values, 220.0, 440.0))
        missing = max(0.0, _LEAST_OCTAVES - (high - low)) / 2 + 0.1
        return cls(float(2 ** (low - missing)), float(2 ** (high + missing)), octaves=True, unit="Hz")

    def heights(self, values: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """Heights of values, 0 at the bottom and 1 at the top; what lies beyond stays at the edge."""
        low, high = self.low, self.high
        if self.octaves:
            low, high, values = np.log2(low), np.log2(high), np.log2(values)
        return np.asarray(np.clip((values - low) / (high - low), 0.0, 1.0))

    def labels(self) -> list[plots.Tick]:
        """Labels of the axis, none at its very ends."""
        ticks = list(self.ticks)
        if not ticks and self.octaves:
            ticks = plots.frequency_ticks(FrequencyAxis(self.low, self.high))
            if sum(map(_inside, ticks)) < _FEWEST_TICKS:
                ticks = _close_ticks(self)
        elif not ticks:
            ticks = plots.value_ticks(self.low, self.high, _MOST_TICKS, self.unit)
        return [tick for tick in ticks if _inside(tick)]


def trace_lane(
    title: str, traces: Sequence[Trace], scale: Scale, seconds: float, *, slim: bool = False
) -> Html:
    """A lane with curves, to be put into `lanes.stack`; a legend names them.

    Args:
        title: What is shown, and its unit if the labels of the axis do not tell it.
        traces: From the back to the front.
        scale: Of all.
        seconds: Duration of the sounds.
        slim: Half as high.
    """
    ticks = scale.labels()
    curves = []
    for trace in traces:
        x, y = simplified(trace.at_s / seconds, scale.heights(trace.values), _TOLERANCE)
        curves.append(plots.line(x, y, f"stroke {trace.class_}"))
    names = ", ".join(trace.name for trace in traces if trace.class_ != GHOST)
    picture = plots.drawing(
        f"{title} over time: {names}", plots.grid(plots.time_ticks(seconds), ticks), *curves
    )
    swatches = [
        tag("span", tag("i", class_=f"swatch {trace.class_}"), trace.name.removeprefix("the "),
            class_=GHOST if trace.class_ == GHOST else None)
        for trace in reversed(traces)
    ]  # fmt: skip
    key = tag("b", title, *swatches, class_="chip")
    content = tag("div", picture, key, class_="area")
    return tag(
        "div", plots.axis("y", ticks), content, class_="lane level trace slim" if slim else "lane level trace"
    )


def ghost_switch(text: str) -> Html:
    """A switch for all curves of class `GHOST` of the page; it stands on the page once."""
    return tag("label", tag("input", type="checkbox", id=_SWITCH), text, class_="switch")


def simplified(
    x: NDArray[np.floating[Any]], y: NDArray[np.floating[Any]], tolerance: float
) -> tuple[NDArray[np.floating[Any]], NDArray[np.floating[Any]]]:
    """A curve with fewer points, none of the old ones further from it than the tolerance in y.

    Ramer's and Douglas and Peucker's method, with distances along y; gaps stay.

    Args:
        x: `[n]` rising.
        y: `[n]`; NaN where there is a gap.
        tolerance: In y.

    Returns:
        Points that are kept, `[m]` each.
    """
    keep = np.isnan(y)
    keep[1:] |= keep[:-1] & ~np.isnan(y[1:])  # of every run its first
    keep[:-1] |= np.isnan(y[1:])  # and its last
    keep[:1] = keep[-1:] = True
    ends = np.flatnonzero(keep)
    parts = list(zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True))
    while parts:
        first, last = parts.pop()
        if last - first < 2:
            continue
        inside = slice(first + 1, last)
        share = (x[inside] - x[first]) / (x[last] - x[first])
        off = np.abs(y[first] + share * (y[last] - y[first]) - y[inside])
        worst = int(off.argmax())
        if off[worst] > tolerance:
            middle = first + 1 + worst
            keep[middle] = True
            parts += [(first, middle), (middle, last)]
    # One NaN is gap enough.
    repeated = np.isnan(y) & np.concatenate([[False], np.isnan(y[:-1])])
    keep &= ~repeated
    return x[keep], y[keep]


def _inside(tick: plots.Tick) -> bool:
    return 0.05 < tick.at < 0.95


def _close_ticks(scale: Scale) -> list[plots.Tick]:
    """Labels of a few octaves."""
    lowest = 10.0 ** np.floor(np.log10(scale.low))
    values = [nice * decade for decade in (lowest, 10 * lowest) for nice in _CLOSE]
    heights = scale.heights(np.array(values))
    return [plots.Tick(float(at), wording.frequency(hz)) for hz, at in zip(values, heights, strict=True)]


def _span(values: Sequence[ArrayLike], low: float, high: float) -> tuple[float, float]:
    """The lowest and the highest finite value; what is given where there is none."""
    known = np.concatenate([np.ravel(np.asarray(some, np.float64)) for some in values])
    known = known[np.isfinite(known)]
    return (float(known.min()), float(known.max())) if len(known) else (low, high)
