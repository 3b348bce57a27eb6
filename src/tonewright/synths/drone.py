"""Synths that sound for as long as they are played, sample by sample: what they share.

A synth of this kind is a `Drone` with controls and a voice; its voice is a `DroneVoice` whose `_render_rows`
runs a compiled loop of one sample after the other. Each sample begins with `glide`, then maps the unit values
it gives. Pitch is a matter of the controls, so that the note played makes no difference; the gate fades the
sound in and out.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tonewright.checks import check_whole
from tonewright.compiling import njit
from tonewright.synths.control import ControlSpace
from tonewright.synths.gliding import glide_share
from tonewright.synths.offline import render_notes
from tonewright.synths.validation import check_notes, check_turn
from tonewright.threads import available_threads, map_rows

FADE_S = 0.005
"""How long the gate fades in, and out."""
_WORTH_A_THREAD = 1 << 14  # samples of a batch


@njit(cache=True, nogil=True, error_model="numpy")
def gate_level(sample: int, gate: int, fade: int) -> float:
    """Level 0…1 that the gate gives a sample: it fades in from sample 0 and out from sample `gate`."""
    if sample <= gate:
        return _fade(sample / fade)
    return _fade(gate / fade) * _fade(1 - (sample - gate) / fade)


@njit(cache=True, nogil=True, error_model="numpy")
def _fade(x: float) -> float:
    """From 0 at x ≤ 0 to 1 at x ≥ 1 without a kink: 3x² − 2x³."""
    x = min(1.0, max(0.0, x))
    return x * x * (3 - 2 * x)


class Drone(ABC):
    """A synth that sounds for as long as it is played.

    Args:
        sample_rate_hz: Rate of everything it renders, 4–384 kHz.

    Raises:
        UsageError: The rate is out of range.
    """

    name: str
    version: int
    controls: ControlSpace
    plays_notes = False

    def __init__(self, sample_rate_hz: int = 44_100) -> None:
        self.sample_rate_hz = check_whole(sample_rate_hz, "sample_rate_hz", 4_000, 384_000)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(sample_rate_hz={self.sample_rate_hz})"

    def render(
        self,
        params: ArrayLike,
        midi_note: ArrayLike = 60.0,
        seconds: float = 1.0,
        gate_seconds: ArrayLike | None = None,
        seed: int = 0,
        hop: int | None = None,
    ) -> NDArray[np.float32]:
        """Render a batch; see `Synth.render`.

        Raises:
            UsageError: Shapes or values out of range.
        """
        return render_notes(self, params, midi_note, seconds, gate_seconds, seed, hop)

    def voice(
        self,
        params: ArrayLike,
        midi_note: ArrayLike = 60.0,
        gate_seconds: ArrayLike | None = None,
        seed: int = 0,
    ) -> DroneVoice:
        """Start notes for block-by-block rendering; see `Synth.voice`.

        Raises:
            UsageError: Shapes or values out of range.
        """
        notes = check_notes(params, self.controls, midi_note, gate_seconds, seed)
        return self._voice(notes.params, notes.gate_seconds, notes.seed)

    @abstractmethod
    def _voice(self, params: NDArray[np.float32], gate_seconds: NDArray[np.float64], seed: int) -> DroneVoice:
        """The voice of checked arguments."""


class DroneVoice(ABC):
    """A batch of sounding notes.

    Args:
        synth: What is played.
        params: `[batch, D]`, checked.
        gate_seconds: `[batch]`, checked.

    Attributes:
        target: `[batch, D]` unit values where the controls go.
        now: `[batch, 2, D]` for `glide`.
        gates: `[batch]` sample at which the key is let go.
        share: For `glide`.
        fade: Samples that the gate fades for.
    """

    def __init__(self, synth: Drone, params: NDArray[np.float32], gate_seconds: NDArray[np.float64]) -> None:
        self.controls = synth.controls
        self.sample_rate_hz = float(synth.sample_rate_hz)
        self.target = params.astype(np.float64)
        self.now = np.repeat(self.target[:, None], 2, axis=1)
        frames = np.minimum(np.rint(gate_seconds * self.sample_rate_hz), 2.0**62)
        self.gates = frames.astype(np.int64)
        self.share = glide_share(self.sample_rate_hz)
        self.fade = max(1, round(FADE_S * self.sample_rate_hz))
        self._ready = 0

    def render(self, frames: int) -> NDArray[np.float32]:
        """The next samples, `[batch, frames]` float32.

        Raises:
            UsageError: Not a whole number of frames from 0.
        """
        check_whole(frames, "frames", 0)
        out = np.empty((len(self.target), frames), np.float32)
        workers = available_threads() if out.size > _WORTH_A_THREAD else 1
        begin = self._ready

        def render(first: int, last: int, worker: int) -> None:
            self._render_rows(begin, first, last, out)

        map_rows(render, len(out), workers)
        self._ready += frames
        return out

    def turn(self, params: ArrayLike) -> None:
        """Turn the controls, from the next sample on; see `Voice.turn`.

        Raises:
            UsageError: Shapes or values out of range.
        """
        self.target = check_turn(params, self.controls, len(self.target)).astype(np.float64)

    def release(self) -> None:
        """Let the keys go that are still held, now."""
        self.gates = np.minimum(self.gates, self._ready)

    @abstractmethod
    def _render_rows(self, begin: int, first: int, last: int, out: NDArray[np.float32]) -> None:
        """Write the samples from `begin` on of rows `first` to `last`; rows are rendered side by side."""
