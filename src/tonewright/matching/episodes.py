"""Where the targets of episodes come from: random presets, factory presets, or a folder of recordings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tonewright.audio import Clip, resample
from tonewright.audio.fading import fade_out_at
from tonewright.audio.folders import read_sounds
from tonewright.audio.levels import rms_dbfs
from tonewright.errors import UsageError
from tonewright.matching.agent.curriculum import Stage
from tonewright.matching.episode_config import GATES_SECONDS, NOTES
from tonewright.matching.preparing import prepare
from tonewright.matching.recording import read_recording
from tonewright.synths import Preset
from tonewright.synths.base import Synth
from tonewright.synths.offline import RELEASED_SHARE

SOURCES = ("random", "factory")
"""Targets that are rendered from presets; any other name is a folder of recordings."""
AUDIBLE_DBFS = -34.0
"""Random presets below this level are drawn again."""
_MOST_TRIES = 200
_HELD_OUT_EVERY = 5


class Drawn(NamedTuple):
    """Targets of some episodes.

    Attributes:
        audio: `[n, frames]`.
        midi_note: `[n]`.
        gate_seconds: `[n]`.
        params: `[n, D]` the presets they were rendered from; NaN where that is not known.
        seconds: `[n]` their durations; what is shorter than `audio` is followed by silence.
    """

    audio: NDArray[np.float32]
    midi_note: NDArray[np.float64]
    gate_seconds: NDArray[np.float64]
    params: NDArray[np.float32]
    seconds: NDArray[np.float64]

    def take(self, rows: ArrayLike) -> Drawn:
        """Some of them, copied."""
        where = np.asarray(rows, np.intp)
        return Drawn(
            self.audio[where],
            self.midi_note[where],
            self.gate_seconds[where],
            self.params[where],
            self.seconds[where],
        )


class Targets(Protocol):
    """Draws targets; each episode from its own generator, so that rows of a batch do not touch each other."""

    def draw(self, rngs: Sequence[np.random.Generator]) -> Drawn:
        """One target for each generator."""
        ...


class RandomPresets:
    """Audible random presets that differ from the neutral one in the exposed controls alone.

    Args:
        synth: Renders them.
        frames: Length of a target.
        stage: Which controls are exposed.
        notes: Range of the MIDI note; whole notes are drawn.
        gates_seconds: Range of the gate, drawn on a log scale and never beyond the end of the sound.
        durations_s: Range of the duration, drawn on a log scale; what is longer than `frames` is cut there.
            By default every target fills its frames.
    """

    def __init__(
        self,
        synth: Synth,
        frames: int,
        stage: Stage,
        notes: tuple[float, float] = NOTES,
        gates_seconds: tuple[float, float] = GATES_SECONDS,
        durations_s: tuple[float, float] | None = None,
    ) -> None:
        self._synth, self._frames = synth, frames
        self._exposed = stage.exposed(synth)
        self._notes, self._gates = notes, gates_seconds
        self._durations = durations_s

    def draw(self, rngs: Sequence[np.random.Generator]) -> Drawn:
        """One audible preset for each generator.

        Raises:
            UsageError: The synth stays silent whatever is drawn.
        """
        count, controls = len(rngs), self._synth.controls
        drawn = Drawn(
            np.empty((count, self._frames), np.float32),
            np.empty(count),
            np.empty(count),
            np.empty((count, len(controls)), np.float32),
            np.full(count, self._frames / self._synth.sample_rate_hz),
        )
        seconds = self._frames / self._synth.sample_rate_hz
        silent = np.arange(count)
        for _ in range(_MOST_TRIES):
            for row in silent.tolist():
                rng = rngs[row]
                anything = rng.random(len(controls), dtype=np.float32)
                drawn.params[row] = np.where(self._exposed, anything, controls.defaults())
                drawn.midi_note[row] = np.rint(rng.uniform(*self._notes))
                if self._durations:
                    drawn.seconds[row] = min(seconds, np.exp(rng.uniform(*np.log(self._durations))))
                log_gates = np.log(np.minimum(self._gates, drawn.seconds[row]))
                drawn.gate_seconds[row] = np.exp(rng.uniform(*log_gates))
            drawn.params[silent] = controls.snap(drawn.params[silent])
            audio = self._synth.render(
                drawn.params[silent], drawn.midi_note[silent], seconds, drawn.gate_seconds[silent]
            )
            audio = fade_out_at(audio[:, : self._frames], drawn.seconds[silent], self._synth.sample_rate_hz)
            drawn.audio[silent] = audio
            silent = silent[rms_dbfs(audio) <= AUDIBLE_DBFS]
            if not len(silent):
                return drawn
        raise UsageError(
            f"{self._synth.name} stayed below {AUDIBLE_DBFS:g} dBFS in {_MOST_TRIES} random presets;"
            " its exposed controls or its neutral preset make no sound"
        )


class Bank:
    """Targets that are all known; each episode draws one of them.

    Args:
        targets: At least one.
    """

    def __init__(self, targets: Drawn) -> None:
        self.targets = targets

    def draw(self, rngs: Sequence[np.random.Generator]) -> Drawn:
        """One target for each generator."""
        return self.targets.take([int(rng.integers(len(self.targets.audio))) for rng in rngs])

    def part(self, *, held_out: bool) -> Bank:
        """Every fifth target, or all the others; all of them where there are fewer than five."""
        rows = np.arange(len(self.targets.audio))
        if len(rows) < _HELD_OUT_EVERY:
            return self
        return Bank(self.targets.take(rows[(rows % _HELD_OUT_EVERY == _HELD_OUT_EVERY - 1) == held_out]))


def recordings(synth: Synth, frames: int, folder: Path) -> Drawn:
    """Recordings prepared as `match` does, resampled to the synth's rate, cut or padded to one length.

    The note is the one estimated (middle C without a pitch); the key is held to the end. Files that cannot be
    used are skipped, with a warning.

    Args:
        synth: Names rate and number of controls.
        frames: Length of a target.
        folder: Holds the sounds.

    Raises:
        UsageError: The folder holds no sound.
        AudioError: None of its sounds can be used.
    """
    sounds, notes, durations = [], [], []
    for _, target in read_sounds(folder, lambda path: prepare(read_recording(path).clip)):
        clip = resample(Clip(target.audio[None], target.sample_rate_hz), synth.sample_rate_hz)
        sound = clip.samples[0, :frames]
        sounds.append(np.pad(sound, (0, frames - len(sound))))
        notes.append(target.info.get("note_estimate", 60.0))
        durations.append(len(sound) / synth.sample_rate_hz)
    seconds = frames / synth.sample_rate_hz
    return Drawn(
        np.stack(sounds),
        np.array(notes),
        np.full(len(sounds), seconds),
        np.full((len(sounds), len(synth.controls)), np.nan, np.float32),
        np.array(durations),
    )


def render_presets(synth: Synth, frames: int, presets: Sequence[Preset]) -> Drawn:
    """Every preset at its own note (or middle C), the key held for at most three quarters of the sound."""
    seconds = frames / synth.sample_rate_hz
    held = (1.0 - RELEASED_SHARE) * seconds
    params = np.stack([preset.params(synth) for preset in presets])
    notes = np.array([60.0 if preset.midi_note is None else preset.midi_note for preset in presets])
    gates = np.array([min(preset.gate_seconds or held, held) for preset in presets], dtype=float)
    audio = synth.render(params, notes, seconds, gates)[:, :frames]
    return Drawn(np.ascontiguousarray(audio), notes, gates, params, np.full(len(presets), seconds))


def make_targets(
    source: str | Targets,
    synth: Synth,
    frames: int,
    stage: Stage,
    notes: tuple[float, float] = NOTES,
    gates_seconds: tuple[float, float] = GATES_SECONDS,
    durations_s: tuple[float, float] | None = None,
) -> Targets:
    """Targets by name: `random`, `factory`, or a folder of sounds; a source of one's own is given back.

    Raises:
        UsageError: Neither a name nor a folder, a folder without sounds, or a synth without factory presets.
        AudioError: No sound of the folder can be used.
    """
    if not isinstance(source, str):
        return source
    if source == "random":
        return RandomPresets(synth, frames, stage, notes, gates_seconds, durations_s)
    if source == "factory":
        return Bank(render_presets(synth, frames, factory_presets(synth)))
    if not source or not Path(source).is_dir():
        raise UsageError(f"targets are random, factory or a folder of sounds; got {source!r}")
    return Bank(recordings(synth, frames, Path(source)))


def factory_presets(synth: Synth) -> Sequence[Preset]:
    """The presets that come with a synth.

    Raises:
        UsageError: None do.
    """
    bank: Callable[[], Sequence[Preset]] = getattr(synth, "factory_presets", tuple)
    presets = bank()
    if not presets:
        raise UsageError(f"{synth.name} has no factory presets; use random targets or a folder of sounds")
    return presets
