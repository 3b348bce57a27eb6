"""Both cards side by side, as tables."""

from __future__ import annotations

import math

from tonewright import wording
from tonewright.prompting.comparing.comparison import EVEN, Comparison
from tonewright.prompting.rewards.terms import TermCard
from tonewright.reports.markup import Html, join, tag
from tonewright.reports.table import Column, bar, table

COMPONENTS = {
    "quality": "noise, clipping, clicks, gaps, bandwidth",
    "style": "how near it is to sounds of its kind",
    "alignment": "what the brief asks for, word by word",
    "technical": "rhythm, balance, stereo, dynamics, its end",
    "novelty": "how far it is from what was heard before",
}
_LARGE = 0.1
"""A difference that is marked."""
_NOT_SCORED = "Nothing was scored."


def components(found: Comparison) -> Html:
    """The components of both."""
    if not any(side.card.components for side in found.sides):
        return tag("p", _NOT_SCORED, class_="note")
    rows = []
    for name, meaning in COMPONENTS.items():
        weights = [side.card.weights[name] for side in found.sides if name in side.card.weights]
        scores = [side.card.components.get(name) for side in found.sides]
        told = f"{meaning} · weight\u00a0{weights[0]:.2f}" if weights else meaning
        head = join(tag("b", name), tag("span", told, class_="meaning"))
        rows.append([head, *_duel(scores, [None, None]), _difference(scores)])
    return _table("Components of both sounds", "Component", found, rows)


def terms(found: Comparison, component: str) -> Html:
    """The terms of a component of both, with what was measured."""
    first, second = (side.card.terms.get(component, {}) for side in found.sides)
    rows = []
    for name in {**first, **second}:
        both = [first.get(name), second.get(name)]
        scores = [None if one is None else one.score for one in both]
        meaning = next(one.meaning for one in both if one is not None)
        title = "DC" if name == "dc" else name
        head = join(tag("b", title), tag("span", meaning, class_="meaning"))
        rows.append([head, *_duel(scores, both), _difference(scores)])
    return _table(f"Terms of {component} of both sounds", "Term", found, rows)


def _table(caption: str, what: str, found: Comparison, rows: list[list[Html]]) -> Html:
    columns = [
        Column(what),
        *(Column(side.name, f"duel sound-{number}", side.name) for number, side in enumerate(found.sides)),
        Column("Difference", "figure apart", "difference"),
    ]
    return table(caption, columns, rows, stacked=True)


def _duel(scores: list[float | None], both: list[TermCard | None]) -> list[Html]:
    """The cells of both sides."""
    there = [score for score in scores if score is not None]
    marked = len(there) == 2 and abs(there[1] - there[0]) >= _LARGE
    return [
        _cell(score, one, better=marked and score == max(there))
        for score, one in zip(scores, both, strict=True)
    ]


def _cell(score: float | None, term: TermCard | None, *, better: bool) -> Html:
    if score is None:
        return tag("span", "—", class_="absent")
    told = join() if term is None else tag("span", _measured(term), class_="measured")
    dot = tag("i", class_="dot", role="img", aria_label="better") if better else join()
    number = tag("span", dot, tag("b", f"{score:.2f}"), told, class_="numbers")
    return join(number, bar(score))


def _measured(term: TermCard) -> str:
    if math.isnan(term.measured) or not term.unit:
        return ""
    return wording.unbroken(f"{wording.number(term.measured)} {term.unit}")


def _difference(scores: list[float | None]) -> Html:
    first, second = scores
    if first is None or second is None:
        return tag("span", "—", class_="absent")
    value = second - first
    if abs(value) < EVEN:
        return tag("span", "even", class_="absent")
    size = " large" if abs(value) >= _LARGE else ""
    return tag("span", signed(value), class_=f"by sound-{int(value > 0)}{size}")


def signed(value: float) -> str:
    """A difference of scores."""
    return wording.minus(f"{value:+.2f}")
