"""How the search went: best loss against presets rendered."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tonewright import wording
from tonewright.matching.result import MatchResult
from tonewright.reports import plots
from tonewright.reports.markup import Html, tag


def search_curve(result: MatchResult) -> Html:
    """A step line: the loss stays where it is until a better preset is heard."""
    if not result.curve:
        return tag("p", "No preset was rendered by the search.", class_="note")
    renders, losses = np.array(result.curve, dtype=np.float64).T
    high = max(float(result.renders), renders[-1])
    step = plots.nice_step(max(losses[0], 1e-6) * 1.02, 5)
    top = step * np.ceil(losses[0] * 1.02 / step) or step
    x, y = np.append(np.repeat(renders, 2)[1:], high) / high, np.repeat(losses / top, 2)
    counts, y_ticks = plots.value_ticks(0.0, high, int(min(high, 6))), plots.value_ticks(0.0, top, 5)
    x_ticks = [replace(tick, minor=i % 2 == 1) for i, tick in enumerate(counts)]
    best = wording.number(losses[-1])
    drawn = plots.drawing(
        f"Best loss so far: from {wording.number(losses[0])} after {renders[0]:,.0f} presets "
        f"to {best} after {renders[-1]:,.0f}",
        plots.grid(x_ticks, y_ticks),
        plots.area(x, y, "fill search"),
        plots.line(x, y, "stroke search"),
    )
    title = "training loss of the best preset so far: 0 is a perfect copy"
    return plots.frame(drawn, x_ticks, y_ticks, "presets heard", title)
