"""Improvise: an agent listens to a musician and continuously moves the controls of a synthesizer."""

from __future__ import annotations

from tonewright.learning.registry import Environment

__all__ = ["ENVIRONMENTS"]

ENVIRONMENTS = {
    "tonewright/Improvise-v0": Environment(
        "tonewright.improvising.environment:improvise_env", "tonewright.improvising.environment:ImproviseEnv"
    )
}
