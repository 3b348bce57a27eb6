"""How an agent practises: environments in batches, action heads, PPO, runs and pools."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from tonewright.learning.registry import ENVIRONMENTS, Environment

if TYPE_CHECKING:
    from tonewright.learning.vector import BatchEnv, SingleEnv

__all__ = ["ENVIRONMENTS", "BatchEnv", "Environment", "SingleEnv"]


def __getattr__(name: str) -> Any:
    """Look the bases of environments up when they are first used: they bring Gymnasium with them."""
    if name in ("BatchEnv", "SingleEnv"):
        return getattr(import_module("tonewright.learning.vector"), name)
    raise AttributeError(f"module 'tonewright.learning' has no attribute '{name}'")
