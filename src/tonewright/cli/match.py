"""`tonewright match`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated

import tyro

from tonewright.cli.options import (
    Count,
    Flag,
    Name,
    NoteOrAuto,
    OptionalFolder,
    OutputFolder,
    Seconds,
    SecondsOrAuto,
    Seed,
)
from tonewright.matching.search.methods import METHODS

_ABOUT_BYTES = 4 << 20  # of the files of a match: two sounds of up to four seconds, and a page with both
_METHODS = "; ".join(f"{name}: {method.words}" for name, method in reversed(METHODS.items())) + "."


@dataclass(frozen=True)
class Match:
    """Find a preset that sounds like a recording."""

    target: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="TARGET")]
    """The recording: WAV, AIFF, FLAC, OGG or MP3."""
    output: OutputFolder
    """Folder for preset.json, match.wav, target.wav, result.json and report.html."""
    synth: Name = "serum-lite"
    """Synth to match with; `tonewright synths` lists them."""
    renders: Count = None
    """How many presets to try: 10000 unless a time is given. Ctrl-C ends earlier and keeps the best."""
    seconds_budget: Seconds = None
    """How long to search."""
    note: NoteOrAuto = None
    """Note to play: a MIDI number, fractions allowed, or a name like A#3; 60 is C4, middle C."""
    gate: SecondsOrAuto = None
    """When the key is let go."""
    seed: Seed = 0
    """The same seed and renders give the same preset."""
    method: Annotated[str, tyro.conf.arg(metavar="NAME", help=_METHODS)] = "full"
    networks: OptionalFolder = None
    """Folder of a training whose networks to use instead of those that ship."""
    overwrite: Flag = False
    """Replace files of these names in a folder that holds something."""
    json: Flag = False
    """Print the result as JSON instead of a summary."""

    def run(self) -> None:
        """Match, write, and say what came out."""
        with _nothing_written():
            from tonewright.cli.output import complain, print_json
            from tonewright.cli.progress import search_progress
            from tonewright.files import check_folder, write_or_rescue
            from tonewright.matching import match
            from tonewright.matching.preparing import read_recording

        with _nothing_written():
            check_folder(self.output, overwrite=self.overwrite, expected_bytes=_ABOUT_BYTES)
            recording = read_recording(self.target)
            with search_progress(self.renders, self.seconds_budget) as progress:
                result = match(
                    recording.clip,
                    synth=self.synth,
                    renders=self.renders,
                    seconds_budget=self.seconds_budget,
                    note=self.note,
                    gate_seconds=self.gate,
                    seed=self.seed,
                    method=self.method,
                    networks=self.networks,
                    progress=progress,
                )
            result = replace(result, target_info=recording.info(result.target_info))
            write_or_rescue(partial(result.save, overwrite=self.overwrite), self.output)
        if result.interrupted:
            complain("interrupted; wrote the best so far")
        if self.json:
            print_json(result.summary())
        else:
            print(result.describe())
            print(f"wrote preset.json, match.wav, target.wav, result.json and report.html to {self.output}")


@contextmanager
def _nothing_written() -> Iterator[None]:
    """Work before the first file is in its place; Ctrl-C says so."""
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt("; nothing was written") from None
