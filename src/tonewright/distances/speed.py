"""How fast sounds are compared on this machine: `tonewright bench compare`."""

from __future__ import annotations

from typing import Any

import numpy as np

from tonewright.distances.loss import TrainingLoss
from tonewright.features.speed import FRAMES, RATE_HZ, notes
from tonewright.measuring.timing import best_rate, conditions


def compare_speed(batch: int = 512, runs: int = 15) -> dict[str, Any]:
    """Measure the training loss of sounds of 0.5 s at 16 kHz against targets that are analysed already.

    Args:
        batch: Sounds compared at once.
        runs: How often the batch is compared; the fastest counts.

    Returns:
        Losses a second against one target and against a target for each sound, and the conditions.
    """
    rng = np.random.default_rng(0)
    targets, candidates = notes(rng, batch), notes(rng, batch)
    loss = TrainingLoss(RATE_HZ, FRAMES)
    one, many = loss.analyse(targets[:1]), loss.analyse(targets)
    return {
        "losses_per_second_one_target": best_rate(lambda: loss(candidates, one), batch, runs),
        "losses_per_second_many_targets": best_rate(lambda: loss(candidates, many), batch, runs),
    } | conditions()
