"""`tonewright hear`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from tonewright.cli.options import Flag, InputFile, Names, OutputFile

if TYPE_CHECKING:
    from tonewright.features.table import FeatureTable


@dataclass(frozen=True)
class Hear:
    """Measure a sound frame by frame and write a table."""

    file: Annotated[tyro.conf.Positional[InputFile], tyro.conf.arg(metavar="FILE")]
    """The sound; it may be hours long. - is standard input."""
    output: OutputFile
    """Table to make: .csv or .parquet; - is standard output, as CSV."""
    descriptors: Names = ("loudness", "spectral_shape", "mfcc", "chroma", "pitch", "onset")
    """Descriptors or categories of them, listed above; all takes every one, _delta at the end asks for the
    slope."""
    channels: Annotated[str, tyro.conf.arg(metavar="mix|left|right|each")] = "mix"
    """Which to hear of several: all as told above, one alone, or each in columns like left_mfcc_01."""
    partial: Flag = False
    """Take what is there of a sound that is cut short or damaged."""
    overwrite: Flag = False
    """Replace the file if it exists."""
    json: Flag = False
    """Print what was written as JSON."""

    def run(self) -> None:
        """Analyse block by block and write."""
        from tonewright.audio import info
        from tonewright.audio.piped import readable
        from tonewright.cli.output import print_written
        from tonewright.cli.progress import work_progress
        from tonewright.errors import UsageError
        from tonewright.features import csv_lines, hear_file, write_csv, write_parquet

        writers = {".csv": write_csv, ".parquet": write_parquet}
        ending = self.output.suffix.lower()
        to_stdout = str(self.output) == "-"
        if ending not in writers and not to_stdout:
            raise UsageError(f"a table ends in .csv or .parquet; got {self.output.name!r}")
        if to_stdout and self.json:
            raise UsageError("standard output takes the table or JSON; got -o - and --json; drop one of them")
        sound = readable(self.file)
        tables = hear_file(sound, self.descriptors, channels=self.channels, partial=self.partial)
        with work_progress("hearing", info(sound, partial=self.partial).seconds) as done:
            heard = _Heard(tables, done)
            if to_stdout:
                sys.stdout.writelines(csv_lines(heard))
            else:
                writers[ending](self.output, heard, overwrite=self.overwrite)
        if heard.cancelled_frames:
            print(
                f"tonewright: in {heard.cancelled_frames} of {heard.frames} frames the channels cancel each "
                "other, and their mean is next to silent; hear --channels left, right or each",
                file=sys.stderr,
            )
        if self.json:
            print_written([self.output], heard.facts)
        elif not to_stdout:
            print(f"wrote {self.output}")


class _Heard:
    """Tables on their way to a file, counted; tells how many seconds have been heard since the one before."""

    def __init__(self, tables: Iterable[FeatureTable], done: Callable[[float], None]) -> None:
        self._tables, self._done = tables, done
        self.frames = self.cancelled_frames = 0
        self.facts: dict[str, Any] = {}

    def __iter__(self) -> Iterator[FeatureTable]:
        heard_s = 0.0
        for table in self._tables:
            yield table
            self.frames += len(table)
            self.cancelled_frames += table.cancelled_frames
            self.facts = {"frames": self.frames, "seconds": table.times_s[-1]}
            self.facts |= {"columns": table.names, "units": table.units}
            self._done(table.times_s[-1] - heard_s)
            heard_s = table.times_s[-1]


def descriptors_by_category() -> str:
    """What can be heard, a paragraph to each category, and what is made of several channels."""
    from textwrap import fill

    from tonewright.features import CHANNEL_RULES, all_descriptors

    categories: dict[str, list[str]] = {}
    rules: dict[str, list[str]] = {rule: [] for rule in CHANNEL_RULES}
    for descriptor in all_descriptors():
        categories.setdefault(descriptor.category, []).append(descriptor.name)
        rules[descriptor.channels].append(descriptor.name)
    lines = [
        fill(", ".join(names), 80, initial_indent=f"  {category:20}", subsequent_indent=" " * 22)
        for category, names in categories.items()
    ]
    together = [
        fill(
            f"{'all others' if rule == 'mix' else ', '.join(rules[rule])}: {meaning}",
            80,
            initial_indent="  ",
            subsequent_indent="    ",
        )
        for rule, meaning in CHANNEL_RULES.items()
    ]
    return "\n".join(["Descriptors by category:", *lines, "", "Of several channels:", *together])
