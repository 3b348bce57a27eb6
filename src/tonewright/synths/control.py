"""Controls: what can be turned on a synth, declared once as data.

Bounds, sampling, encoding to [0, 1], sliders, the preset schema and the docs all derive from the
`Control`s in a `ControlSpace`. Agents see unit vectors `[batch, D]` in [0, 1]; people see physical units.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tonewright.documents import short_text
from tonewright.errors import PresetError, UnknownNameError, UsageError

Curve = Literal["linear", "log", "quadratic", "integer"]
"""How unit values u in [0, 1] spread over the physical range: evenly, by octaves, by u² (a fader that comes
down to nothing), or in equally wide bins."""


@dataclass(frozen=True)
class Control:
    """One knob.

    Attributes:
        name: Identifier, with its unit where there is one (`filter_cutoff_hz`).
        group: The module of the synth it belongs to.
        low: Smallest physical value.
        high: Largest physical value.
        default: Physical value of the neutral preset.
        curve: How unit values spread over `low`…`high`.
        unit: Physical unit for people, "" for a plain number.
        meaning: One line on what it does.
        landmarks: Physical values with a name of their own, ascending (wave shapes along a morph).
    """

    name: str
    group: str
    low: float
    high: float
    default: float
    curve: Curve = "linear"
    unit: str = ""
    meaning: str = ""
    landmarks: tuple[tuple[float, str], ...] = ()

    def __post_init__(self) -> None:
        if not self.low < self.high or not self.low <= self.default <= self.high:
            raise UsageError(f"{self.name}: needs low < high and a default between them")
        if self.curve == "log" and self.low <= 0:
            raise UsageError(f"{self.name}: a log curve needs a positive range; got low={self.low}")

    @property
    def steps(self) -> int:
        """Number of distinct values of an integer control; 0 for a continuous one."""
        return int(self.high - self.low) + 1 if self.curve == "integer" else 0

    def to_physical(self, unit: ArrayLike) -> NDArray[np.float64]:
        """Physical values of unit values; values outside [0, 1] are taken as the nearer end."""
        return _to_physical(self.curve, unit, self.low, self.high, self.steps)

    def to_unit(self, physical: ArrayLike) -> NDArray[np.float64]:
        """Unit values of physical values: the inverse of `to_physical`, the bin's middle for integers."""
        p = np.asarray(physical, dtype=np.float64)
        if self.curve == "integer":
            return (np.round(p) - self.low + 0.5) / self.steps
        if self.curve == "log":
            octaves: NDArray[np.float64] = np.log2(p / self.low)
            return octaves / math.log2(self.high / self.low)
        share = (p - self.low) / (self.high - self.low)
        return np.sqrt(share) if self.curve == "quadratic" else share

    def describe(self, value: float) -> str:
        """A physical value in plain words: `1.2 kHz`, `35 ms`, `saw 60%, square 40%`.

        Examples:
            >>> from tonewright.synths import Control
            >>> Control("cutoff_hz", "filter", 20, 20_000, 1_000, "log", "Hz").describe(1_200)
            '1.2 kHz'
        """
        if self.landmarks:
            return _between(self.landmarks, value)
        if not self.unit and (self.low, self.high) == (0.0, 1.0):
            return f"{value:.0%}"
        shown = float(f"{round(value, 4):.3g}") + 0.0  # no negative zero
        unit = self.unit
        if unit == "Hz" and shown >= 1000:
            shown, unit = shown / 1000, "kHz"
        elif unit == "s" and shown < 1:
            shown, unit = shown * 1000, "ms"
        elif len(unit) > 1 and unit.endswith("s") and abs(shown) == 1:
            unit = unit[:-1]
        signed = self.low < 0 and shown
        return f"{shown:{'+' if signed else ''}.4g} {unit}".rstrip()

    def check(self, value: object) -> float:
        """The value as a float, if this control can take it.

        Raises:
            PresetError: The value is not a number, out of range, or not whole where it has to be.
        """
        if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
            raise PresetError(f"{self.name} is a number; got {short_text(value)}")
        if not self.low <= value <= self.high:  # also false for NaN
            raise PresetError(
                f"{self.name} lies between {self.low:g} and {self.high:g}; got {short_text(value)}"
            )
        if self.curve == "integer" and value != int(value):
            raise PresetError(f"{self.name} is a whole number; got {short_text(value)}")
        return float(value)


def _to_physical(
    curve: Curve, unit: ArrayLike, low: ArrayLike, high: ArrayLike, steps: ArrayLike
) -> NDArray[np.float64]:
    """Physical values of unit values, of one control or of several of one curve, the last axis."""
    u = np.clip(np.asarray(unit, dtype=np.float64), 0.0, 1.0)
    low, high, steps = np.asarray(low, np.float64), np.asarray(high, np.float64), np.asarray(steps)
    if curve == "integer":
        return np.asarray(low + np.minimum(np.floor(u * steps), steps - 1))
    if curve == "log":
        return np.asarray(np.clip(low * (high / low) ** u, low, high))
    if curve == "quadratic":
        u = u**2
    return np.asarray(low + u * (high - low))


def _between(landmarks: tuple[tuple[float, str], ...], value: float) -> str:
    for (low, left), (high, right) in pairwise(landmarks):
        if value <= high:
            share = (value - low) / (high - low)
            if share < 0.02:
                return left
            if share > 0.98:
                return right
            return f"{left} {1 - share:.0%}, {right} {share:.0%}"
    return landmarks[-1][1]


