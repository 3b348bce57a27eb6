"""How close the match came, in two tables: published distances, and terms of the training loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tonewright import wording
from tonewright.distances import get, names
from tonewright.reports.markup import Html, join, tag
from tonewright.reports.table import Column, bar, table, term

if TYPE_CHECKING:
    from tonewright.matching.result import MatchResult

_TERMS = {
    "total": "weighted mean of the terms",
    "mrstft": "magnitude spectra at three resolutions",
    "mfcc": "spectral envelope",
    "centroid": "brightness, frame by frame",
    "loudness": "loudness, frame by frame",
    "level": "loudness of the whole",
    "dc": "guard against an offset",
    "clipping": "guard against clipped samples",
    "loudness_guard": "guard against falling silent or shouting",
}


def distances(result: MatchResult) -> Html:
    """Every published distance, with what it means and which way is better."""
    columns = [
        Column("Distance"),
        Column("Value", "figure"),
        Column("Identical", "figure quiet", before="identical"),
        Column("Better", "quiet", after="is better"),
    ]
    rows = [_distance(name, measured) for name, measured in result.distances.items()]
    return table("Distances between target and match", columns, rows, stacked=True)


def _distance(name: str, measured: float) -> list[str]:
    known = get(name) if name in names() else None
    unit = tag("span", f" {known.unit if known else ''}", class_="unit")
    return [
        term(name, known.meaning if known else ""),
        join(wording.number(measured), unit),
        wording.number(known.identical) if known else "",
        known.better if known else "",
    ]


def terms(result: MatchResult) -> Html:
    """The training loss and its terms, each with a bar from 0 to 1."""
    columns = [Column("Term"), Column("Value", "figure"), Column("0 to 1", "bars")]
    rows = [
        [term(name, _TERMS.get(name, "")), wording.number(measured), bar(measured)]
        for name, measured in result.terms.items()
    ]
    totals = [i for i, name in enumerate(result.terms) if name == "total"]
    return table("Training loss and its terms", columns, rows, totals=totals)
