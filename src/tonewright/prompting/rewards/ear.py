"""The ear: small networks that tell what kind of sound they hear and what is in it, and know impostors.

They were fitted by `benchmarks/prompting/ear.py` on recordings, renders, and what tried to fool the reward.
What is far from all of it each of them hears in another way: of what kind a sound is, the least sure of
them counts; of what is in it, their mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from tonewright.errors import CheckpointError
from tonewright.prompting.listening import bands, embedding, together
from tonewright.prompting.listening.analysis import Floats, Heard, once

FILE = "ear.npz"
KIND, ELEMENT, THING = "kind ", "element ", "thing "
"""How the names of what is told begin: `kind drums`, `element kick`, `thing piano`."""
INPUTS: tuple[str, ...] = (*embedding.NAMES, *bands.NAMES, *together.NAMES)
"""What it hears with."""
_FARTHEST = 4.0


@dataclass(frozen=True, eq=False)
class Ear:
    """Networks of one hidden layer, with a sigmoid for each thing that they tell.

    Attributes:
        names: What is told, `[K]`.
        middle: `[E]` of the measures.
        spread: `[E]` of the measures.
        inner: `[N, E + 1, H]` of the networks, the last row of each what is added.
        outer: `[N, H + 1, K]`, likewise.
    """

    names: tuple[str, ...]
    middle: NDArray[np.float32]
    spread: NDArray[np.float32]
    inner: NDArray[np.float32]
    outer: NDArray[np.float32]

    def __call__(self, measures: Floats) -> Floats:
        """How sure they are of each name, `[B, K]` in [0, 1], of measures `[B, E]`."""
        hidden = np.maximum(self.scale(measures) @ self.inner[:, :-1] + self.inner[:, -1:], 0)
        each = hidden @ self.outer[:, :-1] + self.outer[:, -1:]
        kinds = np.array([name.startswith(KIND) for name in self.names])
        logits = np.where(kinds, each.min(axis=0), each.mean(axis=0))
        return np.asarray(1 / (1 + np.exp(-np.clip(logits, -30, 30))), np.float64)

    def scale(self, measures: Floats) -> Floats:
        """Measures in spreads from the middle, four at most; 0 where there are none."""
        z = np.clip((measures - self.middle) / self.spread, -_FARTHEST, _FARTHEST)
        return np.asarray(np.nan_to_num(z), np.float64)


def measures_of(heard: Heard) -> Floats:
    """What the ear hears with, `[B, E]` in the order of `INPUTS`."""
    parts = (embedding.embed(heard), bands.band_events(heard), together.togetherness(heard))
    return np.concatenate(parts, axis=1)


def kind_presence(heard: Heard, category: str) -> Floats:
    """How sure it is that a sound is of a category, `[B]` in [0, 1]."""
    return _told(heard)[:, ear().names.index(KIND + category)]


def element_presence(heard: Heard, element: str) -> Floats:
    """How sure it is that an element of the vocabulary is heard, `[B]` in [0, 1]; NaN of unknown ones."""
    return _presence(heard, ELEMENT + element)


def thing_presence(heard: Heard, thing: str) -> Floats:
    """How sure it is that it hears an instrument or effect, `[B]` in [0, 1]; NaN of unknown ones."""
    return _presence(heard, THING + thing)


def _presence(heard: Heard, name: str) -> Floats:
    names = ear().names
    return _told(heard)[:, names.index(name)] if name in names else np.full(len(heard.samples), np.nan)


@once
def _told(heard: Heard) -> Floats:
    return ear()(measures_of(heard))


@cache
def ear() -> Ear:
    """The ear of the package.

    Raises:
        CheckpointError: It is of other measures.
    """
    with files(__package__).joinpath(FILE).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        found = dict(arrays)
    if tuple(str(one) for one in found["inputs"]) != INPUTS:
        raise CheckpointError("the ear of the rewards is of other measures; install the package anew")
    return _ear(found)


def _ear(arrays: Mapping[str, NDArray[np.float32]]) -> Ear:
    names = tuple(str(one) for one in arrays["names"])
    return Ear(names, *(arrays[name] for name in ("middle", "spread", "inner", "outer")))
