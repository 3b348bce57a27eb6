"""How fast a match is on this machine: `tonewright bench match`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from tonewright.audio import Clip
from tonewright.distances.loss import TrainingLoss
from tonewright.matching.matcher import match
from tonewright.matching.networks.load import load_trained
from tonewright.measuring.timing import best_rate, conditions, median_seconds, seconds
from tonewright.synths import synth as make_synth

_RATE_HZ = 16_000
_CANDIDATES = 32
_SECONDS = 0.5
PARTS = 4
"""In which a match is measured."""


def match_speed(
    batch: int = 512, runs: int = 15, *, progress: Callable[[], None] = lambda: None
) -> dict[str, Any]:
    """Measure a match of a 1 s target with 10,000 renders, at 44.1 and at 16 kHz, and what it is made of.

    Args:
        batch: Presets rendered, heard and compared at once.
        runs: How often that is done, of which the fastest counts; and how often the networks propose.
        progress: Called when one of `PARTS` is measured.

    Returns:
        Seconds in which the networks are loaded (once in a process) and propose 32 presets; sounds of 0.5 s
        at 16 kHz a second that are rendered, heard and compared with a target each; seconds of the matches;
        and the conditions.
    """
    # First, since the targets it analyses would come on top of the networks in the peak of memory.
    measured = {"render_hear_compare_per_second": _steps_per_second(batch, runs)}
    progress()
    measured |= _network_seconds(runs)
    progress()
    for rate in (44_100, _RATE_HZ):
        synth = make_synth("serum-lite", rate)
        params = synth.controls.sample(np.random.default_rng(1), 1)
        clip = Clip(synth.render(params, 60, 1.0), rate)
        match(clip, renders=64)  # compiled or loaded from the cache
        measured[f"match_seconds_{rate}_hz"] = seconds(partial(match, clip, renders=10_000))
        progress()
    return measured | conditions()


def _network_seconds(runs: int) -> dict[str, float]:
    synth = make_synth("serum-lite", _RATE_HZ)
    loading_s = seconds(lambda: load_trained(synth).need_proposals(synth))
    proposals = load_trained(synth).need_proposals(synth)
    rng, notes = np.random.default_rng(0), np.full(_CANDIDATES, 60.0)
    sound = synth.render(synth.controls.sample(rng, 1), 60, 1.0)[0]

    def propose() -> None:
        proposals(sound, notes, None, _CANDIDATES, rng)

    propose()
    return {"load_networks_seconds": loading_s, "propose_32_presets_seconds": median_seconds(propose, runs)}


def _steps_per_second(batch: int, runs: int) -> float:
    synth = make_synth("serum-lite", _RATE_HZ)
    rng = np.random.default_rng(0)
    targets = synth.render(synth.controls.sample(rng, batch), 60, _SECONDS)
    params = synth.controls.sample(rng, batch)
    loss = TrainingLoss(_RATE_HZ, targets.shape[1])
    many = loss.analyse(targets)

    def step() -> None:
        loss.compare_and_hear(synth.render(params, 60, _SECONDS), many)

    return best_rate(step, batch, runs)
