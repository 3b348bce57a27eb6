"""`tonewright compare`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from tonewright.cli.options import Flag

_LONGEST_SECONDS = 60.0  # the time that aligning two sounds takes grows with the square


@dataclass(frozen=True)
class Compare:
    """Measure every published distance between two sounds."""

    a: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="A")]
    """The target, at most a minute."""
    b: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="B")]
    """The candidate, likewise."""
    json: Flag = False
    """Print JSON."""

    def run(self) -> None:
        """Measure and print."""
        from tonewright.audio import read
        from tonewright.cli.output import print_json
        from tonewright.distances import compare_clips, get

        a, b = (read(path, max_seconds=_LONGEST_SECONDS) for path in (self.a, self.b))
        values = compare_clips(a, b)
        if self.json:
            print_json(values)
            return
        for name, value in values.items():
            print(f"{name:22} {value:10.4f}  {get(name).meaning}")
