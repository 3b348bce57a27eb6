"""Tables."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from tonewright.reports.markup import Html, join, tag


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        title: Its head.
        class_: `figure` for numbers, `bars` for what `bar` makes, `quiet` for what matters less; or several.
        before: Word before a value where a narrow page hides the heads.
        after: Word after it.
    """

    title: str
    class_: str = ""
    before: str = ""
    after: str = ""


def table(
    caption: str,
    columns: Sequence[Column],
    rows: Sequence[Sequence[str]],
    *,
    stacked: bool = False,
    totals: Collection[int] = (),
) -> Html:
    """A table; the first cell of each row is its head.

    Args:
        caption: What it holds, for those who do not see it.
        columns: From left to right.
        rows: Cells, as many as there are columns: text, which is escaped, or markup.
        stacked: On a narrow page the cells of a row stand below its head.
        totals: Numbers of the rows that sum up the others, from 0.
    """
    heads = [tag("th", column.title, scope="col", class_=column.class_ or None) for column in columns]
    body = []
    for i, (first, *others) in enumerate(rows):
        cells = [
            tag("td", cell, class_=column.class_ or None, data_before=column.before or None,
                data_after=column.after or None)
            for cell, column in zip(others, columns[1:], strict=True)
        ]  # fmt: skip
        body.append(tag("tr", tag("th", first, scope="row"), *cells, class_="total" if i in totals else None))
    return tag(
        "table",
        tag("caption", caption, class_="unseen"),
        tag("thead", tag("tr", *heads)),
        tag("tbody", *body),
        class_="stacked" if stacked else None,
    )


def term(name: str, meaning: str = "") -> Html:
    """A name that is written in code, and what it means, as the head of a row."""
    return join(tag("code", name), tag("span", meaning, class_="meaning"))


def bar(share: float) -> Html:
    """A bar; its share lies in 0…1, or is shown as the nearer end."""
    return tag("i", class_="bar", style=f"--at:{min(max(share, 0), 1):.4f}")
