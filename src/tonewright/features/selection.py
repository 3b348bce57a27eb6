"""Descriptors by name: single ones, categories, everything, and the slopes of any of these."""

from __future__ import annotations

from collections.abc import Iterable

from tonewright.errors import UnknownNameError, UsageError
from tonewright.features.deltas import delta_of
from tonewright.features.registry import DELTA_SUFFIX, EVERYTHING, Descriptor, all_descriptors


def select(names: str | Iterable[str]) -> tuple[Descriptor, ...]:
    """The descriptors behind names.

    Args:
        names: Descriptors, categories, or "all"; `_delta` at the end of either asks for its slope in time.

    Returns:
        The descriptors in the order asked for, each once.

    Raises:
        UnknownNameError: A name is neither a descriptor nor a category.
        UsageError: No name is given.
    """
    asked = [names] if isinstance(names, str) else list(names)
    if not asked:
        raise UsageError("at least one descriptor is needed; got none, 'all' takes every one")
    found = [one for name in asked for one in _find(name)]
    return tuple({one.name: one for one in found}.values())


def _find(name: str) -> tuple[Descriptor, ...]:
    everything = {one.name: one for one in all_descriptors()}
    categories = {one.category for one in everything.values()}
    if name == EVERYTHING:
        return tuple(everything.values())
    if name in everything:
        return (everything[name],)
    if name in categories:
        return tuple(one for one in everything.values() if one.category == name)
    known = {EVERYTHING, *everything, *categories}
    if isinstance(name, str) and name.endswith(DELTA_SUFFIX) and _base(name) in known:
        return tuple(delta_of(base) for base in _find(name.removesuffix(DELTA_SUFFIX)))
    raise UnknownNameError("descriptor", str(name), known)


def _base(name: str) -> str:
    """The name of what slopes, slopes of slopes, … are asked of."""
    while name.endswith(DELTA_SUFFIX):
        name = name.removesuffix(DELTA_SUFFIX)
    return name
