"""`tonewright bench`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from tonewright.cli.options import Flag


@dataclass(frozen=True)
class Bench:
    """Measure speed on this machine."""

    what: Annotated[
        tyro.conf.Positional[Literal["render", "hear", "match"]], tyro.conf.arg(metavar="render|hear|match")
    ]
    """render: the synth. hear: losses and descriptors. match: a whole match."""
    output: Annotated[Path | None, tyro.conf.arg(aliases=["-o"], metavar="FILE", help_behavior_hint="")] = (
        None
    )
    """Also write the result as JSON to this file."""
    overwrite: Flag = False
    """Replace the file if it exists."""
    json: Flag = False
    """Print JSON."""

    def run(self) -> None:
        """Measure and print."""
        from tonewright.cli.output import measured, print_json

        result = measured(self._measure, self.output, overwrite=self.overwrite)
        if self.json:
            print_json(result)
        else:
            for name, value in result.items():
                print(f"{name:34} {value:12,.{_decimals(value)}f}")

    def _measure(self) -> dict[str, Any]:
        from tonewright.matching import speed

        measures = {"render": speed.render_speed, "hear": speed.hear_speed, "match": speed.match_speed}
        return measures[self.what]()


def _decimals(value: float) -> int:
    if isinstance(value, int):
        return 0
    return 1 if value >= 10 else 3
