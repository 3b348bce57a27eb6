"""The `LearnedScorer` protocol: terms for a component that is there already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol, runtime_checkable

import numpy as np

from tonewright.errors import GenerationError, UnknownNameError, UsageError
from tonewright.prompting.briefs.brief import Brief
from tonewright.prompting.listening.analysis import Heard
from tonewright.prompting.rewards.terms import Component, Term


@runtime_checkable
class LearnedScorer(Protocol):
    """A network that judges sounds.

    Attributes:
        name: Registered name.
        component: The component that its terms belong to.
    """

    name: str
    component: str

    def terms(self, heard: Heard, brief: Brief) -> list[Term]:
        """Judge a batch against a brief, never against the prompt that it was made with.

        Each term has a score in [0, 1] for every sound; there is none that does not apply.

        Args:
            heard: The sounds.
            brief: What was asked for.

        Raises:
            UsageError: The brief cannot be told to the network.
        """
        ...


def with_learned(
    component: Component, learned: Sequence[LearnedScorer], heard: Heard, brief: Brief
) -> Component:
    """A component with the terms of the scorers that belong to it.

    Raises:
        UsageError: Two terms have one name, or a score is not one number in [0, 1] a sound.
        GenerationError: A network gives what is not finite.
    """
    terms = list(component.terms)
    for scorer in learned:
        if scorer.component == component.name:
            terms += [_checked(term, scorer, len(heard.samples)) for term in scorer.terms(heard, brief)]
    names = [term.name for term in terms]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageError(f"each term of {component.name} is there once; got two of {twice[0]!r}; drop one")
    return replace(component, terms=tuple(terms))


def check_components(learned: Sequence[LearnedScorer], components: Sequence[str]) -> None:
    """Refuse scorers of a component that there is not.

    Raises:
        UnknownNameError: There is no such component.
    """
    for scorer in learned:
        if scorer.component not in components:
            raise UnknownNameError("component", scorer.component, components)


def _checked(term: Term, scorer: LearnedScorer, count: int) -> Term:
    # NaN would read as "does not apply", and a network that fails would score nothing instead.
    if not np.isfinite(term.measured).all():
        raise GenerationError(f"{scorer.name} gives numbers that are not finite; load other weights")
    if term.score.shape != (count,) or not ((term.score >= 0) & (term.score <= 1)).all():
        raise UsageError(
            f"a score is one number in [0, 1] a sound; got {term.score!r} of {term.name!r} by {scorer.name}"
        )
    return term
