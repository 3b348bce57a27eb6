"""`tonewright lookup`: what a synth sounds like all over its controls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from tonewright.cli.options import (
    Count,
    Flag,
    InputFile,
    Name,
    Names,
    OptionalCounts,
    OptionalName,
    OptionalOutputFile,
    OutputFile,
    Seconds,
    Seed,
)
from tonewright.cli.verbs import VerbGroup

if TYPE_CHECKING:
    from tonewright.improvising.lookup.map import LookupMap
    from tonewright.improvising.lookup.table import LookupTable

LOOKUP = VerbGroup("Measure what a synth sounds like all over its controls, and look at it.")


@LOOKUP.word("build")
@dataclass(frozen=True)
class LookupBuild:
    """Render and hear a synth at points all over its controls, and write a table.

    A build that was stopped goes on when the same command is given again.
    """

    synth: Name
    """Synth to measure, or pd:PATH."""
    output: OutputFile
    """Table to make, a Parquet file."""
    grid: OptionalCounts = None
    """Values of each control, both ends included: one number for all, or one for each. Unless given, about
    8,000 points: a grid for up to three controls, a Sobol sequence for more."""
    sobol: Count = None
    """Points of a Sobol sequence, instead of a grid; both ends of the controls are added."""
    seconds: Seconds = 0.5
    """How long the note of every point is held."""
    descriptors: Annotated[Names, tyro.conf.arg(aliases=["-d"])] = (
        "loudness",
        "spectral_shape",
        "mfcc",
        "chroma",
        "pitch",
        "onset",
        "spectral_contrast",
        "sinusoids",
        "zero_crossing_rate",
    )
    """Descriptors or categories to hold, as `tonewright hear --help` lists them."""
    seed: Seed = 0
    """Seed of whatever is random in the synth, and of the Sobol sequence."""
    overwrite: Flag = False
    """Replace the table if it exists, and what is kept of another one."""
    json: Flag = False
    """Print what was written as JSON."""

    def run(self) -> None:
        """Build, and tell what the table reaches."""
        import time

        from tonewright.cli.output import print_written
        from tonewright.cli.progress import work_progress
        from tonewright.errors import UsageError
        from tonewright.improvising.lookup.building import build_table
        from tonewright.improvising.lookup.reaching import idle_controls, reach
        from tonewright.wording import listing

        if self.output.suffix.lower() != ".parquet":
            raise UsageError(f"a table ends in .parquet; got {self.output.name!r}; name it so")
        began_s = time.monotonic()
        with work_progress("building", 1.0) as done:
            table = build_table(
                self.synth,
                self.output,
                grid=self.grid[0] if self.grid and len(self.grid) == 1 else self.grid,
                sobol=self.sobol,
                seconds=self.seconds or 0.5,
                descriptors=self.descriptors,
                seed=self.seed,
                overwrite=self.overwrite,
                progress=done,
            )
        took_s = time.monotonic() - began_s
        reached, idle = reach(table), idle_controls(table)
        if self.json:
            facts: dict[str, Any] = {
                "synth": table.synth.name,
                "version": table.synth.version,
                "controls": table.synth.controls,
                "points": len(table),
                "silent_points": int((table.sounding == 0).sum()),
                "layout": table.layout,
                "grid": table.grid,
                "seconds": table.seconds,
                "descriptors": table.descriptors,
                "columns": table.columns,
                "reach": reached,
                "idle_controls": idle,
                "took_s": round(took_s, 2),
            }
            print_written([self.output], facts)
        else:
            print(f"wrote {self.output}")
            print(_summary(table, reached, took_s))
            if idle:
                print(f"no change between the ends of {listing(list(idle))}; look whether the synth uses it")


@LOOKUP.word("show")
@dataclass(frozen=True)
class LookupShow:
    """Draw a map of what a synth can do: one page to look at, to hear and to play."""

    table: Annotated[tyro.conf.Positional[InputFile], tyro.conf.arg(metavar="TABLE")]
    """The table of the synth, as `tonewright lookup build` makes it."""
    synth: OptionalName = None
    """The synth, if it is called otherwise from here than when the table was built."""
    output: OptionalOutputFile = None
    """Page to make, an HTML file; beside the table if not given."""
    projection: Annotated[Names, tyro.conf.arg(help_behavior_hint="", metavar="pca|tsne|umap ...")] = ()
    """How points are placed; the page switches between several. If not given tsne, where scikit-learn is
    installed, and pca."""
    descriptors: Annotated[Names, tyro.conf.arg(aliases=["-d"], help_behavior_hint="")] = ()
    """Descriptors or categories that points are placed by; all of the table if not given."""
    colour: Annotated[Name, tyro.conf.arg(help_behavior_hint="")] = ""
    """What points are coloured by at first: a control or a column of the table, with _spread at its end for
    the spread over time; the page can choose any. The spectral centroid if not given."""
    points: Annotated[Count, tyro.conf.arg(help_behavior_hint="(default: 2000)")] = 2_000
    """How many are on the map at most; of more those that cover the controls most evenly."""
    seconds: Annotated[Seconds, tyro.conf.arg(help_behavior_hint="(default: 0.3)")] = 0.3
    """How much of every sound is in the page."""
    no_sound: Flag = False
    """Leave the sounds out: a page of 1 MB or so in place of 15."""
    seed: Seed = 0
    """Seed of whatever is random in it."""
    overwrite: Flag = False
    """Replace the page if it exists."""
    json: Flag = False
    """Print what was written as JSON."""

    def run(self) -> None:
        """Draw the map and write the page."""
        from tonewright.cli.output import check_page, print_written
        from tonewright.cli.progress import work_progress
        from tonewright.files import write_text
        from tonewright.improvising.lookup.files import read_table
        from tonewright.improvising.lookup.map import draw_map, map_html
        from tonewright.improvising.lookup.table import table_synth

        output = self.output or self.table.with_suffix(".html")
        check_page(output, overwrite=self.overwrite)
        table = read_table(self.table)
        with work_progress("drawing", 1.0) as done:
            drawn = draw_map(
                table,
                table_synth(table, self.synth),
                projection=self.projection or None,
                descriptors=self.descriptors or None,
                colour=self.colour or None,
                points=self.points or 1,
                seconds=None if self.no_sound else self.seconds,
                seed=self.seed,
                progress=done,
            )
        page = map_html(drawn)
        write_text(output, page, overwrite=self.overwrite)
        if self.json:
            facts: dict[str, Any] = {
                "synth": table.synth.name,
                "points": len(drawn.rows),
                "points_of_table": len(table),
                "silent_points": drawn.silent,
                "projections": {one.name: {"kept_neighbours": one.kept} for one in drawn.projections},
                "descriptors": drawn.descriptors,
                "seconds": drawn.sounds.seconds if drawn.sounds else None,
                "bytes": len(page.encode()),
            }
            print_written([output], facts)
        else:
            print(f"wrote {output}: {_of_map(drawn, len(page))}")


def _of_map(drawn: LookupMap, size: int) -> str:
    """What a map holds, in a line."""
    from tonewright.improvising.lookup.map.projection import TITLES
    from tonewright.wording import listing

    ways = listing([TITLES[one.name] for one in drawn.projections])
    silent = f", {drawn.silent:,} silent ones left out" if drawn.silent else ""
    return f"{len(drawn.rows):,} points of {len(drawn.table):,}{silent}, by {ways}; {size / 1e6:.1f} MB"


def _summary(table: LookupTable, reached: dict[str, tuple[float, float]], took_s: float) -> str:
    """What a table holds, in a few lines."""
    from tonewright.wording import duration, quantity

    layout = " × ".join(map(str, table.grid)) if table.grid else "a Sobol sequence and both ends"
    points, silent = quantity(len(table), "point", 9), int((table.sounding == 0).sum())
    held = f"{quantity(len(table.descriptors), 'descriptor', 9)}, mean and spread"
    lines = [
        f"{table.synth.name}, version {table.synth.version}: {points} ({layout}) of "
        f"{duration(table.seconds)}, in {duration(took_s)}",
        f"controls: {', '.join(table.synth.controls)}",
        f"columns: {len(table.columns)} of {held}",
        f"silent: {quantity(silent, 'point', 9) if silent else 'none'}",
    ]
    units = dict(zip(table.columns, table.units, strict=True))
    for column, (low, high) in reached.items():
        lines.append(f"{column}: {low:,.5g} to {high:,.5g} {units[column]}")
    return "\n".join(lines)
