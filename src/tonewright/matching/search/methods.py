"""Ways to match, by name."""

from __future__ import annotations

from functools import partial

from tonewright.errors import UnknownNameError, UsageError
from tonewright.files import StrPath
from tonewright.matching.networks.load import network_versions
from tonewright.matching.search.combined import (
    agent_search,
    estimator_agent_search,
    estimator_search,
    full_search,
)
from tonewright.matching.search.random_and_cma import SearchMethod, cma_search, random_search
from tonewright.synths.base import Synth

LEARNED = {
    "full": full_search,
    "estimator-agent": estimator_agent_search,
    "estimator": estimator_search,
    "agent": agent_search,
}
"""Methods that use trained networks."""
_PARTS: dict[str, tuple[str, ...]] = {
    "full": ("estimator", "agent"),
    "estimator-agent": ("estimator", "agent"),
    "estimator": ("estimator",),
    "agent": ("agent",),
}
METHODS: dict[str, SearchMethod] = {**LEARNED, "cma": cma_search, "random": random_search}


def search_method(name: str, networks: StrPath | None = None) -> SearchMethod:
    """The search method of this name.

    Args:
        name: In `METHODS`.
        networks: Folder of the networks it should use instead of those that come with the package.

    Raises:
        UnknownNameError: There is none.
        UsageError: It uses no networks.
    """
    if name not in METHODS:
        raise UnknownNameError("search method", name, METHODS)
    if networks is None:
        return METHODS[name]
    if name not in LEARNED:
        raise UsageError(f"the method {name} uses no networks; choose from: {', '.join(LEARNED)}")
    return partial(LEARNED[name], networks=networks)


def networks_used(name: str, synth: Synth, networks: StrPath | None = None) -> dict[str, str]:
    """Name and SHA-256 of each network that a method uses for a synth; see `network_versions`.

    Args:
        name: In `METHODS`.
        synth: What it plays.
        networks: As of `search_method`.
    """
    parts = _PARTS.get(name, ())
    versions = network_versions(synth, networks, parts) if parts else {}
    # Without its estimator `full` is CMA-ES.
    return versions if versions.keys() >= set(parts[:1]) else {}
