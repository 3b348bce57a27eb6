"""The register of descriptors: each is one decorated function, found by name or by category."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tonewright.errors import UnknownNameError, UsageError
from tonewright.features.frames import Frames

# `[batch, count, columns]` float32 from a run of frames.
Measure = Callable[[Frames], NDArray[np.float32]]

ChannelRule = Literal["mix", "largest", "sum"]
CHANNEL_RULES: dict[ChannelRule, str] = {
    "sum": "powers of the channels summed with the weights of BS.1770",
    "largest": "the largest of the channels",
    "mix": "the mean of the channels, mixed sample by sample, is measured",
}
"""How one value comes of a sound of several channels."""

EVERYTHING = "all"
DELTA_SUFFIX = "_delta"

_registered: dict[str, Descriptor] = {}


@dataclass(frozen=True)
class Descriptor:
    """Something a listener can measure of every frame.

    Attributes:
        name: What it is asked for by.
        category: The group it belongs to; a category is asked for the same way.
        unit: Unit of all its columns; "1" where there is none.
        columns: One name to each value.
        meaning: What it measures, in one line.
        source: Paper or standard of the definition.
        channels: How one value comes of several channels, by its name in `CHANNEL_RULES`.
        function: Takes `Frames`, returns `[batch, count, columns]` float32, finite for every finite sound;
            several threads may call it at once, each with `Frames` of its own.
    """

    name: str
    category: str
    unit: str
    columns: tuple[str, ...]
    meaning: str
    source: str
    channels: ChannelRule
    function: Measure


def numbered(name: str, count: int, unit: str = "") -> tuple[str, ...]:
    """Column names `name_01`, `name_02`, …, with the unit, where there is one, at the end."""
    return tuple(f"{name}_{i:02d}{unit and '_' + unit}" for i in range(1, count + 1))


def descriptor(
    *, category: str, unit: str, columns: Iterable[str], source: str, channels: ChannelRule = "mix"
) -> Callable[[Measure], Measure]:
    """Register the decorated function as a descriptor of its own name; its docstring tells the meaning.

    Args:
        category: The group it belongs to.
        unit: Unit of all its columns; "1" where there is none.
        columns: One name to each value.
        source: Paper or standard of the definition.
        channels: What the function does with several channels. The mean of them is what `samples` and
            `windows` of its `Frames` hold; with another rule it measures `Frames.by_channel`, through
            `features/channels.py`.

    Raises:
        UsageError: The name or a column is taken, there is no such rule, or the function has no docstring.
    """

    def register(function: Measure) -> Measure:
        lines = (function.__doc__ or "").strip().splitlines()
        if not lines:
            raise UsageError(f"a descriptor's docstring tells its meaning; {function.__name__} has none")
        if channels not in CHANNEL_RULES:
            raise UnknownNameError("rule for channels", str(channels), CHANNEL_RULES)
        new = Descriptor(
            function.__name__, category, unit, tuple(columns), lines[0], source, channels, function
        )
        _check_names(new)
        _registered[new.name] = new
        return function

    return register


def _check_names(new: Descriptor) -> None:
    taken = {column for other in _registered.values() for column in other.columns}
    foreign = {other.category for other in _registered.values()} - {new.category}
    if new.name in _registered or new.name in foreign or new.name == EVERYTHING:
        raise UsageError(f"the descriptor name '{new.name}' is taken; choose another")
    if new.name.endswith(DELTA_SUFFIX):
        raise UsageError(f"'{DELTA_SUFFIX}' at the end asks for a slope; rename the descriptor '{new.name}'")
    if not new.columns or len(set(new.columns)) < len(new.columns) or taken & set(new.columns):
        raise UsageError(f"a descriptor has columns, each with a name of its own; got {new.columns}")


@lru_cache(maxsize=1)
def _load_own() -> None:
    """Import every module beside the descriptors, which registers what they define."""
    package = importlib.import_module("tonewright.features.descriptors")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")


def all_descriptors() -> tuple[Descriptor, ...]:
    """Every registered descriptor, in a fixed order; slopes, which any of them has, are not listed."""
    _load_own()
    return tuple(_registered.values())
