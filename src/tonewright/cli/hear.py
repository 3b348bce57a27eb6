"""`tonewright hear`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from tonewright.cli.options import Flag, Names, OutputFile

if TYPE_CHECKING:
    from tonewright.features.table import FeatureTable


@dataclass(frozen=True)
class Hear:
    """Measure a sound frame by frame and write a table."""

    file: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="FILE")]
    """The sound; it may be hours long. - is standard input."""
    output: OutputFile
    """Table to make: .csv or .parquet; - is standard output, as CSV."""
    descriptors: Annotated[Names, tyro.conf.arg(aliases=["-d"])] = (
        "loudness",
        "spectral_shape",
        "mfcc",
        "chroma",
        "pitch",
        "onset",
    )
    """Descriptors or categories of them, listed above; all takes every one, _delta at the end asks for the
    slope."""
    partial: Flag = False
    """Take what is there of a sound that is cut short or damaged."""
    overwrite: Flag = False
    """Replace the file if it exists."""

    def run(self) -> None:
        """Analyse block by block and write."""
        from tonewright.audio import info
        from tonewright.audio.piped import readable
        from tonewright.cli.progress import work_progress
        from tonewright.errors import UsageError
        from tonewright.features import csv_lines, hear_file, write_csv, write_parquet

        writers = {".csv": write_csv, ".parquet": write_parquet}
        ending = self.output.suffix.lower()
        to_stdout = str(self.output) == "-"
        if ending not in writers and not to_stdout:
            raise UsageError(f"a table ends in .csv or .parquet; got {self.output.name!r}")
        sound = readable(self.file)
        tables = hear_file(sound, self.descriptors, partial=self.partial)
        with work_progress("hearing", info(sound, partial=self.partial).seconds) as done:
            if to_stdout:
                sys.stdout.writelines(csv_lines(_telling(tables, done)))
                return
            writers[ending](self.output, _telling(tables, done), overwrite=self.overwrite)
        print(f"wrote {self.output}")


def descriptors_by_category() -> str:
    """What can be heard, a paragraph to each category."""
    from textwrap import fill

    from tonewright.features import all_descriptors

    categories: dict[str, list[str]] = {}
    for descriptor in all_descriptors():
        categories.setdefault(descriptor.category, []).append(descriptor.name)
    lines = [
        fill(", ".join(names), 80, initial_indent=f"  {category:20}", subsequent_indent=" " * 22)
        for category, names in categories.items()
    ]
    return "\n".join(["Descriptors by category:", *lines])


def _telling(tables: Iterable[FeatureTable], done: Callable[[float], None]) -> Iterator[FeatureTable]:
    """The tables again; tells how many seconds have been heard since the one before."""
    heard_s = 0.0
    for table in tables:
        yield table
        done(table.times_s[-1] - heard_s)
        heard_s = table.times_s[-1]
