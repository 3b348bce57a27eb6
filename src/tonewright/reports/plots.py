"""Plots as HTML and SVG: the curve stretches with the page, the words on its axes do not."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from tonewright import wording
from tonewright.reports.markup import Html, join, tag
from tonewright.reports.pictures import FrequencyAxis

_WIDTH, _HEIGHT = 1000, 200
_NICE = (1.0, 2.0, 5.0, 10.0)


@dataclass(frozen=True)
class Tick:
    """A label on an axis.

    Attributes:
        at: Position, 0 at the beginning of the axis and 1 at its end.
        label: What it says.
        minor: Left out where room is short.
    """

    at: float
    label: str
    minor: bool = False


def nice_step(span: float, most: int) -> float:
    """The smallest step of 1, 2 or 5 times a power of ten that divides the span into no more than `most`."""
    rough = span / most
    power = 10.0 ** np.floor(np.log10(rough))
    return float(power * next(nice for nice in _NICE if nice >= rough / power * (1 - 1e-9)))


def time_ticks(seconds: float) -> list[Tick]:
    """Labels of a time axis from 0."""
    step = nice_step(seconds, 10)
    unit, scale = ("s", 1.0) if seconds >= 0.5 else ("ms", 1000.0)
    ticks = []
    for i in range(int(seconds / step * (1 + 1e-9)) + 1):
        value = wording.number(round(i * step * scale, 9), 6)
        ticks.append(Tick(i * step / seconds, f"{value} {unit}", minor=i % 2 == 1))
    # A label at the very end would hang over the edge, or meet its neighbour.
    return [tick for tick in ticks if tick.at < 0.95]


def frequency_ticks(axis: FrequencyAxis) -> list[Tick]:
    """Labels of a frequency axis at 1, 2 and 5 times powers of ten."""
    ticks = []
    for decade in (10, 100, 1000, 10_000):
        for nice in _NICE[:-1]:
            at = axis.height(nice * decade)
            if 0.02 < at < 0.98:
                ticks.append(Tick(at, wording.frequency(nice * decade), minor=nice > 1))
    return ticks


def value_ticks(low: float, high: float, most: int, unit: str = "") -> list[Tick]:
    """Labels of a linear axis."""
    step = nice_step(high - low, most)
    first, last = int(np.ceil(low / step - 1e-9)), int(np.floor(high / step + 1e-9))
    return [
        Tick((i * step - low) / (high - low), f"{wording.number(round(i * step, 9))} {unit}".rstrip())
        for i in range(first, last + 1)
    ]


def axis(side: str, ticks: list[Tick]) -> Html:
    """The labels of an axis; `side` is `x` or `y`."""
    labels = [
        tag("span", tick.label, class_=_class_of(tick) or None, style=f"--at:{tick.at:.4f}") for tick in ticks
    ]
    return tag("div", *labels, class_=f"axis axis-{side}", aria_hidden="true")


def _class_of(tick: Tick) -> str:
    # A label at an end of the axis is set inside it.
    end = "first" if tick.at < 0.02 else "last" if tick.at > 0.98 else ""
    return f"{end} minor".lstrip() if tick.minor else end


def grid(x: list[Tick], y: list[Tick]) -> Html:
    """Lines at the labels of both axes."""
    down = "".join(f"M{tick.at * _WIDTH:.1f} 0V{_HEIGHT}" for tick in x)
    across = "".join(f"M0 {(1 - tick.at) * _HEIGHT:.1f}H{_WIDTH}" for tick in y)
    return tag("path", d=down + across, class_="grid")


def line(x: ArrayLike, y: ArrayLike, class_: str) -> Html:
    """A polyline through points; both coordinates lie in 0…1, from left to right and from bottom to top.

    Where y is NaN the line has a gap; a point alone between two gaps is a dot.
    """
    at, values = np.asarray(x, np.float64), np.asarray(y, np.float64)
    pieces = []
    for run in np.split(np.arange(len(values)), np.flatnonzero(np.isnan(values))):
        there = run[~np.isnan(values[run])]
        if len(there):
            points = _points(at[there], values[there])
            pieces.append(f"M{points}" if len(there) > 1 else f"M{points}h0")
    return tag("path", d="".join(pieces), class_=class_)


def area(x: ArrayLike, y: ArrayLike, class_: str) -> Html:
    """The area between points and the bottom; coordinates as for `line`."""
    xs = np.asarray(x) * _WIDTH
    return tag("path", d=f"M{xs[0]:.1f} {_HEIGHT}L{_points(x, y)}L{xs[-1]:.1f} {_HEIGHT}Z", class_=class_)


def _points(x: ArrayLike, y: ArrayLike) -> str:
    xs, ys = np.asarray(x) * _WIDTH, (1 - np.asarray(y)) * _HEIGHT
    return " ".join(f"{a:.1f} {b:.1f}" for a, b in zip(xs, ys, strict=True))


def drawing(description: str, *shapes: Html) -> Html:
    """Shapes made by `line`, `area` and `grid`, stretched over the room that the page gives them."""
    return tag(
        "svg", *shapes, viewBox=f"0 0 {_WIDTH} {_HEIGHT}", preserveAspectRatio="none", role="img",
        aria_label=description,
    )  # fmt: skip


def steps(x: ArrayLike, y: ArrayLike, end: float, *, x_title: str, y_title: str, description: str) -> Html:
    """A value that stays where it is until it changes, such as the best of a search so far, with its axes.

    Args:
        x: `[n]` where it changes, rising whole numbers.
        y: `[n]` its value from there on, none below 0.
        end: Where the axis ends, or the last change where that is later.
        x_title: What x counts.
        y_title: What the value is.
        description: What is seen, for those who do not.
    """
    at, values = np.asarray(x, np.float64), np.asarray(y, np.float64)
    end, highest = max(float(end), at[-1]), values.max()
    step = nice_step(max(highest, 1e-6) * 1.02, 5)
    top = step * np.ceil(highest * 1.02 / step) or step
    line_x, line_y = np.append(np.repeat(at, 2)[1:], end) / end, np.repeat(values / top, 2)
    counts, y_ticks = value_ticks(0.0, end, int(min(end, 6))), value_ticks(0.0, top, 5)
    x_ticks = [replace(tick, minor=i % 2 == 1) for i, tick in enumerate(counts)]
    drawn = drawing(
        description,
        grid(x_ticks, y_ticks),
        area(line_x, line_y, "fill accent"),
        line(line_x, line_y, "stroke accent"),
    )
    return frame(drawn, x_ticks, y_ticks, x_title, y_title)


def frame(content: Html, x: list[Tick], y: list[Tick], x_title: str, y_title: str) -> Html:
    """A plot with its axes and their titles."""
    return join(
        tag("div", y_title, class_="axis-title"),
        tag("div", axis("y", y), tag("div", content, class_="area"), axis("x", x), class_="frame"),
        tag("div", x_title, class_="axis-title axis-title-x"),
    )
