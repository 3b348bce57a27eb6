"""What the points of a map are coloured and filtered by: controls, and means and spreads of descriptors."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tonewright import wording
from tonewright.improvising.lookup.table import LookupTable
from tonewright.reports import plots
from tonewright.reports.plots import Tick
from tonewright.synths import Control, ControlSpace
from tonewright.synths.words import label

Kind = Literal["control", "mean", "spread"]

COLOUR_PERCENTILES = (2.0, 98.0)
"""Between which the colours lie; values beyond have the colour of the nearer end."""
_UNITS = ("hz", "db", "dbfs", "dbtp", "lufs")
_RATES = ("Hz", "1/s")
_LEAST_RATIO = 4.0  # of a range that a logarithmic scale is worth
_TICKS = 5


@dataclass(frozen=True, eq=False)
class Variable:
    """Something every point of a map has a value of.

    Attributes:
        kind: What it is.
        name: Name of the control or of the column.
        label: What people call it.
        unit: Of its values, "1" where there is none; that of the physical values for a control.
        values: `[points]` float32, unit values for a control; NaN where a point has none.
        low: Value of the first colour.
        high: Value of the last colour.
        logarithmic: Colours follow the logarithm of the values.
        ticks: What the legend of the colours says.
        control: The control, if it is one.
    """

    kind: Kind
    name: str
    label: str
    unit: str
    values: NDArray[np.float32]
    low: float
    high: float
    logarithmic: bool
    ticks: tuple[Tick, ...]
    control: Control | None = None


def variables(table: LookupTable, controls: ControlSpace, rows: NDArray[np.int64]) -> list[Variable]:
    """All variables of some points of a table: controls, means, spreads.

    Args:
        table: The table.
        controls: Of its synth.
        rows: The points, `[n]`.
    """
    return [
        *_controls(table, controls, rows),
        *_columns(table, rows, "mean"),
        *_columns(table, rows, "spread"),
    ]


def say(value: float, unit: str) -> str:
    """A value of a descriptor with its unit: `1.2 kHz`, `−12.3 dBFS`, `0.25`."""
    if unit == "Hz":
        return wording.frequency(value)
    return wording.number(value) if unit == "1" else f"{wording.number(value)} {unit}"


def column_label(column: str) -> str:
    """What people call a column: `spectral centroid` for `spectral_centroid_hz`."""
    *parts, last = column.split("_")
    return " ".join(parts if parts and last in _UNITS else [*parts, last])


def _controls(table: LookupTable, controls: ControlSpace, rows: NDArray[np.int64]) -> Iterator[Variable]:
    named = [label(control) for control in controls]
    for i, control in enumerate(controls):
        at = np.linspace(0, 1, _TICKS)
        words = [wording.minus(control.describe(float(value))) for value in control.to_physical(at)]
        ticks = tuple(Tick(float(share), text) for share, text in zip(at, words, strict=True))
        # The oscillators' levels, for one, are told apart by the name of their module.
        name = named[i] if named.count(named[i]) == 1 else f"{control.group} {named[i]}"
        values = table.params[rows, i]
        yield Variable(
            "control", control.name, name, control.unit or "1", values, 0, 1, False, ticks, control
        )


def _columns(
    table: LookupTable, rows: NDArray[np.int64], kind: Literal["mean", "spread"]
) -> Iterator[Variable]:
    measured = table.means if kind == "mean" else table.spreads
    for i, (column, unit) in enumerate(zip(table.columns, table.units, strict=True)):
        # 0 Hz is what a sound without a pitch, or without so many partials, has.
        nothing = (table.means[rows, i] <= 0) & (unit == "Hz")
        values = np.where(nothing, np.float32(np.nan), measured[rows, i])
        finite = values[np.isfinite(values)]
        low, high = map(float, np.percentile(finite, COLOUR_PERCENTILES)) if len(finite) else (0.0, 0.0)
        logarithmic = kind == "mean" and unit in _RATES and low > 0 and high >= _LEAST_RATIO * low
        if high - low < 1e-6 * max(abs(low), abs(high), 1e-3):  # all alike
            low, high = low - 0.5, low + 0.5
        ticks = _log_ticks(low, high, unit) if logarithmic else _linear_ticks(low, high, unit)
        yield Variable(kind, column, column_label(column), unit, values, low, high, logarithmic, ticks)


def _linear_ticks(low: float, high: float, unit: str) -> tuple[Tick, ...]:
    step = plots.nice_step(high - low, _TICKS)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    values = [round(i * step, 9) for i in range(first, last + 1)]
    return tuple(Tick((value - low) / (high - low), say(value, unit)) for value in values)


def _log_ticks(low: float, high: float, unit: str) -> tuple[Tick, ...]:
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    span = math.log(high / low)
    nices = (1, 2, 5) if span < math.log(1000) else (1,)
    values = [nice * 10.0**decade for decade in decades for nice in nices]
    return tuple(
        Tick(math.log(value / low) / span, say(value, unit)) for value in values if low <= value <= high
    )
