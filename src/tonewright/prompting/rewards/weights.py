"""The weight of each component in each category, in one table: `weights.json`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from tonewright.documents import parse_document
from tonewright.errors import BriefError, UnknownNameError

FORM, VERSION, FILE = "tonewright-reward-weights", 1, "weights.json"
COMPONENTS = ("quality", "style", "alignment", "technical", "novelty")


def weights(category: str) -> Mapping[str, float]:
    """Weights of the components in a category.

    Raises:
        UnknownNameError: There is no such category.
    """
    table = _table()
    if category not in table:
        raise UnknownNameError("category", category, table)
    return table[category]


@cache
def _table() -> Mapping[str, Mapping[str, float]]:
    text = files(__package__).joinpath(FILE).read_bytes()
    table: Mapping[str, Mapping[str, float]] = parse_document(
        text, FORM, VERSION, {"weights": dict}, error=BriefError
    )["weights"]
    for category, row in table.items():
        if {*row} != {*COMPONENTS} or any(weight < 0 for weight in row.values()):
            raise BriefError(
                f"weights name each of {', '.join(COMPONENTS)}, 0 or more; got others for {category!r}"
            )
    return table
