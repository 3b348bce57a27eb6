"""`tonewright hear`."""

from __future__ import annotations

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
    """The sound; it may be hours long."""
    output: OutputFile
    """Table to make: .csv or .parquet."""
    descriptors: Names = ("loudness", "spectral_shape", "mfcc", "chroma", "pitch", "onset")
    """Descriptors or categories of them, listed above; all takes every one, _delta at the end asks for the
    slope."""
    overwrite: Flag = False
    """Replace the file if it exists."""
    json: Flag = False
    """Print what was written as JSON."""

    def run(self) -> None:
        """Analyse block by block and write."""
        from tonewright.audio import info
        from tonewright.cli.output import print_written
        from tonewright.cli.progress import work_progress
        from tonewright.errors import UsageError
        from tonewright.features import hear_file, write_csv, write_parquet

        writers = {".csv": write_csv, ".parquet": write_parquet}
        ending = self.output.suffix.lower()
        if ending not in writers:
            raise UsageError(f"a table ends in .csv or .parquet; got {self.output.name!r}")
        tables = hear_file(self.file, self.descriptors)
        facts: dict[str, Any] = {}
        with work_progress("hearing", info(self.file).seconds) as done:
            writers[ending](self.output, _telling(tables, done, facts), overwrite=self.overwrite)
        if self.json:
            print_written([self.output], facts)
        else:
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


def _telling(
    tables: Iterable[FeatureTable], done: Callable[[float], None], facts: dict[str, Any]
) -> Iterator[FeatureTable]:
    """The tables again; tells how many seconds have been heard since the one before, and what in all."""
    heard_s = 0.0
    for table in tables:
        yield table
        facts["frames"] = facts.get("frames", 0) + len(table)
        facts |= {"seconds": table.times_s[-1], "columns": table.names, "units": table.units}
        done(table.times_s[-1] - heard_s)
        heard_s = table.times_s[-1]
