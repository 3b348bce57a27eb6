"""`tonewright match`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial as partially
from typing import Annotated, Any

import tyro

from tonewright.cli.options import (
    Count,
    Flag,
    MoreTargets,
    Name,
    NoteOrAuto,
    OptionalFolder,
    OutputFolder,
    Seconds,
    SecondsOrAuto,
    Seed,
    Target,
    Time,
)
from tonewright.errors import UsageError
from tonewright.matching.search.methods import METHODS

_ABOUT_BYTES = 4 << 20  # of the files of a match: two sounds of up to four seconds, and a page with both
_METHODS = "; ".join(f"{name}: {method.words}" for name, method in reversed(METHODS.items())) + "."


@dataclass(frozen=True)
class Match:
    """Find a preset that sounds like a recording."""

    target: Target
    """The recording: WAV, AIFF, FLAC, OGG, MP3, or what ffmpeg reads; - is standard input; or a folder."""
    output: OutputFolder
    """Folder for preset.json, match.wav, target.wav, result.json and report.html. Of several recordings each
    has such a folder in it, beside index.html, and a second run goes on where the first ended."""
    more: MoreTargets = ()
    """More recordings and folders."""
    start: Time = None
    """Where in the recording to begin; at its loudest note unless given."""
    length: Seconds = None
    """How much of it to match, at most 4 s; to the end of the note unless given."""
    all_notes: Flag = False
    """Match every note of a recording, each into a folder of its own."""
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
    workers: Count = None
    """Of several recordings so many are matched side by side, each by a process; one unless given."""
    partial: Flag = False
    """Take what is there of a recording that is cut short or damaged."""
    overwrite: Flag = False
    """Replace files of these names in a folder that holds something; match several recordings anew."""
    json: Flag = False
    """Print the result as JSON instead of a summary: of several recordings a line each, as it ends."""

    def run(self) -> None:
        """Match, write, and say what came out."""
        self._check()
        if self.more or self.all_notes or self.target.is_dir():
            from tonewright.cli.many import run_many

            run_many(
                [self.target, *self.more],
                self.output,
                self._settings(),
                all_notes=self.all_notes,
                partial=self.partial,
                overwrite=self.overwrite,
                workers=self.workers or 1,
                as_json=self.json,
            )
        else:
            self._run_one()

    def _check(self) -> None:
        """Refuse options that contradict each other."""
        if self.all_notes and (self.start is not None or self.length is not None):
            raise UsageError("--all-notes takes every note; got --start or --length too; drop one of them")
        if "-" in map(str, (self.target, *self.more)) and (self.more or self.all_notes):
            raise UsageError(
                "of standard input one note is matched, alone; got more; save it to a file first"
            )

    def _settings(self) -> dict[str, Any]:
        """Arguments of `tonewright.matching.match`."""
        return {
            "start_s": self.start,
            "length_s": self.length,
            "synth": self.synth,
            "renders": self.renders,
            "seconds_budget": self.seconds_budget,
            "note": self.note,
            "gate_seconds": self.gate,
            "seed": self.seed,
            "method": self.method,
            "networks": self.networks,
        }

    def _run_one(self) -> None:
        with _nothing_written():
            from tonewright.audio.piped import readable
            from tonewright.cli.output import complain, print_json
            from tonewright.cli.progress import search_progress
            from tonewright.files import check_folder, write_or_rescue
            from tonewright.matching import match
            from tonewright.matching.recording import read_recording

        with _nothing_written():
            check_folder(self.output, overwrite=self.overwrite, expected_bytes=_ABOUT_BYTES)
            recording = read_recording(readable(self.target), start_s=self.start, partial=self.partial)
            with search_progress(self.renders, self.seconds_budget) as progress:
                result = match(recording, **self._settings(), progress=progress)
            write_or_rescue(partially(result.save, overwrite=self.overwrite), self.output)
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
