"""Tables of what was measured of prompting; `benchmarks/tables.py` puts them on the page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from improvising.tables import markdown

RESULTS = Path(__file__).parent.parent / "results"


def measured(name: str) -> Any:
    return json.loads((RESULTS / f"prompting-{name}.json").read_text())


def degradations_table() -> str:
    """Shares of pairs that are ordered."""
    rows = [
        (
            name,
            one["component"],
            f"{one['pairs']:,}",
            f"{100 * one['ordered']:.1f} %",
            f"{100 * one['stronger_is_worse']:.1f} %",
        )
        for name, one in measured("degradations")["degradations"].items()
    ]
    return markdown(("degradation", "component", "pairs", "clean is better", "stronger is worse"), rows)


def scoring_table() -> str:
    """How fast sounds are scored."""
    found = measured("scoring")
    rows = [
        (
            f"clips of {found['seconds']:g} s a second, all components, two processes",
            "≥ 50",
            f"{found['clips_per_s']:.0f}",
        )
    ]
    return markdown(("what", "asked", "measured"), rows)


def sections() -> list[tuple[str, str, str]]:
    """Heading, caption and table of each section, in order."""
    found = measured("degradations")
    count, moved = sum(found["sounds"].values()), found["level_moves_components_by"]
    return [
        (
            "Degradations that the reward tells",
            f"Written by `python benchmarks/prompting/degradations.py`: {count} clean sounds of all\n"
            "categories, each degraded at four strengths; 97 % were asked for. A change of level moves\n"
            f"components by {moved:.0e} at most.",
            degradations_table(),
        ),
        (
            "Scoring sounds",
            "Written by `python benchmarks/prompting/scoring.py`, on two cores.",
            scoring_table(),
        ),
    ]
