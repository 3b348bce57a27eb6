"""What a synth's preset means in words: from its controls alone, or better from words of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tonewright import wording
from tonewright.synths.base import Synth
from tonewright.synths.control import Control, ControlSpace

_UNITS = frozenset({"hz", "s", "ms", "cents", "octaves", "db"})
_FARTHEST = 4


@dataclass(frozen=True)
class Performance:
    """How a preset was played.

    Attributes:
        seconds: Duration of the sound.
        gate_seconds: When the key was let go.
    """

    seconds: float
    gate_seconds: float

    @property
    def released(self) -> bool:
        """The key is let go before the sound ends, and not just at its end."""
        return self.gate_seconds < self.seconds - 0.005

    @property
    def held_seconds(self) -> float:
        """For how long the key is heard to be held."""
        return min(self.gate_seconds, self.seconds)

    @property
    def held_until(self) -> str:
        """What ends that, in words."""
        return "the key is let go" if self.released else "the clip ends"


@dataclass(frozen=True)
class Words:
    """The words of one synth.

    Attributes:
        title: Its name for people.
        groups: Titles of its modules, by the name of the group.
        summary: Sentences on what a preset sounds like, from its values by name.
        idle: Controls that change nothing as the others are set, by name, and why.
    """

    title: str
    groups: Mapping[str, str]
    summary: Callable[[Mapping[str, float], Performance], str]
    idle: Callable[[Mapping[str, float], Performance], dict[str, str]]


def words(synth: Synth) -> Words:
    """The words of a synth: its own, which are its attribute `words`, or those its controls alone give."""
    own: Words | None = getattr(synth, "words", None)
    if own is not None:
        return own
    controls = synth.controls
    return Words(
        synth.name, {}, lambda values, played: _farthest(values, controls), lambda values, played: {}
    )


def label(control: Control) -> str:
    """A control's name without its module and its unit: `filter_cutoff_hz` of the filter is `cutoff`."""
    parts = control.name.split("_")
    if len(parts) > 1 and parts[-1] in _UNITS:
        parts.pop()
    if len(parts) > 1 and parts[0] in {control.group, *control.group.split()}:
        parts.pop(0)
    return " ".join(parts)


def value(control: Control, physical: float) -> str:
    """A control's value in words: `1.2 kHz`, `−3 semitones`."""
    text = wording.minus(control.describe(physical))
    return (
        text.removesuffix("s") if text.strip("+−") == f"1 {control.unit}" and len(control.unit) > 1 else text
    )


def _farthest(values: Mapping[str, float], controls: ControlSpace) -> str:
    def moved(control: Control) -> float:
        return abs(float(control.to_unit(values[control.name]) - control.to_unit(control.default)))

    turned = [control for control in sorted(controls, key=moved, reverse=True) if moved(control) > 0]
    if not turned:
        return "Every control is where the neutral preset has it."
    parts = [
        f"{control.group} {label(control)} {value(control, values[control.name])}"
        for control in turned[:_FARTHEST]
    ]
    return wording.sentence(f"farthest from the neutral preset: {wording.listing(parts)}")
