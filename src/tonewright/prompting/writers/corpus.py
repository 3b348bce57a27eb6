"""Briefs and replies to begin with: what a language model imitates before it learns by its own sounds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from tonewright.prompting.briefs.brief import Brief
from tonewright.prompting.briefs.library import library
from tonewright.prompting.briefs.making import numbered_briefs
from tonewright.prompting.generators.base import Generator
from tonewright.prompting.task.messages import templated_reply
from tonewright.prompting.task.replies import Reply, written_settings

_STEPS = (4, 8, 16, 32, 64)
_GUIDANCE = (0.0, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
_RECOMMENDED = 0.4
"""Share of the replies that have the recommended settings; others have any, so that there is a choice."""


def examples(generator: Generator, seed: int = 0) -> Iterator[tuple[Brief, str]]:
    """Briefs with words to be trained on, and a plain reply to each, without end."""
    brief_of = numbered_briefs(seed=seed)
    rng = np.random.default_rng([seed, 9])
    number = 0
    while True:
        brief = brief_of(number)
        number += 1
        yield brief, json.dumps(_reply(brief, generator, rng).fields())


def _reply(brief: Brief, generator: Generator, rng: np.random.Generator) -> Reply:
    written = templated_reply(brief, generator, library(), int(rng.integers(8)))
    if rng.random() < _RECOMMENDED:
        return written
    return Reply(written.prompt, **_settings(generator, rng))


def _settings(generator: Generator, rng: np.random.Generator) -> Mapping[str, Any]:
    known = written_settings(generator)
    found: dict[str, Any] = {}
    for name, values in (("steps", _STEPS), ("cfg_scale", _GUIDANCE)):
        if name in known:
            fitting = [one for one in values if known[name].low <= one <= known[name].high]
            found[name] = fitting[int(rng.integers(len(fitting)))]
    if "sampler" in known:
        choices = known["sampler"].choices
        found["sampler"] = choices[int(rng.integers(len(choices)))]
    return found
