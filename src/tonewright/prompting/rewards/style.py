"""Style: whether a sound is of its category, and like its references where it has any."""

from __future__ import annotations

from functools import cache

import numpy as np

from tonewright.distances.closeness import closeness
from tonewright.prompting.listening.analysis import Floats, Heard
from tonewright.prompting.listening.embedding import distances, embed
from tonewright.prompting.listening.norms import norms
from tonewright.prompting.rewards.ear import kind_presence
from tonewright.prompting.rewards.terms import Component, Term

NAME = "style"
_NEIGHBOURS = 5
_SURE, _KIND_WEIGHT = 0.9, 2.0


def style(heard: Heard, category: str, references: Floats | None = None) -> Component:
    """Judge how near a sound is to its category and to its references.

    Args:
        heard: The sounds.
        category: Of the vocabulary.
        references: Embeddings `[R, E]` of reference sounds, if there are any.
    """
    known = norms()
    sounds = known.scale(embed(heard))
    distance = _nearest(sounds, known.rows(category), _NEIGHBOURS)
    usual = _usual(category)
    terms = [
        Term(
            "category",
            closeness(np.maximum(distance / usual - 1, 0), 0.5),
            distance / usual,
            "times the usual",
            f"distance to the nearest reference sounds of {category}",
        ),
        _kind(heard, category),
    ]
    if references is not None and len(references):
        near = _nearest(sounds, known.scale(references), min(3, len(references)))
        terms.append(
            Term(
                "references",
                closeness(np.maximum(near / usual - 0.5, 0), 1.0),
                near / usual,
                "times the usual",
                "distance to the nearest references of the brief",
            )
        )
    return Component(NAME, tuple(terms))


def _kind(heard: Heard, category: str) -> Term:
    presence = kind_presence(heard, category)
    score = np.minimum(1, presence / _SURE) ** 2  # what is half sure is no half of a kind
    return Term("kind", score, presence, "", f"how sure it is that it is of {category}", _KIND_WEIGHT)


def _nearest(sounds: Floats, others: Floats, count: int) -> Floats:
    """Mean distance to so many nearest of the others, `[B]`."""
    return np.asarray(np.sort(distances(sounds, others), axis=1)[:, :count].mean(axis=1))


@cache
def _usual(category: str) -> float:
    """How far a sound of a category usually is from its nearest others."""
    own = norms().rows(category)
    apart = distances(own, own)
    np.fill_diagonal(apart, np.inf)
    return float(np.median(np.sort(apart, axis=1)[:, :_NEIGHBOURS].mean(axis=1)))
