"""Which descriptors an agent hears and which ones count, by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tonewright.checks import check_number
from tonewright.errors import UnknownNameError, UsageError
from tonewright.features.registry import DELTA_SUFFIX, EVERYTHING, Descriptor
from tonewright.features.selection import select


@dataclass(frozen=True)
class Features:
    """Columns that were asked for, and how much each of them counts.

    Attributes:
        columns: Names, each once.
        weights: One to each column. Every name that was asked for counts as much as its own weight says, 1
            unless given, shared equally by its columns: thirteen cepstral coefficients count no more than one
            loudness.
    """

    columns: tuple[str, ...]
    weights: tuple[float, ...]

    def in_order_of(self, columns: Sequence[str]) -> Features:
        """The same, those among `columns` first and in their order."""
        place = {name: position for position, name in enumerate(columns)}
        pairs = zip(self.columns, self.weights, strict=True)
        ordered = sorted(pairs, key=lambda pair: place.get(pair[0], len(place)))
        return Features(tuple(name for name, _ in ordered), tuple(weight for _, weight in ordered))


def choose(
    names: Sequence[str],
    descriptors: Iterable[str],
    *,
    what: str,
    weights: Sequence[float] = (),
) -> Features:
    """Find columns by the names of descriptors, of whole categories or of single columns, or by "all".

    A category overrides the names of its descriptors and columns, a descriptor those of its columns: what is
    named in both ways counts once, as the larger one.

    Args:
        names: What is asked for.
        descriptors: Names of the descriptors that a table or corpus holds.
        what: What the features are for, for messages ("features_keep").
        weights: One to each name; all 1 unless given.

    Raises:
        UnknownNameError: A name is nothing that could be measured.
        UsageError: No name, a name whose descriptor is not held, or weights that do not fit.
    """
    held = select(descriptors)
    if not names:
        raise UsageError(f"{what} names at least one feature; got none; name a descriptor, or 'all'")
    if weights and len(weights) != len(names):
        raise UsageError(
            f"{what} takes a weight for each of {len(names)} names; got {len(weights)} weights; add or remove"
        )
    for weight in weights:
        check_number(weight, f"a weight of {what}", 0, above=True)
    asked = dict(zip(names, weights or [1.0] * len(names), strict=True))
    known = _names((*_measurable(names), *held))
    for name in asked:
        if name not in known:
            raise UnknownNameError(f"feature in {what}", str(name), known)
    chosen: dict[str, float] = {}
    for name in sorted(asked, key=known.__getitem__):
        columns = _columns(name, held)
        if not columns:
            raise UsageError(
                f"{what} names what the table and the corpus hold; got {name!r}, and they hold "
                f"{', '.join(one.name for one in held)}; measure them again with it, or leave it out"
            )
        new = [column for column in columns if column not in chosen]
        chosen.update((column, asked[name] / len(new)) for column in new)
    order = [column for one in held for column in one.columns if column in chosen]
    return Features(tuple(order), tuple(chosen[column] for column in order))


def descriptors_of(names: Iterable[str]) -> tuple[str, ...]:
    """The descriptors behind names of descriptors, categories or columns.

    Raises:
        UnknownNameError: A name is nothing that could be measured.
    """
    names = list(names)
    everything = _measurable(names)
    known = _names(everything)
    found: dict[str, None] = {}
    for name in names:
        if name not in known:
            raise UnknownNameError("feature", str(name), known)
        found.update((one.name, None) for one in everything if _columns(name, (one,)))
    return tuple(found)


def _measurable(names: Iterable[str]) -> tuple[Descriptor, ...]:
    """All descriptors, and all their slopes if one of the names asks for any."""
    everything = select(EVERYTHING)
    if not any(name.endswith(DELTA_SUFFIX) for name in names):
        return everything
    return everything + select(one.name + DELTA_SUFFIX for one in everything)


def _names(descriptors: Sequence[Descriptor]) -> dict[str, int]:
    """Every name for features and its rank: 0 for all, 1 for categories, 2 for descriptors, 3 for columns."""
    ranks = {column: 3 for one in descriptors for column in one.columns}
    ranks |= {one.name: 2 for one in descriptors} | {one.category: 1 for one in descriptors}
    return ranks | {EVERYTHING: 0}


def _columns(name: str, held: Sequence[Descriptor]) -> list[str]:
    """Those columns of the descriptors held that a name stands for."""
    return [
        column
        for one in held
        for column in one.columns
        if name in (EVERYTHING, one.category, one.name, column)
    ]
