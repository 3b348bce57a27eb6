"""How close the match came, in two tables: published distances, and terms of the training loss."""

from __future__ import annotations

from tonewright import wording
from tonewright.distances import get, names
from tonewright.matching.result import MatchResult
from tonewright.reports.markup import Html, tag

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
    rows = [_distance(name, measured) for name, measured in result.distances.items()]
    heads = [
        tag("th", "Distance", scope="col"),
        tag("th", "Value", scope="col", class_="figure"),
        tag("th", "Identical", scope="col", class_="figure"),
        tag("th", "Better", scope="col"),
    ]
    return _table("Distances between target and match", heads, rows, "distances")


def _distance(name: str, measured: float) -> Html:
    known = get(name) if name in names() else None
    unit = known.unit if known else ""
    meaning = known.meaning if known else ""
    identical = wording.number(known.identical) if known else ""
    return tag(
        "tr",
        tag("th", tag("code", name), tag("span", meaning, class_="meaning"), scope="row"),
        tag("td", wording.number(measured), tag("span", f" {unit}", class_="unit"), class_="figure"),
        tag("td", identical, class_="figure quiet", data_label="identical"),
        tag("td", known.better if known else "", class_="quiet", data_label="better"),
    )


def terms(result: MatchResult) -> Html:
    """The training loss and its terms, each with a bar from 0 to 1."""
    rows = [
        tag(
            "tr",
            tag("th", tag("code", name), tag("span", _TERMS.get(name, ""), class_="meaning"), scope="row"),
            tag("td", wording.number(measured), class_="figure"),
            tag("td", tag("i", class_="bar", style=f"--at:{min(max(measured, 0), 1):.4f}"), class_="bars"),
            class_="total" if name == "total" else None,
        )
        for name, measured in result.terms.items()
    ]
    heads = [
        tag("th", "Term", scope="col"),
        tag("th", "Value", scope="col", class_="figure"),
        tag("th", "0 to 1", scope="col", class_="bars"),
    ]
    return _table("Training loss and its terms", heads, rows, "terms")


def _table(caption: str, heads: list[Html], rows: list[Html], class_: str) -> Html:
    head = tag("thead", tag("tr", *heads))
    return tag("table", tag("caption", caption, class_="unseen"), head, tag("tbody", *rows), class_=class_)
