"""`tonewright compare`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from tonewright.cli.options import Flag, print_json


@dataclass(frozen=True)
class Compare:
    """Measure every published distance between two sounds."""

    a: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="A")]
    """The target."""
    b: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="B")]
    """The candidate."""
    json: Flag = False
    """Print JSON."""

    def run(self) -> None:
        """Measure and print."""
        from tonewright.audio import read
        from tonewright.distances import compare_clips, get

        values = compare_clips(read(self.a, max_seconds=60), read(self.b, max_seconds=60))
        if self.json:
            print_json(values)
            return
        for name, value in values.items():
            print(f"{name:22} {value:10.4f}  {get(name).meaning}")
