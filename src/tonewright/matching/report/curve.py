"""How the search went: best loss against presets rendered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tonewright import wording
from tonewright.reports import plots
from tonewright.reports.markup import Html, tag

if TYPE_CHECKING:
    from tonewright.matching.result import MatchResult


def search_curve(result: MatchResult) -> Html:
    """A step line: the loss stays where it is until a better preset is heard."""
    if not result.curve:
        return tag("p", "No preset was rendered by the search.", class_="note")
    renders, losses = zip(*result.curve, strict=True)
    return plots.steps(
        renders,
        losses,
        result.renders,
        x_title="presets heard",
        y_title="training loss of the best preset so far: 0 is a perfect copy",
        description=f"Best loss so far: from {wording.number(losses[0])} after {renders[0]:,} presets "
        f"to {wording.number(losses[-1])} after {renders[-1]:,}",
    )
