"""`tonewright match`."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import tyro

from tonewright.cli.options import Flag, OutputPath, print_json


@dataclass(frozen=True)
class Match:
    """Find a preset that sounds like a recording, and write it with its sound and a report.

    Ctrl-C ends the search and writes the best so far.
    """

    target: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="TARGET")]
    """The recording: WAV, AIFF, FLAC, OGG or MP3."""
    output: OutputPath
    """Folder for preset.json, match.wav, target.wav, result.json and report.html."""
    synth: str = "serum-lite"
    """Synth to match with; `tonewright synths` lists them."""
    renders: int | None = None
    """How many presets to try (10000 unless a time is given)."""
    seconds_budget: float | None = None
    """How long to search, in seconds."""
    note: str = "auto"
    """MIDI note to play (60 is middle C, fractions allowed), or auto."""
    gate: str = "auto"
    """Seconds after which the key is let go, or auto."""
    seed: int = 0
    """The same seed and renders give the same preset."""
    method: str = "cma"
    """Search method: cma or random."""
    overwrite: Flag = False
    """Replace what the folder holds."""
    json: Flag = False
    """Print the result as JSON instead of a summary."""

    def run(self) -> None:
        """Match, write, and say what came out."""
        from tonewright.audio import read
        from tonewright.cli.progress import search_progress
        from tonewright.files import replacing_folder
        from tonewright.matching import match

        note, gate = _number("note", self.note), _number("gate", self.gate)
        with replacing_folder(self.output, overwrite=self.overwrite) as stage:
            clip = read(self.target, max_seconds=600)
            with search_progress(self.renders, self.seconds_budget) as progress:
                result = match(
                    clip,
                    synth=self.synth,
                    renders=self.renders,
                    seconds_budget=self.seconds_budget,
                    note=note,
                    gate_seconds=gate,
                    seed=self.seed,
                    method=self.method,
                    progress=progress,
                )
            result = replace(result, target_info={"path": self.target.name, **result.target_info})
            result.write(stage)
        if result.interrupted:
            print("tonewright: interrupted; wrote the best so far", file=sys.stderr)
        if self.json:
            print_json(result.summary())
        else:
            print(result.describe())
            print(f"wrote {self.output}/report.html, preset.json, match.wav, target.wav and result.json")


def _number(name: str, text: str) -> float | None:
    from tonewright.errors import UsageError

    if text == "auto":
        return None
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"--{name} is a number or auto; got '{text}'") from None
