"""Lanes of what sides of a take do: descriptors that are heard, and controls that are turned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tonewright import wording
from tonewright.improvising.hearing import HOP_S, SAMPLE_RATE_HZ, WINDOW
from tonewright.improvising.listening.normalising import QUIET_DBFS
from tonewright.improvising.portrait.shown import Shown
from tonewright.reports import plots
from tonewright.reports.markup import Html
from tonewright.reports.traces import Scale, Trace, trace_lane
from tonewright.synths.control import Control

_MOST_CONTROLS = 12
_LEAST_DB = 24.0
"""Height of a lane of levels: in a lower one a held note would seem to shake."""
_TICK_UNITS = (0.2, 0.5, 0.8)
_LONGEST_TICK = 8


def heard_at_s(hops: int) -> NDArray[np.float64]:
    """Times of frames in seconds, `[hops]`: the middles of their windows, at first before the sound."""
    return np.asarray((np.arange(hops) + 1) * HOP_S - WINDOW / SAMPLE_RATE_HZ / 2)


def descriptor_lane(one: Shown, sides: Sequence[Trace], seconds: float) -> Html:
    """A lane of a descriptor.

    Args:
        one: Which.
        sides: Its values in its unit, from the back to the front; those before 0 s are not drawn.
        seconds: Duration of the sounds.
    """
    values = [side.values for side in sides]
    if one.kind == "octaves":
        scale = Scale.of_frequencies(values)
    elif one.kind == "level":
        scale = Scale.around(values, "dB", floor=QUIET_DBFS, least=_LEAST_DB)
    else:
        scale = Scale.around(values, "" if one.unit == "1" else one.unit)
    drawn = [
        replace(side, at_s=side.at_s[side.at_s >= 0], values=side.values[side.at_s >= 0]) for side in sides
    ]
    title = f"{one.title} in {one.unit}" if one.kind == "level" else one.title
    return trace_lane(title, drawn, scale, seconds)


def control_lanes(
    controls: Sequence[Control],
    sides: Sequence[tuple[str, str, NDArray[np.float32]]],
    at_s: NDArray[np.floating[Any]],
    seconds: float,
) -> list[Html]:
    """A lane for each control; of many those that the last side moves most.

    Args:
        controls: `D` of them.
        sides: Name, class and unit values `[T, D]` of each, from the back to the front.
        at_s: `[T]` times.
        seconds: Duration of the sounds.
    """
    travel = np.abs(np.diff(sides[-1][2].astype(np.float64), axis=0)).sum(axis=0)
    chosen = np.sort(np.argsort(-travel, kind="stable")[:_MOST_CONTROLS])
    made = []
    for i in chosen:
        drawn = [Trace(name, class_, at_s, values[:, i].astype(np.float64)) for name, class_, values in sides]
        scale = Scale(0.0, 1.0, ticks=_control_ticks(controls[i]))
        made.append(trace_lane(controls[i].name, drawn, scale, seconds, slim=True))
    return made


def _control_ticks(control: Control) -> tuple[plots.Tick, ...]:
    """Round physical values where they lie."""
    ticks = {}
    for unit in _TICK_UNITS:
        value = float(control.to_physical(unit))
        rounded = value if control.landmarks else float(f"{value:.1g}")
        if not control.low <= rounded <= control.high:
            rounded = value
        label = control.describe(rounded)
        if len(label) > _LONGEST_TICK and control.unit:
            label = wording.number(rounded, 2)  # the name of the lane tells the unit
        if len(label) <= _LONGEST_TICK:
            ticks[label] = plots.Tick(float(control.to_unit(rounded)), label)
    return tuple(ticks.values())
