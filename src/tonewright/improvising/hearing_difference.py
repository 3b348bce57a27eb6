"""How far what is looked up in a table differs from what is heard when the same controls are rendered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tonewright.improvising.hearing import HOP_S
from tonewright.improvising.listening.normalising import Normaliser
from tonewright.improvising.own_sound.looked_up import TableSound
from tonewright.improvising.own_sound.rendered import RenderedSound
from tonewright.improvising.setting import Setting


@dataclass(frozen=True)
class ColumnDifference:
    """How two hearings of one column differ.

    Attributes:
        name: Name of the column.
        difference: Root mean square of the difference, in spreads of the column (`Scales`).
        off: Mean of the difference, looked up minus rendered, in spreads.
        range: Standard deviation of what is rendered, in spreads: what a difference is to be compared with.
        unit_difference: The difference in octaves, decibels or what else the scale of the column is.
        there: Share of the frames in which the column is there, in the rendered sound.
    """

    name: str
    difference: float
    off: float
    range: float
    unit_difference: float
    there: float


def hearing_difference(
    setting: Setting, *, rows: int = 32, seconds: float = 4.0, step_size: float | None = None, seed: int = 0
) -> list[ColumnDifference]:
    """Turn the controls at random, look up and render the same, and compare what is heard hop by hop.

    The controls of each row move to one random goal after another, one a second on average, as fast as an
    agent may.

    Args:
        setting: What is played and heard.
        rows: How many sounds.
        seconds: Of each.
        step_size: Largest move in a hop; that of the configuration if not given.
        seed: Of the goals.

    Returns:
        One difference for each column that is heard, over those frames in which the column is there in both.
    """
    rng = np.random.default_rng(seed)
    step = np.float32(setting.config.step_size if step_size is None else step_size)
    controls = len(setting.synth.controls)
    params = rng.random((rows, controls), np.float32)
    goals = params.copy()
    looked_up = TableSound(setting.table, Normaliser(setting.scales, setting.table.columns), rows)
    rendered = RenderedSound(setting.synth, setting.scales, rows, setting.table.note)
    everywhere = np.arange(rows)
    seeds = np.zeros(rows, np.uint64)
    looked_up.begin(everywhere, params, seeds)
    rendered.begin(everywhere, params, seeds)
    heard: list[tuple[NDArray[Any], ...]] = []
    for _ in range(round(seconds / HOP_S)):
        new = rng.random(rows) < HOP_S
        goals[new] = rng.random((int(new.sum()), controls), np.float32)
        params = params + np.clip(goals - params, -step, step)
        looked_up.hear(everywhere, params)
        rendered.hear(everywhere, params)
        there = (looked_up.presence > 0.5) & (rendered.presence > 0.5)
        heard.append((looked_up.values.copy(), rendered.values.copy(), there, rendered.presence > 0.5))
    table, real, both, present = (np.concatenate(part) for part in zip(*heard, strict=True))
    found = []
    for i, name in enumerate(setting.scales.columns):
        some = both[:, i]
        off = table[some, i] - real[some, i] if some.any() else np.zeros(1)
        difference = float(np.sqrt(np.mean(np.square(off, dtype=np.float64))))
        found.append(
            ColumnDifference(
                name,
                difference,
                float(np.mean(off)),
                float(np.std(real[some, i])) if some.any() else 0.0,
                difference * setting.scales.spreads[i],
                float(np.mean(present[:, i])),
            )
        )
    return found
