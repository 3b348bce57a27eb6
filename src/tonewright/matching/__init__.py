"""The craft of matching: a sound in, a synthesizer preset out."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from tonewright.learning.registry import Environment

if TYPE_CHECKING:
    from tonewright.matching.many.jobs import Job
    from tonewright.matching.many.matching import Outcome, match_many
    from tonewright.matching.matcher import match
    from tonewright.matching.result import MatchResult

__all__ = ["ENVIRONMENTS", "Job", "MatchResult", "Outcome", "match", "match_many"]

ENVIRONMENTS = {
    "tonewright/Match-v0": Environment(
        "tonewright.matching.environment:match_env", "tonewright.matching.environment:MatchEnv"
    )
}

_HOMES = {
    "Job": "many.jobs",
    "MatchResult": "result",
    "Outcome": "many.matching",
    "match": "matcher",
    "match_many": "many.matching",
}


def __getattr__(name: str) -> Any:
    """Look `match` up when it is first used: it brings the synths and the search library with it."""
    if name in _HOMES:
        return getattr(import_module(f"tonewright.matching.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'tonewright.matching' has no attribute '{name}'")
