"""Novelty: how far a sound is from those heard before, where it is good and what was asked for."""

from __future__ import annotations

import numpy as np

from tonewright.distances.closeness import farness
from tonewright.prompting.listening.analysis import Floats, Heard
from tonewright.prompting.listening.embedding import distances, embed
from tonewright.prompting.listening.norms import norms
from tonewright.prompting.rewards.terms import Component, Term

NAME = "novelty"
_GATE = 0.5


def novelty(heard: Heard, before: Floats | None, quality: Floats, alignment: Floats) -> Component:
    """Judge how new a sound is.

    Args:
        heard: The sounds.
        before: Embeddings `[N, E]` of what was heard already; nothing is new or old without any.
        quality: `[B]`.
        alignment: `[B]`; NaN counts as met.
    """
    count = len(heard.samples)
    if before is None or not len(before):
        absent = np.full(count, np.nan)
        return Component(NAME, (Term("distance", absent, absent, "", "nothing was heard before"),))
    sounds, others = norms().scale(embed(heard)), norms().scale(before)
    distance = distances(sounds, others).min(axis=1)
    gate = np.minimum(1, quality / _GATE) * np.minimum(1, np.where(np.isnan(alignment), 1, alignment) / _GATE)
    return Component(
        NAME,
        (
            Term(
                "distance", farness(distance, 0.5) * gate, distance, "spreads", "to the nearest heard before"
            ),
        ),
    )
