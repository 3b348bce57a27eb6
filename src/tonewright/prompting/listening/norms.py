"""Norms: where the sounds of each category lie, measured on recordings and renders by a command."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from tonewright.errors import CheckpointError
from tonewright.prompting.listening import embedding
from tonewright.prompting.listening.analysis import Floats

FILE = "norms.npz"


@dataclass(frozen=True)
class AxisNorm:
    """Where a category lies on an axis: its median, and half of the range of its middle two thirds."""

    middle: float
    spread: float


@dataclass(frozen=True, eq=False)
class Norms:
    """Reference sounds as embeddings.

    Attributes:
        embeddings: `[N, E]` as `listening.embedding.NAMES` has them; NaN where nothing could be measured.
        categories: Of each.
        origins: Of each: "recording" or "render".
        numbers: Of each render its number among the reference pieces of its category; -1 of recordings.
    """

    embeddings: NDArray[np.float32]
    categories: tuple[str, ...]
    origins: tuple[str, ...]
    numbers: tuple[int, ...]

    def axis(self, category: str, axis: str) -> AxisNorm:
        """The norm of an axis in a category."""
        return self._axes[category][axis]

    def rows(self, category: str) -> Floats:
        """The sounds of a category, `[n, E]`, in spreads from the mean of all."""
        return np.asarray(self.scaled[np.array(self.categories) == category])

    @cached_property
    def scaled(self) -> Floats:
        """All sounds, `[N, E]`, in spreads from their mean."""
        return self.scale(self.embeddings.astype(np.float64))

    def scale(self, embeddings: Floats) -> Floats:
        """Embeddings `[B, E]` in spreads from the mean of all reference sounds; the mean where missing."""
        middle, spread = self._scales
        return np.nan_to_num(np.clip((embeddings - middle) / spread, -6, 6))

    @cached_property
    def _scales(self) -> tuple[Floats, Floats]:
        low, middle, high = np.nanquantile(self.embeddings, (1 / 6, 1 / 2, 5 / 6), axis=0)
        return middle, np.maximum((high - low) / 2, 1e-3)

    @cached_property
    def _axes(self) -> Mapping[str, Mapping[str, AxisNorm]]:
        kinds = np.array(self.categories)
        axes: dict[str, Mapping[str, AxisNorm]] = {}
        for category in dict.fromkeys(self.categories):
            some = self.embeddings[kinds == category]
            low, middle, high = np.nanquantile(some, (1 / 6, 1 / 2, 5 / 6), axis=0)
            axes[category] = {
                name: AxisNorm(float(middle[i]), max(float(high[i] - low[i]) / 2, 1e-3))
                for i, name in enumerate(embedding.NAMES)
            }
        return axes


@cache
def norms() -> Norms:
    """The norms of the package.

    Raises:
        CheckpointError: They are of other measures.
    """
    with files(__package__).joinpath(FILE).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        found = Norms(
            arrays["embeddings"],
            tuple(str(one) for one in arrays["categories"]),
            tuple(str(one) for one in arrays["origins"]),
            tuple(int(one) for one in arrays["numbers"]),
        )
        names = tuple(str(one) for one in arrays["names"])
    if names != embedding.NAMES:
        raise CheckpointError("the norms of rewards are of other measures; install the package anew")
    return found
