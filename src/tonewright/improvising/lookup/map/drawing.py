"""`draw_map`: from a table to everything that its map shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tonewright.checks import check_whole
from tonewright.errors import TableError, UnknownNameError
from tonewright.features.selection import select
from tonewright.improvising.lookup.map.choosing import spread_out
from tonewright.improvising.lookup.map.normalising import normalised
from tonewright.improvising.lookup.map.projection import Projection, project, projections
from tonewright.improvising.lookup.map.sounds import Sounds, render_sounds
from tonewright.improvising.lookup.map.variables import Variable, variables
from tonewright.improvising.lookup.table import LookupTable, check_descriptors, check_synth, table_synth
from tonewright.synths import Synth

DEFAULT_POINTS = 2_000
DEFAULT_SECONDS = 0.3
_COLOURS = ("spectral_centroid_hz", "loudness_rms_dbfs")
_RENDERING = 0.2  # share of the work


@dataclass(frozen=True, eq=False)
class LookupMap:
    """What a map shows.

    Attributes:
        table: The table it is drawn from.
        synth: Its synth.
        rows: `[n]` the points of the table that are shown.
        silent: How many points of the table are silent and therefore not shown.
        descriptors: Which descriptors the map is drawn by.
        columns: Their columns.
        projections: Where the points lie, in one way or several.
        variables: What points are coloured and filtered by.
        colour: Number of the variable that they are coloured by at first.
        sounds: What they sound like, if that is in the map.
        seed: Of whatever is random in it.
    """

    table: LookupTable
    synth: Synth
    rows: NDArray[np.int64]
    silent: int
    descriptors: tuple[str, ...]
    columns: tuple[str, ...]
    projections: tuple[Projection, ...]
    variables: tuple[Variable, ...]
    colour: int
    sounds: Sounds | None
    seed: int


def draw_map(
    table: LookupTable,
    synth: Synth | None = None,
    *,
    projection: Sequence[str] | None = None,
    descriptors: str | Sequence[str] | None = None,
    colour: str | None = None,
    points: int = DEFAULT_POINTS,
    seconds: float | None = DEFAULT_SECONDS,
    seed: int = 0,
    progress: Callable[[float], None] = lambda share: None,
) -> LookupMap:
    """Draw the map of a table.

    Args:
        table: The table.
        synth: Its synth at the rate of the table; made by its name if not given.
        projection: One or more of `projection.TITLES`; PCA, and t-SNE where it is installed, if not given.
        descriptors: Descriptors or categories that the map is drawn by; all of the table if not given.
        colour: Control or column that points are coloured by at first, one with `_spread` at its end for the
            spread of a column over time.
        points: How many are shown at most; of more those that cover the controls most evenly.
        seconds: How much of each sound is in the map; None for no sound.
        seed: Of whatever is random.
        progress: Called with the share of the work that is done since; in all 1.

    Raises:
        TableError: The table is of another synth, lacks a descriptor, or is silent.
        UsageError: A number makes no sense, or too few points sound.
        UnknownNameError: There is no such projection, descriptor or colour.
        MissingExtraError: A projection needs what is not installed.
    """
    check_whole(points, "points", 1)
    named = projections(projection)
    if synth is None:
        synth = table_synth(table)
    else:
        check_synth(table, synth)
    asked = table.descriptors if descriptors is None else descriptors
    check_descriptors(table, [asked] if isinstance(asked, str) else asked)
    chosen = select(asked)
    (sounding,) = np.nonzero(table.sounding > 0)
    if not len(sounding):
        raise TableError(
            f"a map shows what sounds; got a table of {len(table):,} points, all silent; measure other points"
        )
    rows = sounding[spread_out(table.params[sounding], points, seed)]
    shown = variables(table, synth.controls, rows)
    first = _colour(shown, colour)

    columns = [column for one in chosen for column in one.columns]
    places = table.positions(columns)
    features = normalised(
        table.means[rows][:, places],
        table.spreads[rows][:, places],
        [table.units[place] for place in places],
        [one.category for one in chosen for _ in one.columns],
    )
    rendering = 0.0 if seconds is None else _RENDERING
    share = (1 - rendering) / len(named)
    drawn = tuple(project(features, name, seed, lambda part: progress(share * part)) for name in named)
    sounds = None
    if seconds is not None:
        sounds = render_sounds(table, synth, rows, seconds, lambda part: progress(rendering * part))
    return LookupMap(
        table=table,
        synth=synth,
        rows=rows,
        silent=len(table) - len(sounding),
        descriptors=tuple(one.name for one in chosen),
        columns=tuple(columns),
        projections=drawn,
        variables=tuple(shown),
        colour=first,
        sounds=sounds,
        seed=seed,
    )


def _colour(shown: Sequence[Variable], name: str | None) -> int:
    names = {f"{one.name}_spread" if one.kind == "spread" else one.name: i for i, one in enumerate(shown)}
    if name is None:
        return next((names[one] for one in _COLOURS if one in names), 0)
    if name not in names:
        raise UnknownNameError("control or column of the table", name, names)
    return names[name]
