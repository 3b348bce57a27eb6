"""What a search may vary: every control of a synth, and the note and gate where they are not given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tonewright.synths.base import Synth, plays_notes
from tonewright.synths.control import Control, ControlSpace

_ANY_NOTE = 60.0


class Notes(NamedTuple):
    """A batch of notes to be rendered.

    Attributes:
        params: `[batch, D]` unit vectors.
        midi_note: `[batch]`.
        gate_seconds: `[batch]`.
    """

    params: NDArray[np.float32]
    midi_note: NDArray[np.float64]
    gate_seconds: NDArray[np.float64]


@dataclass(frozen=True)
class SearchSpace:
    """Points in [0, 1]^N: the controls in order, then the note and the gate if they are free.

    Attributes:
        controls: Controls of the synth.
        midi_note: The note, or the range (low, high) it is searched in.
        gate_seconds: The gate, or the range (low, high) it is searched in, on a log scale.
    """

    controls: ControlSpace
    midi_note: float | tuple[float, float]
    gate_seconds: float | tuple[float, float]

    @classmethod
    def of(
        cls,
        synth: Synth,
        midi_note: float | tuple[float, float],
        gate_seconds: float | tuple[float, float],
    ) -> SearchSpace:
        """The space of a synth: as given, but that no note is searched for one that plays none."""
        return cls(synth.controls, midi_note if plays_notes(synth) else _ANY_NOTE, gate_seconds)

    @property
    def _free(self) -> list[Control]:
        free = []
        if isinstance(self.midi_note, tuple):
            low, high = self.midi_note
            free.append(Control("midi_note", "note", low, high, (low + high) / 2))
        if isinstance(self.gate_seconds, tuple):
            low, high = self.gate_seconds
            free.append(Control("gate_seconds", "note", low, high, high, "log"))
        return free

    def __len__(self) -> int:
        return len(self.controls) + len(self._free)

    @property
    def integers(self) -> dict[int, int]:
        """Position and number of values of every discrete coordinate."""
        return {i: control.steps for i, control in enumerate(self.controls) if control.steps}

    def sample(self, rng: np.random.Generator, batch: int) -> NDArray[np.float32]:
        """Points drawn uniformly, `[batch, N]`."""
        return rng.random((batch, len(self)), dtype=np.float32)

    def neutral(self) -> NDArray[np.float32]:
        """The synth's neutral preset as a point `[N]`; NaN where a coordinate has no neutral value."""
        free = np.full(len(self) - len(self.controls), np.nan, np.float32)
        return np.concatenate([self.controls.defaults(), free])

    def decode(self, points: NDArray[np.floating]) -> NDArray[np.float32]:
        """Points moved into the space: clipped to [0, 1], discrete coordinates to the middle of their bin."""
        points = np.clip(points, 0, 1).astype(np.float32)
        points[:, : len(self.controls)] = self.controls.snap(points[:, : len(self.controls)])
        return points

    def notes(self, points: NDArray[np.float32]) -> Notes:
        """The notes that points `[batch, N]` stand for."""
        batch, column = len(points), len(self.controls)
        fixed: list[NDArray[np.float64]] = []
        free = iter(self._free)
        for given in (self.midi_note, self.gate_seconds):
            if isinstance(given, tuple):
                fixed.append(next(free).to_physical(points[:, column]))
                column += 1
            else:
                fixed.append(np.full(batch, given, dtype=np.float64))
        return Notes(points[:, : len(self.controls)], fixed[0], fixed[1])

    def point(
        self, params: NDArray[np.float32], midi_note: float, gate_seconds: float
    ) -> NDArray[np.float32]:
        """The point `[N]` nearest to a unit vector, note and gate."""
        values = {"midi_note": midi_note, "gate_seconds": gate_seconds}
        free = [
            control.to_unit(np.clip(values[control.name], control.low, control.high))
            for control in self._free
        ]
        return np.append(params, np.array(free, dtype=np.float32)).astype(np.float32)
