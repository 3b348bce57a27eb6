"""Scoring sounds against a brief: five components, weighted by category."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tonewright.prompting.briefs.brief import Brief
from tonewright.prompting.generators.base import Generation
from tonewright.prompting.listening.analysis import Floats, Heard, listen
from tonewright.prompting.rewards import alignment, novelty, quality, style, technical
from tonewright.prompting.rewards.learned.base import LearnedScorer, check_components, with_learned
from tonewright.prompting.rewards.terms import Component, ScoreCard, cards
from tonewright.prompting.rewards.weights import weights

LEARNED_COMPONENTS = (quality.NAME, style.NAME, alignment.NAME, technical.NAME)
"""Those that a learned scorer may add to: novelty is made of two of them."""


def score(
    samples: NDArray[np.float32],
    brief: Brief,
    *,
    references: Floats | None = None,
    before: Floats | None = None,
    learned: Sequence[LearnedScorer] = (),
) -> list[ScoreCard]:
    """Score a batch of sounds against one brief.

    Args:
        samples: `[B, 2, n]` float32 at 44.1 kHz, as they came from a generator.
        brief: What was asked for.
        references: Embeddings `[R, E]` of the sounds it is to be like, if there are any.
        before: Embeddings `[N, E]` of what was heard already, if novelty counts.
        learned: Networks that judge it, too.

    Raises:
        UsageError: Another shape, values that are not finite, or a learned scorer that does not fit.
        GenerationError: A learned scorer gives what is not finite.
    """
    return score_heard(listen(samples), brief, references=references, before=before, learned=learned)


def score_heard(
    heard: Heard,
    brief: Brief,
    *,
    references: Floats | None = None,
    before: Floats | None = None,
    learned: Sequence[LearnedScorer] = (),
) -> list[ScoreCard]:
    """The same of sounds that were listened to."""
    check_components(learned, LEARNED_COMPONENTS)

    def whole(component: Component) -> Component:
        return with_learned(component, learned, heard, brief)

    good = whole(quality.quality(heard, brief))
    asked = whole(alignment.alignment(heard, brief))
    components = (
        good,
        whole(style.style(heard, brief.category, references)),
        asked,
        whole(technical.technical(heard, brief)),
        novelty.novelty(heard, before, good.score, asked.score),
    )
    made = cards(components, weights(brief.category), len(heard.samples))
    return [
        ScoreCard(0.0, {}, {}, {}, "it is silent") if silent else card
        for card, silent in zip(made, heard.silent, strict=True)
    ]


def score_generations(
    generations: Sequence[Generation],
    brief: Brief,
    *,
    references: Floats | None = None,
    before: Floats | None = None,
    learned: Sequence[LearnedScorer] = (),
) -> list[ScoreCard]:
    """Score what a generator made; what failed scores 0 with its reason. The rest is as of `score`."""
    found: list[ScoreCard | None] = [
        ScoreCard(0.0, {}, {}, {}, one.fault) if one.fault else None for one in generations
    ]
    rows = [number for number, card in enumerate(found) if card is None]
    if rows:
        sounds = np.stack([generations[row].samples for row in rows])
        scored = score(sounds, brief, references=references, before=before, learned=learned)
        for row, card in zip(rows, scored, strict=True):
            found[row] = card
    return [card for card in found if card is not None]
