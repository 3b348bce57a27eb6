"""What a portrait shows of both sides, in the units of people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tonewright import wording
from tonewright.features.selection import select
from tonewright.improvising.listening.normalising import LOUDNESS, PITCH, QUIET_DBFS, Normaliser, Scales

MOST = 6
"""Lanes of descriptors; of more, the first ones are shown."""
_TITLES = {LOUDNESS: "Loudness", PITCH: "Pitch", "spectral_centroid_hz": "Brightness"}
_THERE = 0.5
"""Presence from which on a value is drawn and compared."""
_CENTS = 1200.0
_LEAST_STEPS = {"octaves": 150.0, "level": 3.0}
"""Steps that count: 1.5 semitones, 3 dB; of other columns, half a spread."""


@dataclass(frozen=True)
class Shown:
    """A column that is drawn and compared.

    Attributes:
        column: Its name.
        title: What people call it.
        unit: Of its values.
        kind: Its scale, as in `Scales`.
        least: Change that counts as a step, in cents, dB or the unit.
    """

    column: str
    title: str
    unit: str
    kind: str
    least: float

    def comparable(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values on a scale whose differences are heard alike: in cents, dB above silence, or as they are."""
        if self.kind == "octaves":
            return np.asarray(_CENTS * np.log2(values))
        return np.maximum(values, QUIET_DBFS) if self.kind == "level" else values

    @property
    def difference_unit(self) -> str:
        """The unit of differences of what is comparable."""
        return {"octaves": "cents", "level": "dB"}.get(self.kind, "" if self.unit == "1" else self.unit)

    def difference(self, value: float) -> str:
        """How large a difference is, in words: `35 cents`, `2.4 semitones`, `2.1 dB`."""
        value = abs(value)
        if self.kind == "octaves":
            return f"{value:.0f} cents" if value < 99.5 else wording.quantity(value / 100, "semitone", 2)
        if self.kind == "level":
            return f"{value:.1f} dB"
        return f"{wording.number(value, 2)} {self.difference_unit}".rstrip()


def shown(counted: Iterable[str], scales: Scales, descriptors: Iterable[str]) -> tuple[Shown, ...]:
    """Loudness, pitch and what counts, as far as it is heard, `MOST` columns.

    Args:
        counted: Columns that count in the reward.
        scales: Of all that is heard.
        descriptors: What is measured.
    """
    units = {column: one.unit for one in select(descriptors) for column in one.columns}
    chosen = [
        one for one in dict.fromkeys((LOUDNESS, PITCH, *counted)) if one in scales.columns and one in units
    ]
    made = []
    for column in chosen[:MOST]:
        at = scales.columns.index(column)
        kind = scales.kinds[at]
        title = _TITLES.get(column, column.replace("_", " ").capitalize())
        least = _LEAST_STEPS.get(kind, scales.spreads[at] / 2)
        made.append(Shown(column, title, units[column], kind, least))
    return tuple(made)


def traces(
    frames: NDArray[np.float32], names: tuple[str, ...], columns: tuple[Shown, ...], scales: Scales
) -> dict[str, NDArray[np.float64]]:
    """Columns of measured frames, NaN where they are not there.

    Args:
        frames: `[T, C]` as they were measured.
        names: Of what was measured, `[C]`.
        columns: Those that are wanted.
        scales: Of all that is heard.

    Returns:
        `[T]` for each, in its unit.
    """
    at = [scales.columns.index(one.column) for one in columns]
    chosen = Scales(
        tuple(one.column for one in columns),
        tuple(scales.kinds[i] for i in at),
        tuple(scales.medians[i] for i in at),
        tuple(scales.spreads[i] for i in at),
    )
    there = Normaliser(chosen, names).presence(frames) >= _THERE
    return {
        one.column: np.where(there[:, i], frames[:, names.index(one.column)].astype(np.float64), np.nan)
        for i, one in enumerate(columns)
    }
