"""How the search went: best loss against presets rendered."""

from __future__ import annotations

import numpy as np

from tonewright.matching.report import phrases, plots
from tonewright.matching.report.markup import Html, tag
from tonewright.matching.result import MatchResult


def search_curve(result: MatchResult) -> Html:
    """A step line: the loss stays where it is until a better preset is heard."""
    if not result.curve:
        return tag("p", "No preset was rendered by the search.", class_="note")
    renders = np.array([max(count, 1) for count, _ in result.curve], dtype=np.float64)
    losses = np.array([loss for _, loss in result.curve], dtype=np.float64)
    low = plots.nice_floor(renders[0])
    high = max(float(result.renders), renders[-1], 2 * low)
    step = plots.nice_step(max(losses[0], 1e-6) * 1.02, 5)
    top = step * np.ceil(losses[0] * 1.02 / step) or step
    x = np.log10(np.append(np.repeat(renders, 2), high) / low) / np.log10(high / low)
    y = np.concatenate([[1.0], np.repeat(losses / top, 2)])
    x_ticks, y_ticks = plots.count_ticks(low, high), plots.value_ticks(0.0, top, 5)
    best = phrases.number(losses[-1])
    drawn = plots.drawing(
        f"Best loss so far: from {phrases.number(losses[0])} after {renders[0]:,.0f} presets "
        f"to {best} after {renders[-1]:,.0f}",
        plots.grid(x_ticks, y_ticks),
        plots.area(x[1:], y[1:], "fill search"),
        plots.line(x[1:], y[1:], "stroke search"),
    )
    return plots.frame(drawn, x_ticks, y_ticks, "presets rendered", "best training loss so far")
