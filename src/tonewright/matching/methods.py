"""Ways to match, by name."""

from __future__ import annotations

from tonewright.errors import UnknownNameError
from tonewright.matching.learned import (
    agent_search,
    estimator_agent_search,
    estimator_search,
    full_search,
)
from tonewright.matching.search import SearchMethod, cma_search, random_search

METHODS: dict[str, SearchMethod] = {
    "full": full_search,
    "estimator-agent": estimator_agent_search,
    "estimator": estimator_search,
    "agent": agent_search,
    "cma": cma_search,
    "random": random_search,
}


def search_method(name: str) -> SearchMethod:
    """The search method of this name.

    Raises:
        UnknownNameError: There is none.
    """
    if name not in METHODS:
        raise UnknownNameError("search method", name, METHODS)
    return METHODS[name]
