"""Distances between sounds.

Each is here by its short name: `mss(a, b, sample_rate_hz)` compares two batches pair by pair.
"""

from __future__ import annotations

from tonewright.distances.comparison import compare, compare_clips
from tonewright.distances.registry import Distance, distance, get, names
from tonewright.errors import UnknownNameError

__all__ = ["Distance", "compare", "compare_clips", "distance", "get", "names"]


def __getattr__(name: str) -> Distance:
    """Look a distance up when it is first used, so that importing this package stays light."""
    try:
        return get(name)
    except UnknownNameError as error:
        raise AttributeError(f"module 'tonewright.distances' has no attribute '{name}': {error}") from None


def __dir__() -> list[str]:
    return [*__all__, *names()]
