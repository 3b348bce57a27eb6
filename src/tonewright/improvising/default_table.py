"""A small table of a synth, measured when an environment is made without one."""

from __future__ import annotations

from functools import lru_cache

from tonewright.improvising.hearing import FRAMING
from tonewright.improvising.lookup.averaging import Averager
from tonewright.improvising.lookup.building import NOTE
from tonewright.improvising.lookup.points import choose_points
from tonewright.improvising.lookup.table import LookupTable, SynthIdentity
from tonewright.synths.base import Synth

_POINTS = 630
"""Some of them for each control: 25 by 25 of two, 5 to the fourth of four, a Sobol sequence of more."""


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
    synth, averager = sound.synth, Averager(FRAMING, descriptors)
    controls = len(synth.controls)
    grid = int(_POINTS ** (1 / controls)) if controls <= 4 else None
    points = choose_points(synth.controls, grid, None if grid else 512)
    seconds = averager.least_seconds + 0.05
    means, spreads, sounding = averager(synth.render(points.params, NOTE, seconds, seconds))
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
