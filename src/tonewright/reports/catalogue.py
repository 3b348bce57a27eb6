"""A table of many sounds: it can be sorted, and plays and shows the files beside the page.

A page opened from a disk may play a file beside it but not read its samples. Therefore the players here are
the browser's own, with buttons before them, and there is no end to how many stand on a page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from tonewright.reports.markup import Html, join, tag
from tonewright.reports.player import short
from tonewright.reports.table import Column, table


@dataclass(frozen=True)
class Cell:
    """A cell of a catalogue.

    Attributes:
        content: Text, which is escaped, or markup.
        key: What its column is sorted by; a text, or a number. A cell without a key comes last.
    """

    content: str
    key: str | float | None = None


def catalogue(caption: str, columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> Html:
    """A table that is sorted by any column whose cells have keys, once its head is pressed.

    The page that holds it has to be made with `catalogue=True`.

    Args:
        caption: What it holds, for those who do not see it.
        columns: From left to right.
        rows: Cells, as many as there are columns.
    """
    sorted_by = [any(row[i].key is not None for row in rows) for i in range(len(columns))]
    heads = [
        Column(_head(column.title) if sorts else column.title, column.class_, column.before, column.after)
        for column, sorts in zip(columns, sorted_by, strict=True)
    ]
    cells = [
        [_keyed(cell) if sorts else cell.content for cell, sorts in zip(row, sorted_by, strict=True)]
        for row in rows
    ]
    return tag("div", table(caption, heads, cells, stacked=True), class_="catalogue")


def player_beside(names: Sequence[str], paths: Sequence[str], gains_db: Sequence[float]) -> Html:
    """Buttons that play sound files beside the page, each from where the other was.

    Args:
        names: What a sentence calls each sound: `the target`.
        paths: The files, relative to the page, with forward slashes.
        gains_db: What brings them to equal loudness. A browser only turns down: of several sounds the one
            with the largest gain plays as it is.
    """
    most = max(gains_db)
    buttons, sounds = [], []
    for i, (name, path, gain_db) in enumerate(zip(names, paths, gains_db, strict=True)):
        buttons.append(
            tag(
                "button",
                short(name),
                type="button",
                class_=f"plain sound-{i}",
                aria_pressed="false",
                hidden=True,
            )
        )
        volume = f"{10 ** ((gain_db - most) / 20):.4f}"
        sounds.append(
            tag("audio", src=address(path), controls=True, preload="none", data_volume=volume,
                aria_label=short(name))
        )  # fmt: skip
    return tag("div", *buttons, *sounds, class_="beside")


def picture_beside(path: str, words: str) -> Html:
    """A picture beside the page; `words` stand for it where it is not seen."""
    return tag("img", src=address(path), alt=words, loading="lazy")


def address(path: str) -> str:
    """The address of a file beside the page, whatever its name holds."""
    return quote(f"./{path}")


def _head(title: str) -> Html:
    return tag("button", title, type="button", class_="sort")


def _keyed(cell: Cell) -> Html:
    key = cell.key if cell.key is None or isinstance(cell.key, str) else f"{cell.key:.9g}"
    kind = "text" if isinstance(cell.key, str) else "number"
    return tag("span", join(cell.content), data_key=key, data_kind=None if key is None else kind)
