"""Serum-lite: two morphing unison oscillators, noise, a resonant low-pass, two envelopes and an LFO."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tonewright.checks import check_whole
from tonewright.synths.control import ControlSpace
from tonewright.synths.gliding import glide_share
from tonewright.synths.offline import render_notes
from tonewright.synths.preset import Preset
from tonewright.synths.reach import Reach
from tonewright.synths.serum_lite.controls import CONTROLS
from tonewright.synths.serum_lite.kernel import new_scratch, new_state, render_rows
from tonewright.synths.serum_lite.oscillator import TICK
from tonewright.synths.serum_lite.panel import new_panel, turn_panel
from tonewright.synths.serum_lite.wavetables import wavetables
from tonewright.synths.serum_lite.words import SERUM_LITE
from tonewright.synths.validation import check_notes, check_turn
from tonewright.synths.words import Words
from tonewright.threads import available_threads, map_rows

_WORTH_A_THREAD = 1 << 16
"""Samples of a batch, a millisecond's work, from which on threads share it."""


class SerumLite:
    """The house synthesizer, fast enough to be searched: see `tonewright synths serum-lite` for its controls.

    Signal path: (osc1 + osc2 + noise) → low-pass filter → amp envelope → volume → DC blocker. Phases,
    envelopes and LFO begin with the note. Sources and resonance add up, beyond full scale if they are many.

    Args:
        sample_rate_hz: Rate of everything it renders, 4–384 kHz.

    Raises:
        UsageError: The rate is out of range.
    """

    name = "serum-lite"
    version = 1
    controls: ControlSpace = CONTROLS
    stages: ClassVar[dict[str, tuple[str, ...]]] = {
        "oscillators": ("osc1", "osc2", "oscs", "noise", "master"),
        "filter": ("filter",),
        "envelopes": ("amp envelope", "mod envelope"),
        "lfo": ("lfo",),
    }
    """What a curriculum exposes, one after the other."""
    words: Words = SERUM_LITE
    reach: Reach = Reach(pitches=2, falls=False, reverberates=False)
    """Two oscillators, and an LFO that begins upwards."""

    def __init__(self, sample_rate_hz: int = 44_100) -> None:
        self.sample_rate_hz = check_whole(sample_rate_hz, "sample_rate_hz", 4_000, 384_000)

    def __repr__(self) -> str:
        return f"SerumLite(sample_rate_hz={self.sample_rate_hz})"

    def factory_presets(self) -> tuple[Preset, ...]:
        """The 64 named presets that come with the synth."""
        from tonewright.synths.serum_lite.factory import factory_presets

        return factory_presets()

    def render(
        self,
        params: ArrayLike,
        midi_note: ArrayLike = 60.0,
        seconds: float = 1.0,
        gate_seconds: ArrayLike | None = None,
        seed: int = 0,
        hop: int | None = None,
    ) -> NDArray[np.float32]:
        """Render a batch of presets; see `Synth.render`.

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
    ) -> SerumLiteVoice:
        """Start notes for block-by-block rendering; see `Synth.voice`.

        Raises:
            UsageError: Shapes or values out of range.
        """
        return SerumLiteVoice(self, *check_notes(params, self.controls, midi_note, gate_seconds, seed))


class SerumLiteVoice:
    """A batch of sounding notes; made by `SerumLite.voice`."""

    def __init__(
        self,
        synth: SerumLite,
        params: NDArray[np.float32],
        midi_note: NDArray[np.float64],
        gate_seconds: NDArray[np.float64],
        seed: int,
    ) -> None:
        batch = len(params)
        self._sample_rate_hz = float(synth.sample_rate_hz)
        self._glide_share = glide_share(self._sample_rate_hz / TICK)
        self._panel, self._midi_note, self._gate = new_panel(params), midi_note, gate_seconds
        self._seed = np.uint32(np.random.SeedSequence(seed).generate_state(1)[0])
        self._state = new_state(batch)
        self._scratch = new_scratch(min(available_threads(), max(1, batch)))
        self._tick = 0
        self._ahead = np.empty((batch, 0), np.float32)

    def render(self, frames: int) -> NDArray[np.float32]:
        """The next samples, `[batch, frames]` float32.

        Raises:
            UsageError: Not a whole number of frames from 0.
        """
        check_whole(frames, "frames", 0)
        ready = self._ahead
        ticks = max(0, -(-(frames - ready.shape[1]) // TICK))
        fresh = np.empty((len(ready), ticks * TICK), np.float32)
        if ticks:
            self._render_ticks(fresh)
        if ready.shape[1]:
            fresh = np.concatenate([ready, fresh], axis=1)
        self._ahead = fresh[:, frames:].copy()
        return np.ascontiguousarray(fresh[:, :frames])

    def turn(self, params: ArrayLike) -> None:
        """Turn the controls, from the next control step on; see `Voice.turn`.

        Raises:
            UsageError: Shapes or values out of range.
        """
        checked = check_turn(params, CONTROLS, len(self._panel))
        turn_panel(self._panel, checked, self._gate, self._tick * TICK / self._sample_rate_hz)

    def release(self) -> None:
        """Let the keys go that are still held, at the next control step."""
        self._gate = np.minimum(self._gate, self._tick * TICK / self._sample_rate_hz)

    def _render_ticks(self, out: NDArray[np.float32]) -> None:
        tables = wavetables()

        def render(first: int, last: int, worker: int) -> None:
            render_rows(
                self._panel, self._glide_share, self._midi_note, self._gate, self._seed, self._sample_rate_hz,
                self._tick, self._state, tables, self._scratch, worker, first, last, out,
            )  # fmt: skip

        workers = min(available_threads(), len(self._scratch.tables)) if out.size > _WORTH_A_THREAD else 1
        map_rows(render, len(out), workers)
        self._tick += out.shape[1] // TICK