class ControlSpace:
    """All controls of a synth, in the order of its unit vectors.

    Args:
        controls: The controls; names must differ.
    """

    def __init__(self, controls: tuple[Control, ...]) -> None:
        self.controls = controls
        self._index = {control.name: i for i, control in enumerate(controls)}
        if len(self._index) != len(controls):
            raise UsageError("two controls of one synth share a name")

    def __repr__(self) -> str:
        return f"<ControlSpace of {len(self)}: {', '.join(self.names)}>"

    def __len__(self) -> int:
        return len(self.controls)

    def __iter__(self) -> Iterator[Control]:
        return iter(self.controls)

    def __getitem__(self, name: str) -> Control:
        return self.controls[self.index(name)]

    @property
    def names(self) -> list[str]:
        """Names in order."""
        return [control.name for control in self.controls]

    @cached_property
    def groups(self) -> dict[str, list[Control]]:
        """Controls of each module, in order."""
        groups: dict[str, list[Control]] = {}
        for control in self.controls:
            groups.setdefault(control.group, []).append(control)
        return groups

    @cached_property
    def _by_curve(self) -> dict[Curve, tuple[NDArray[Any], ...]]:
        """Columns of each curve, and low, high and steps of these, so that they are worked on at once."""
        curves: dict[Curve, list[int]] = {}
        for i, control in enumerate(self.controls):
            curves.setdefault(control.curve, []).append(i)
        return {
            curve: (
                np.array(columns),
                np.array([float(self.controls[i].low) for i in columns]),
                np.array([float(self.controls[i].high) for i in columns]),
                np.array([self.controls[i].steps for i in columns]),
            )
            for curve, columns in curves.items()
        }

    def index(self, name: str) -> int:
        """Position of a control in a unit vector.

        Raises:
            UnknownNameError: No control has this name.
        """
        if name not in self._index:
            raise UnknownNameError("control", short_text(name), self._index)
        return self._index[name]

    def sample(self, rng: np.random.Generator, batch: int = 1) -> NDArray[np.float32]:
        """Unit vectors drawn uniformly, `[batch, D]`.

        Raises:
            UsageError: `rng` is no generator, a bare seed for one.

        Examples:
            >>> import numpy as np
            >>> import tonewright as tw
            >>> controls = tw.synth("serum-lite").controls
            >>> params = controls.sample(np.random.default_rng(0), batch=64)
            >>> params.shape, bool((params >= 0).all() and (params <= 1).all())
            ((64, 24), True)
            >>> controls.to_physical(params).shape  # the same in Hz, seconds, cents…
            (64, 24)
        """
        if not isinstance(rng, np.random.Generator):
            raise UsageError(f"rng is a generator, np.random.default_rng(0) for one; got {short_text(rng)}")
        return rng.random((batch, len(self)), dtype=np.float32)

    def defaults(self) -> NDArray[np.float32]:
        """The neutral preset as a unit vector, `[D]`."""
        return self.to_unit({control.name: control.default for control in self.controls})

    def to_physical(self, params: ArrayLike) -> NDArray[np.float64]:
        """Physical values `[..., D]` of unit vectors `[..., D]`."""
        params = np.asarray(params)
        physical = np.empty((*params.shape[:-1], len(self)))
        for curve, (columns, *ranges) in self._by_curve.items():
            physical[..., columns] = _to_physical(curve, params[..., columns], *ranges)
        return physical

    def to_values(self, params: ArrayLike) -> dict[str, float]:
        """Physical values of one unit vector `[D]`, by name; whole numbers for integer controls.

        Raises:
            UsageError: Another shape, or values that are not finite.
        """
        vector = np.asarray(params, dtype=np.float64)
        if vector.shape != (len(self),) or not np.isfinite(vector).all():
            raise UsageError(f"one preset is [{len(self)}] finite numbers; got shape {vector.shape}")
        physical = self.to_physical(vector)
        return {
            control.name: int(value) if control.curve == "integer" else float(value)
            for control, value in zip(self.controls, physical, strict=True)
        }

    def to_unit(self, values: Mapping[str, float]) -> NDArray[np.float32]:
        """Unit vector `[D]` of physical values by name.

        Raises:
            PresetError: A control is missing, unknown, or its value does not fit.
        """
        self.check(values)
        units = [control.to_unit(values[control.name]) for control in self.controls]
        return np.array(units, dtype=np.float32)

    def snap(self, params: ArrayLike) -> NDArray[np.float32]:
        """Unit vectors `[..., D]` clipped to [0, 1], integer controls moved to the middle of their bin."""
        snapped = np.clip(np.asarray(params, dtype=np.float32), 0.0, 1.0)
        for i, control in enumerate(self.controls):
            if control.curve == "integer":
                snapped[..., i] = control.to_unit(control.to_physical(snapped[..., i]))
        return snapped

    def check(self, values: Mapping[str, Any]) -> None:
        """Raise unless the values name every control once, each within its range.

        Raises:
            PresetError: A control is missing, unknown, or its value does not fit.
        """
        unknown = [name for name in values if name not in self._index]
        if unknown:
            raise PresetError(str(UnknownNameError("control", short_text(unknown[0]), self._index)))
        missing = [name for name in self._index if name not in values]
        if missing:
            raise PresetError(f"control {missing[0]} is missing; a preset sets all {len(self)} controls")
        for control in self.controls:
            control.check(values[control.name])

    def schema(self) -> dict[str, Any]:
        """JSON Schema of the values by name."""
        properties = {
            control.name: {
                "type": "integer" if control.curve == "integer" else "number",
                "minimum": control.low,
                "maximum": control.high,
                "default": control.default,
                "description": f"{control.meaning} [{control.unit}]" if control.unit else control.meaning,
            }
            for control in self.controls
        }
        return {
            "type": "object",
            "properties": properties,
            "required": self.names,
            "additionalProperties": False,
        }
