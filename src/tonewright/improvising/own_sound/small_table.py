"""A small table of a synth, measured when an environment is made without one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from tonewright.improvising.hearing import FRAMING
from tonewright.improvising.lookup.averaging import Averager
from tonewright.improvising.lookup.building import NOTE
from tonewright.improvising.lookup.points import choose_points
from tonewright.improvising.lookup.table import LookupTable, SynthIdentity
from tonewright.synths.base import Synth

_POINTS, _GRID_CONTROLS, _SOBOL = 630, 4, 512
"""At most in a grid: 25 by 25 of two controls, 5 of each of four. More controls have a Sobol sequence."""
_SETTLED_S = 0.05  # that is heard after everything has settled
_AT_ONCE = 256


def small_table(synth: Synth, descriptors: tuple[str, ...]) -> LookupTable:
    """Measure a synth at some hundred points, in about a second; the last few tables are kept.

    Args:
        synth: What is to be played.
        descriptors: What is heard of it.
    """
    return _measured(_Sound(synth), descriptors)


class _Sound:
    """A synth that equals others that sound alike."""

    def __init__(self, synth: Synth) -> None:
        self.synth = synth
        self._key = (SynthIdentity.of(synth), synth.sample_rate_hz)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Sound) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)


@lru_cache(maxsize=8)
def _measured(sound: _Sound, descriptors: tuple[str, ...]) -> LookupTable:
    controls = len(sound.synth.controls)
    grid = int(_POINTS ** (1 / controls))
    if controls > _GRID_CONTROLS:
        return measure_table(sound.synth, descriptors, sobol=_SOBOL)
    return measure_table(sound.synth, descriptors, grid=grid)


def measure_table(
    synth: Synth, descriptors: Sequence[str], *, grid: int | None = None, sobol: int | None = None
) -> LookupTable:
    """Measure a synth at some points, in memory; `lookup.building.build_table` is for tables to keep.

    Args:
        synth: What is to be played.
        descriptors: What is heard of it.
        grid: As of `choose_points`.
        sobol: The same.

    Raises:
        UnknownNameError: There is no such descriptor.
        UsageError: The points are too many, or both kinds of them are asked for.
    """
    averager = Averager(FRAMING, descriptors)
    points = choose_points(synth.controls, grid, sobol)
    seconds = averager.least_seconds + _SETTLED_S
    parts = [
        averager(synth.render(points.params[first : first + _AT_ONCE], NOTE, seconds, seconds))
        for first in range(0, len(points.params), _AT_ONCE)
    ]
    means, spreads, sounding = (np.concatenate(part) for part in zip(*parts, strict=True))
    return LookupTable(
        synth=SynthIdentity.of(synth),
        framing=FRAMING,
        seconds=seconds,
        layout=points.layout,
        grid=points.grid,
        descriptors=tuple(one.name for one in averager.descriptors),
        columns=tuple(column for one in averager.descriptors for column in one.columns),
        params=points.params,
        means=means,
        spreads=spreads,
        units=tuple(one.unit for one in averager.descriptors for _ in one.columns),
        sounding=sounding,
        note=NOTE,
    )
