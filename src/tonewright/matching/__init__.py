"""The craft of matching: a sound in, a synthesizer preset out."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from tonewright.learning.registry import Environment

if TYPE_CHECKING:
    from tonewright.matching.matcher import match
    from tonewright.matching.result import MatchResult

__all__ = ["ENVIRONMENTS", "MatchResult", "match"]

ENVIRONMENTS = {
    "tonewright/Match-v0": Environment(
        "tonewright.matching.environment:match_env", "tonewright.matching.environment:MatchEnv"
    )
}

_HOMES = {"MatchResult": "result", "match": "matcher"}


def __getattr__(name: str) -> Any:
    """Look `match` up when it is first used: it brings the synths and the search library with it."""
    if name in _HOMES:
        return getattr(import_module(f"tonewright.matching.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'tonewright.matching' has no attribute '{name}'")
