"""What the searching attacker found is kept: it must not come near what an honest sound gets."""

import json
from pathlib import Path

import numpy as np
import pytest

from tonewright.prompting.briefs.library import library
from tonewright.prompting.generators.base import Request
from tonewright.prompting.generators.registry import generator
from tonewright.prompting.rewards.scoring import score

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"
ATTACKED = json.loads((BENCHMARKS / "results" / "prompting-attacks.json").read_text("utf-8"))
FOUND = ATTACKED["categories"]


@pytest.fixture(scope="module")
def impostors():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(BENCHMARKS / "prompting")
        import impostors

        yield impostors


def test_no_attacker_came_near_an_honest_sound():
    assert ATTACKED["evaluations"] >= 2_000
    assert {name: one["margin"] >= 0.2 for name, one in FOUND.items()} == dict.fromkeys(FOUND, True)


@pytest.mark.parametrize("category", FOUND)
def test_what_was_found_gets_no_more_than_it_did(impostors, category):
    """A change of the rewards that lets one of these through is noticed here."""
    for one in FOUND[category]["found"]:
        brief = library().brief(one["brief"])
        frames = impostors.frames_of(brief, 4.0)
        sound = impostors.synthesized(brief, frames, np.array(one["unit"]))
        assert score(sound[None], brief)[0].total < one["reward"] + 0.03


def test_noises_clicks_and_tones_get_less_than_an_honest_sound(impostors):
    for ident in ("drums-plain-1", "ambient-plain-1"):
        brief = library().brief(ident)
        (made,) = generator("sketch").generate(
            [Request(brief.baseline_prompt, seconds=brief.target.seconds, seed=1)]
        )
        honest = score(made.samples[None], brief)[0].total
        frames = impostors.frames_of(brief)
        for name, make in impostors.PLAIN.items():
            assert score(make(brief, frames)[None], brief)[0].total < honest - 0.2, name
