"""Distances between sounds.

Each is here by its short name: `mss(a, b, sample_rate_hz)` compares two batches pair by pair. So is the loss
that search and learning minimise, `training_loss`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from tonewright.distances.comparison import compare, compare_clips
from tonewright.distances.registry import Distance, distance, get, names
from tonewright.errors import UnknownNameError

if TYPE_CHECKING:
    from tonewright.distances.loss import TrainingLoss, training_loss

__all__ = [
    "Distance",
    "TrainingLoss",
    "compare",
    "compare_clips",
    "distance",
    "get",
    "names",
    "training_loss",
]


def __getattr__(name: str) -> Any:
    """Import what compiles when it is first used, so that importing this package stays light."""
    if name in ("TrainingLoss", "training_loss"):
        return getattr(importlib.import_module("tonewright.distances.loss"), name)
    try:
        return get(name)
    except UnknownNameError as error:
        raise AttributeError(f"module 'tonewright.distances' has no attribute '{name}': {error}") from None


def __dir__() -> list[str]:
    return [*__all__, *names()]
