"""Rendering a preset note by note, for a sampler."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tonewright import wording
from tonewright.audio.clip import Clip
from tonewright.audio.levels import true_peak_dbtp
from tonewright.audio.notes import note_name
from tonewright.audio.sampling import sample_bytes
from tonewright.checks import check_number, check_whole
from tonewright.errors import UsageError
from tonewright.files import replacing, replacing_folder, write_bytes
from tonewright.synths.base import Synth, check_plays_notes
from tonewright.synths.instrument.loops import Loop, find_loop, with_loop
from tonewright.synths.instrument.sfz import Region, samples_folder, sfz_text
from tonewright.synths.instrument.zones import Zone
from tonewright.synths.preset import Preset
from tonewright.synths.registry import synth as make_synth

HELD_SECONDS = 5.0
"""How much of a held note is rendered, if it is not said."""
_LONGEST_SECONDS = 60.0
_PEAK_DBTP = -1.0
_SILENCE = 10 ** (-90 / 20)
_FADE_S = 0.05
_NOTES_AT_ONCE = 8
_BLOCK_S = 3.0  # longer than any attack: a sound that is silent for so long has died away
_RELEASE_WINDOW_S, _RELEASE_STEP_S, _RELEASE_DB = 0.01, 0.001, 20.0
_GONE = 10 ** (-40 / 20)
# A sampler's release is exponential: sfizz and those alike come down by e⁻⁹ in the time it is given.
_RELEASE_CONSTANTS = 9.0
_OURS = re.compile(r"note-\d{3}(-\d+)?\.wav")


@dataclass(frozen=True, eq=False)
class Instrument:
    """A preset as samples.

    Attributes:
        preset: What was rendered.
        sample_rate_hz: Rate of all samples.
        zones: The keys of each sample.
        samples: For each zone one sound or, in turn, several: `[frames]` float32.
        loops: For each sample its loop, where it has one; all have one or none has.
        one_shot: A sample is played to its end, whatever the key does.
        release_s: How long a sampler fades once the key is let go, as SFZ's `ampeg_release` has it.
        gain_db: What all samples were turned down by, so that none clips.
        cut: The key can be held for longer than some sample lasts.
    """

    preset: Preset
    sample_rate_hz: int
    zones: Sequence[Zone]
    samples: Sequence[Sequence[NDArray[np.float32]]]
    loops: Sequence[Sequence[Loop | None]]
    one_shot: bool
    release_s: float
    gain_db: float
    cut: bool

    @property
    def looped(self) -> bool:
        """A note sounds for as long as its key is held."""
        return self.loops[0][0] is not None

    @property
    def held(self) -> str:
        """What becomes of a note whose key is held, in a sentence."""
        if self.one_shot:
            return "Every note is played to its end, whatever the key does."
        if self.looped:
            return "A note sounds for as long as its key is held."
        if self.cut:
            return "A note ends with its sample, however long its key is held."
        return "A note dies away while its key is held."

    def summary(self) -> dict[str, Any]:
        """Everything but the sounds, as plain values for JSON."""
        return {
            "synth": self.preset.synth,
            "notes": [zone.key for zone in self.zones],
            "low_key": self.zones[0].low_key,
            "high_key": self.zones[-1].high_key,
            "round_robin": len(self.samples[0]),
            "sample_rate_hz": self.sample_rate_hz,
            "seconds": sum(len(sound) for sounds in self.samples for sound in sounds) / self.sample_rate_hz,
            "one_shot": self.one_shot,
            "looped": self.looped,
            "cut": self.cut,
            "release_s": self.release_s,
            "gain_db": self.gain_db,
        }

    def describe(self) -> str:
        """The outcome in a line of text."""
        count = len(self.zones) * len(self.samples[0])
        keys = f"{note_name(self.zones[0].low_key)} to {note_name(self.zones[-1].high_key)}"
        turned = f", turned {wording.turn(self.gain_db)} not to clip" if self.gain_db < -0.05 else ""
        return f"{count} {'sample' if count == 1 else 'samples'}, {keys}{turned}. {self.held}"

    def save(self, path: str | PathLike[str], *, overwrite: bool = False) -> None:
        """Write the SFZ file, and its samples as 24-bit WAV into a folder beside it, all or nothing.

        Args:
            path: Where to; ends in ".sfz".
            overwrite: Whether the file and the samples of an earlier instrument may be replaced.

        Raises:
            UsageError: The ending is another.
            OutputError: The file exists, its folder holds something, or they cannot be written.
        """
        path = Path(path)
        if path.suffix.lower() != ".sfz":
            raise UsageError(f"an instrument is written as SFZ; end the name in .sfz; got {str(path)!r}")
        folder = path.with_name(samples_folder(path))
        regions = []
        with replacing(path, overwrite=overwrite) as temporary:
            with replacing_folder(folder, overwrite=overwrite) as stage:
                for zone, sounds, loops in zip(self.zones, self.samples, self.loops, strict=True):
                    for turn, (sound, loop) in enumerate(zip(sounds, loops, strict=True), 1):
                        name = f"note-{zone.key:03}{f'-{turn}' if len(sounds) > 1 else ''}.wav"
                        clip = Clip(sound, self.sample_rate_hz)
                        write_bytes(stage / name, sample_bytes(clip, zone.key, loop))
                        regions.append(Region(zone, name, turn, loop))
            text = sfz_text(self, regions, folder.name)
            temporary.write_text(text, encoding="utf-8", newline="\n")
        written = {region.file for region in regions}
        for file in folder.iterdir():  # of an instrument with other notes
            if _OURS.fullmatch(file.name) and file.name not in written:
                file.unlink()


def render_instrument(
    preset: Preset,
    zones: Sequence[Zone],
    *,
    sample_rate_hz: int = 44_100,
    seconds: float | None = None,
    gate_seconds: float | None = None,
    round_robin: int = 1,
    seed: int = 0,
    progress: Callable[[int], None] = lambda samples: None,
) -> Instrument:
    """Render a preset note by note.

    Without a gate the key is held throughout, and a sampler fades the sound when the key is let go. Where
    every sample has settled enough, each gets a loop, so that a key can be held for ever; otherwise a sample
    ends after `seconds`. With a gate each sample holds a note of that length with its release, and is
    played to its end.

    Args:
        preset: The preset; its own note and gate do not matter.
        zones: From `zones`: the notes to render.
        sample_rate_hz: Rate to render at.
        seconds: How much of a note is rendered at most: five seconds; with a gate until it has died away.
        gate_seconds: When the key is let go within each sample.
        round_robin: Samples of each note, with different noise, that are played in turn.
        seed: Seed of the noise of the first; those after it have the seeds that follow.
        progress: Called with the number of samples rendered since.

    Raises:
        UsageError: A value is out of range, the synth plays no notes, the preset is silent, or several
            samples are asked for of a preset that sounds the same every time.
        PresetError: The preset does not fit its synth.
    """
    check_whole(round_robin, "round_robin", 1, 100)
    held = gate_seconds is None
    if not held:
        check_number(gate_seconds, "gate_seconds", 0, _LONGEST_SECONDS, above=True)
    if seconds is None:
        seconds = HELD_SECONDS if held else _LONGEST_SECONDS
    frames = round(check_number(seconds, "seconds", 0.05, _LONGEST_SECONDS) * sample_rate_hz)
    synth = make_synth(preset.synth, sample_rate_hz)
    check_plays_notes(synth, "an instrument", "render a sound file")
    params = preset.params(synth)
    turns = [
        _render_notes(synth, params, zones, frames, gate_seconds, seed + turn, progress)
        for turn in range(round_robin)
    ]
    if round_robin > 1 and all(np.array_equal(a, b) for a, b in zip(*turns[:2], strict=True)):
        raise UsageError(
            "samples in turn are for presets with noise, and this one sounds the same every time; got round "
            f"robin {round_robin}; leave it out"
        )
    whole = [list(sounds) for sounds in zip(*turns, strict=True)]  # by zone
    if max(float(np.abs(sound).max()) for sounds in whole for sound in sounds) < _SILENCE:
        raise UsageError(f"the preset is silent on each of {len(whole)} notes; choose another one, or others")
    loops = _loops(whole, sample_rate_hz) if held else _no_loops(whole)
    samples: list[list[NDArray[np.float32]]] = []
    cut = False
    for sounds, theirs in zip(whole, loops, strict=True):
        made = [
            _ended(sound, sample_rate_hz) if loop is None else (with_loop(sound, loop, sample_rate_hz), False)
            for sound, loop in zip(sounds, theirs, strict=True)
        ]
        cut = cut or any(was_cut for _, was_cut in made)
        samples.append([sound for sound, _ in made])
    peak_dbtp = max(float(true_peak_dbtp(sound[None])[0]) for sounds in samples for sound in sounds)
    gain_db = min(0.0, _PEAK_DBTP - peak_dbtp)
    gain = np.float32(10 ** (gain_db / 20))
    return Instrument(
        preset,
        sample_rate_hz,
        tuple(zones),
        [[sound * gain for sound in sounds] for sounds in samples],
        loops,
        one_shot=not held,
        release_s=_release_s(synth, params, zones, whole, seed) if held else 0.0,
        gain_db=gain_db,
        cut=cut,
    )


def _render_notes(
    synth: Synth,
    params: NDArray[np.float32],
    zones: Sequence[Zone],
    frames: int,
    gate_seconds: float | None,
    seed: int,
    progress: Callable[[int], None],
) -> list[NDArray[np.float32]]:
    """The note of each zone, `[frames]`."""
    sounds: list[NDArray[np.float32]] = []
    block = round(max(_BLOCK_S, gate_seconds or 0.0) * synth.sample_rate_hz)
    for first in range(0, len(zones), _NOTES_AT_ONCE):
        notes = [zone.key for zone in zones[first : first + _NOTES_AT_ONCE]]
        voice = synth.voice(np.tile(params, (len(notes), 1)), notes, gate_seconds, seed)
        blocks: list[NDArray[np.float32]] = []
        left = frames
        while left and not (blocks and np.abs(blocks[-1]).max() < _SILENCE):  # as long as it sounds
            blocks.append(voice.render(min(left, block)))
            left -= blocks[-1].shape[1]
        sounds += list(np.concatenate(blocks, axis=1))
        progress(len(notes))
    return sounds


def _loops(whole: Sequence[Sequence[NDArray[np.float32]]], sample_rate_hz: int) -> list[list[Loop | None]]:
    """A loop for each sample, or none for any: keys that hold and keys that do not make no instrument."""
    found = [[find_loop(sound, sample_rate_hz) for sound in sounds] for sounds in whole]
    if all(loop is not None for loops in found for loop in loops):
        return found
    return _no_loops(whole)


def _no_loops(whole: Sequence[Sequence[NDArray[np.float32]]]) -> list[list[Loop | None]]:
    return [[None] * len(sounds) for sounds in whole]


def _ended(sound: NDArray[np.float32], sample_rate_hz: int) -> tuple[NDArray[np.float32], bool]:
    """The sound up to where it has died away, or else faded at its end, and whether it was cut short."""
    audible = np.nonzero(np.abs(sound) > _SILENCE)[0]
    end = min(len(sound), int(audible[-1]) + 1 if len(audible) else 1)
    fade = min(round(_FADE_S * sample_rate_hz), len(sound) // 2)
    if end <= len(sound) - fade:
        return sound[:end], False
    faded = sound.copy()
    faded[-fade:] *= (0.5 + 0.5 * np.cos(np.linspace(0, np.pi, fade))).astype(np.float32)
    return faded, True


def _release_s(
    synth: Synth,
    params: NDArray[np.float32],
    zones: Sequence[Zone],
    held: Sequence[Sequence[NDArray[np.float32]]],
    seed: int,
) -> float:
    """Time that a sampler needs for the same release: it turns down the held note as the synth has it."""
    middle = len(zones) // 2
    rate, note = synth.sample_rate_hz, held[middle][0]
    levels = _levels(note, rate)
    # Let go in the middle, or where it is loudest if it is gone by then.
    gate = len(levels) // 2
    if levels[gate] < levels.max() * _GONE:
        gate = int(levels.argmax())
    voice = synth.voice(params[None], [zones[middle].key], gate * _RELEASE_STEP_S, seed)
    released = _levels(voice.render(len(note))[0], rate)
    fallen = np.nonzero(released[gate:] < levels[gate:] * 10 ** (-_RELEASE_DB / 20))[0]
    steps = int(fallen[0]) if len(fallen) else len(levels) - gate
    return float(_RELEASE_CONSTANTS * steps * _RELEASE_STEP_S * 20 / np.log(10) / _RELEASE_DB)


def _levels(sound: NDArray[np.float32], sample_rate_hz: int) -> NDArray[np.float64]:
    """RMS around each step."""
    times = np.arange(int(len(sound) / sample_rate_hz / _RELEASE_STEP_S) + 1) * _RELEASE_STEP_S
    middle, half = np.round(times * sample_rate_hz).astype(int), round(_RELEASE_WINDOW_S * sample_rate_hz / 2)
    energy = np.append(0.0, np.cumsum(np.square(sound, dtype=np.float64)))
    first, last = np.maximum(middle - half, 0), np.minimum(middle + half, len(sound))
    return np.asarray(np.sqrt((energy[last] - energy[first]).clip(0) / (last - first)))
