"""Ways to match, by name: one table, from which everything that names them derives.

The command line reads it to explain itself, so that searches are imported when they are first used.
"""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from tonewright.errors import UnknownNameError, UsageError
from tonewright.files import StrPath

if TYPE_CHECKING:
    from tonewright.matching.search.random_and_cma import SearchMethod
    from tonewright.synths.base import Synth


class Method(NamedTuple):
    """A way to match.

    Attributes:
        name: What it is called.
        search: Its function `(objective, rng)`, or where that is found, as `module:function`.
        words: What it does, in a few words.
        parts: Networks that it uses, the one that it cannot do without first.
    """

    name: str
    search: str | SearchMethod
    words: str
    parts: tuple[str, ...] = ()


METHODS = {
    method.name: method
    for method in (
        Method("random", f"{__package__}.random_and_cma:random_search", "random search"),
        Method("cma", f"{__package__}.random_and_cma:cma_search", "CMA-ES with restarts"),
        Method("estimator", f"{__package__}.combined:estimator_search", "estimator alone", ("estimator",)),
        Method("agent", f"{__package__}.combined:agent_search", "agent, from the neutral preset", ("agent",)),
        Method(
            "estimator-agent",
            f"{__package__}.combined:estimator_agent_search",
            "estimator and agent",
            ("estimator", "agent"),
        ),
        Method(
            "full",
            f"{__package__}.combined:full_search",
            "estimator, agent, refinement and CMA-ES",
            ("estimator", "agent"),
        ),
    )
}
"""Every method by name, the simplest first."""


def search_method(name: str, networks: StrPath | None = None) -> SearchMethod:
    """The search of the method of this name.

    Args:
        name: In `METHODS`.
        networks: Folder of the networks it should use instead of those that come with the package.

    Raises:
        UnknownNameError: There is none.
        UsageError: It uses no networks.
    """
    if name not in METHODS:
        raise UnknownNameError("search method", name, METHODS)
    search: Any = METHODS[name].search
    if isinstance(search, str):
        module, _, function = search.partition(":")
        search = getattr(import_module(module), function)
    if networks is None:
        return search  # type: ignore[no-any-return]
    if not METHODS[name].parts:
        learned = ", ".join(method.name for method in METHODS.values() if method.parts)
        raise UsageError(f"the method {name} uses no networks; choose from: {learned}")
    return partial(search, networks=networks)


def networks_used(name: str, synth: Synth, networks: StrPath | None = None) -> dict[str, str]:
    """Name and SHA-256 of each network that a method uses for a synth; see `network_versions`.

    Args:
        name: In `METHODS`.
        synth: What it plays.
        networks: As of `search_method`.
    """
    from tonewright.matching.networks.load import network_versions

    parts = METHODS[name].parts
    versions = network_versions(synth, networks, parts) if parts else {}
    # Without its estimator `full` is CMA-ES.
    return versions if versions.keys() >= set(parts[:1]) else {}
