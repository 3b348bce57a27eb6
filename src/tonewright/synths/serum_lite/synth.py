"""Serum-lite: two morphing unison oscillators, noise, a resonant low-pass, two envelopes and an LFO."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray

from tonewright.errors import UsageError
from tonewright.synths.base import (
    RELEASED_SHARE,
    check_params,
    check_per_row,
    check_seconds,
)
from tonewright.synths.control import ControlSpace
from tonewright.synths.serum_lite.controls import CONTROLS
from tonewright.synths.serum_lite.kernel import new_scratch, new_state, render_ticks
from tonewright.synths.serum_lite.oscillator import TICK
from tonewright.synths.serum_lite.wavetables import wavetables


class SerumLite:
    """The house synthesizer, fast enough to be searched: see `tonewright synths serum-lite` for its controls.

    Signal path: (osc1 + osc2 + noise) → low-pass filter → amp envelope → volume → DC blocker.

    Args:
        sample_rate_hz: Rate of everything it renders, 4–384 kHz.

    Raises:
        UsageError: The rate is out of range.
    """

    name = "serum-lite"
    version = 1
    controls: ControlSpace = CONTROLS

    def __init__(self, sample_rate_hz: int = 44_100) -> None:
        if not 4_000 <= sample_rate_hz <= 384_000:
            raise UsageError(f"serum-lite renders at 4000 to 384000 Hz; got {sample_rate_hz}")
        self.sample_rate_hz = int(sample_rate_hz)

    def __repr__(self) -> str:
        return f"SerumLite(sample_rate_hz={self.sample_rate_hz})"

    def render(
        self,
        params: ArrayLike,
        midi_note: ArrayLike = 60.0,
        seconds: float = 1.0,
        gate_seconds: ArrayLike | None = None,
        seed: int = 0,
    ) -> NDArray[np.float32]:
        """Render a batch of presets; see `Synth.render`.

        Raises:
            UsageError: Shapes or values out of range.
        """
        frames = check_seconds(seconds, self.sample_rate_hz)
        gate = (1 - RELEASED_SHARE) * seconds if gate_seconds is None else gate_seconds
        return self.voice(params, midi_note, gate, seed).render(frames)

    def voice(
        self,
        params: ArrayLike,
        midi_note: ArrayLike = 60.0,
        gate_seconds: ArrayLike | None = None,
        seed: int = 0,
    ) -> SerumLiteVoice:
        """Start notes for block-by-block rendering; see `Synth.voice`.

        Raises:
            UsageError: Shapes or values out of range.
        """
        checked = check_params(params, self.controls)
        batch = len(checked)
        note = check_per_row(midi_note, batch, "midi_note", 0, 127)
        gate = np.inf if gate_seconds is None else gate_seconds
        gates = check_per_row(gate, batch, "gate_seconds", 0, np.inf)
        return SerumLiteVoice(self, self.controls.to_physical(checked), note, gates, seed)


class SerumLiteVoice:
    """A batch of sounding notes; made by `SerumLite.voice`."""

    def __init__(
        self,
        synth: SerumLite,
        physical: NDArray[np.float64],
        midi_note: NDArray[np.float64],
        gate_seconds: NDArray[np.float64],
        seed: int,
    ) -> None:
        self._synth, self._physical, self._midi_note, self._gate = synth, physical, midi_note, gate_seconds
        self._seed = np.uint32(np.random.SeedSequence(seed).generate_state(1)[0])
        self._state = new_state(len(physical))
        self._tick = 0
        self._ahead = np.empty((len(physical), 0), np.float32)

    def render(self, frames: int) -> NDArray[np.float32]:
        """The next samples, `[batch, frames]` float32."""
        ready = self._ahead.shape[1]
        ticks = max(0, -(-(frames - ready) // TICK))
        fresh = np.empty((len(self._physical), ticks * TICK), np.float32)
        if ticks:
            render_ticks(
                self._physical,
                self._midi_note,
                self._gate,
                self._seed,
                float(self._synth.sample_rate_hz),
                self._tick,
                self._state,
                wavetables(),
                new_scratch(min(numba.get_num_threads(), len(fresh))),
                fresh,
            )
            self._tick += ticks
        if ready:
            fresh = np.concatenate([self._ahead, fresh], axis=1)
        self._ahead = fresh[:, frames:].copy()
        return fresh[:, :frames]

    def release(self) -> None:
        """Let the keys go that are still held, at the next control step."""
        now = self._tick * TICK / self._synth.sample_rate_hz
        self._gate = np.minimum(self._gate, now)
