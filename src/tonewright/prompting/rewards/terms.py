"""Terms, components and score cards: what a reward is made of, and how it is told."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tonewright.prompting.listening.analysis import Floats


@dataclass(frozen=True, eq=False)
class Term:
    """One thing that is judged of a batch.

    Attributes:
        name: Its name within its component.
        score: `[B]` in [0, 1]; NaN where it does not apply.
        measured: `[B]`: what was measured, in its unit.
        unit: Of what was measured.
        meaning: What it is, in a line.
        weight: Against the other terms of its component.
    """

    name: str
    score: Floats
    measured: Floats
    unit: str
    meaning: str
    weight: float = 1.0


@dataclass(frozen=True, eq=False)
class Component:
    """One of the five parts of the reward.

    Attributes:
        name: Its name.
        terms: What it is made of.
    """

    name: str
    terms: tuple[Term, ...]

    @property
    def score(self) -> Floats:
        """`[B]`: the weighted geometric mean of the terms that apply; NaN where none does.

        One term that fails is not bought back by the others.
        """
        return geometric_mean([term.score for term in self.terms], [term.weight for term in self.terms])


@dataclass(frozen=True)
class TermCard:
    """A term of one sound: score, measurement and its meaning."""

    score: float
    measured: float
    unit: str
    meaning: str


@dataclass(frozen=True)
class ScoreCard:
    """What became of one sound.

    Attributes:
        total: The reward, in [0, 1].
        components: Score of each component that applies.
        weights: Weight of each of these, of 1 in all.
        terms: The terms of each, that apply.
        fault: Why there is nothing to score, in words; None if there is.
    """

    total: float
    components: Mapping[str, float]
    weights: Mapping[str, float]
    terms: Mapping[str, Mapping[str, TermCard]]
    fault: str | None = None

    def fields(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "total": round(self.total, 4),
            **({"fault": self.fault} if self.fault else {}),
            "components": {
                name: {
                    "score": round(score, 4),
                    "weight": round(self.weights[name], 4),
                    "terms": {
                        term: {
                            "score": round(one.score, 4),
                            "measured": None if math.isnan(one.measured) else round(one.measured, 4),
                            "unit": one.unit,
                            "meaning": one.meaning,
                        }
                        for term, one in self.terms[name].items()
                    },
                }
                for name, score in self.components.items()
            },
        }


def geometric_mean(scores: Sequence[Floats], weights: Sequence[float] | None = None) -> Floats:
    """Weighted geometric mean `[B]` of scores `[B]` in [0, 1]; NaN are left out, and NaN where all are."""
    stack = np.stack(scores)
    weight = np.ones(len(stack)) if weights is None else np.asarray(weights, np.float64)
    there = ~np.isnan(stack)
    shares = weight[:, None] * there
    logs = np.log(np.maximum(np.where(there, stack, 1.0), 1e-6))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.exp((shares * logs).sum(axis=0) / shares.sum(axis=0)))


def cards(components: Sequence[Component], weights: Mapping[str, float], count: int) -> list[ScoreCard]:
    """Score cards of a batch.

    Args:
        components: The components.
        weights: Weight of each, any sum.
        count: How many sounds there are.
    """
    scores = np.stack([component.score for component in components])
    total = geometric_mean(list(scores), [weights[component.name] for component in components])
    made = []
    for row in range(count):
        there = [one for one, score in zip(components, scores[:, row], strict=True) if not np.isnan(score)]
        whole = sum(weights[one.name] for one in there)
        made.append(
            ScoreCard(
                float(np.nan_to_num(total[row])),
                {one.name: float(one.score[row]) for one in there},
                {one.name: weights[one.name] / whole for one in there},
                {
                    one.name: {
                        term.name: TermCard(
                            float(term.score[row]), float(term.measured[row]), term.unit, term.meaning
                        )
                        for term in one.terms
                        if not np.isnan(term.score[row])
                    }
                    for one in there
                },
            )
        )
    return made
