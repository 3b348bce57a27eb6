"""Suites of held-out targets that matches are measured on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tonewright.audio.folders import read_sounds
from tonewright.audio.levels import rms_dbfs
from tonewright.errors import UnknownNameError, UsageError
from tonewright.matching.episodes import AUDIBLE_DBFS, factory_presets, render_presets
from tonewright.matching.preparing import Target, prepare
from tonewright.matching.recording import read_recording
from tonewright.synths import synth as make_synth
from tonewright.synths.base import Synth

SUITES = ("random", "factory", "real")
_RATE_HZ = 16_000
_SECONDS = 1.0
_GATE_SECONDS = 0.75
_NOTE = 60.0
_RANDOM_TARGETS = 256
_RANDOM_SEED = 20_260_101


@dataclass(frozen=True, eq=False)
class Case:
    """One target of a suite.

    Attributes:
        name: Identifies it within its suite.
        audio: `[frames]` float32.
        sample_rate_hz: Its rate.
        midi_note: Known note, or the range that is searched.
        gate_seconds: Known gate, or the range that is searched.
        true_params: The preset it was rendered from `[D]`, if any.
        file_sha256: SHA-256 of the file it was read from, if any.
    """

    name: str
    audio: NDArray[np.float32]
    sample_rate_hz: int
    midi_note: float | tuple[float, float]
    gate_seconds: float | tuple[float, float]
    true_params: NDArray[np.float32] | None = None
    file_sha256: str | None = None


def suite(name: str, *, sounds: Path, synth: str = "serum-lite", partial: bool = False) -> list[Case]:
    """The targets of a suite.

    Args:
        name: `random`: 256 audible random presets of the synth, middle C, 1 s at 16 kHz. `factory`: its
            factory presets at their own notes, 1 s at 16 kHz. `real`: recordings. Any other name is a folder
            of sounds.
        sounds: Folder with the recordings of `real`.
        synth: Synth that renders the targets.
        partial: Take what is there of recordings that are cut short or damaged.

    Raises:
        UsageError: The folder holds no sound, or the synth has no factory presets.
        AudioError: No sound of the folder can be used.
        UnknownNameError: Neither a suite nor a folder, or no such synth.
    """
    if name == "random":
        return random_suite(make_synth(synth, _RATE_HZ))
    if name == "factory":
        return factory_suite(make_synth(synth, _RATE_HZ))
    folder = sounds if name == "real" else Path(name)
    if not name or not folder.is_dir():
        if name == "real":
            raise UsageError(f"the suite 'real' needs a folder of sounds at {folder}; name one with --sounds")
        raise UnknownNameError("suite or folder", name, SUITES)
    return recorded_suite(folder, partial=partial)


def random_suite(synth: Synth, count: int = _RANDOM_TARGETS) -> list[Case]:
    """Audible presets drawn uniformly with a fixed seed."""
    rng = np.random.default_rng(_RANDOM_SEED)
    cases: list[Case] = []
    while len(cases) < count:
        params = synth.controls.sample(rng, 64)
        audio = synth.render(params, _NOTE, _SECONDS, _GATE_SECONDS)
        for row in np.nonzero(rms_dbfs(audio) > AUDIBLE_DBFS)[0]:
            name = f"random-{len(cases):03}"
            cases.append(Case(name, audio[row], synth.sample_rate_hz, _NOTE, _GATE_SECONDS, params[row]))
    return cases[:count]


def factory_suite(synth: Synth) -> list[Case]:
    """The factory bank, each preset at its own note, the key held for at most 0.75 s."""
    presets = factory_presets(synth)
    rate = synth.sample_rate_hz
    rows = zip(presets, *render_presets(synth, round(_SECONDS * rate), presets), strict=True)
    return [
        Case(preset.name, audio, rate, float(note), float(gate), params)
        for preset, audio, note, gate, params, _ in rows
    ]


def recorded_suite(folder: Path, *, partial: bool = False) -> list[Case]:
    """Every sound file of a folder, prepared as `match` does, in the order of their names.

    Files that cannot be used are skipped, with a warning.

    Raises:
        UsageError: It holds no sound.
        AudioError: None of its sounds can be used.
    """

    def read(path: Path) -> tuple[Target, str]:
        recording = read_recording(path, partial=partial)
        return prepare(recording.clip), recording.sha256

    found = read_sounds(folder, read)
    stems = [path.stem for path, _ in found]
    cases = []
    for path, (target, digest) in found:
        name = path.stem if stems.count(path.stem) == 1 else path.name
        rate, note, gate = target.sample_rate_hz, target.midi_note, target.gate_seconds
        cases.append(Case(name, target.audio, rate, note, gate, file_sha256=digest))
    return cases
