"""Preparing the sound to be matched: read, mono, trimmed, at a level the synth can reach, with its note."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tonewright.audio import Clip, clip_lufs, info, is_silent, read_blocks, resample, sounding_bounds
from tonewright.errors import AudioError

MAX_SECONDS = 4.0
"""A longer sound is matched by its first seconds."""
MAX_RATE_HZ = 44_100
_MIN_RATE_HZ = 8_000
_MIN_SECONDS = 0.02
_REACH_DBFS = (-36.0, -6.0)
_COMFORTABLE_DBFS = -18.0
_NOTE_CONFIDENCE = 0.4
_FINE_TUNE_SEMITONES = 0.2  # more, and a slow LFO with a mistuned note is a way out of the right patch
_NOTE_RANGE = (24.0, 96.0)
_SHORTEST_GATE_SECONDS = 0.02
_BLOCK_SECONDS = 30.0


@dataclass(frozen=True, eq=False)
class Recording:
    """The beginning of what sounds in a file.

    Attributes:
        clip: At most a minute of it.
        name: Name of the file without its folder.
        start_s: Where the clip begins in the file.
        seconds: Duration of the whole file.
    """

    clip: Clip
    name: str
    start_s: float
    seconds: float

    def info(self, target_info: Mapping[str, Any]) -> dict[str, Any]:
        """Facts on a target that was prepared from the clip, told about the file."""
        start_s = self.start_s + target_info["trimmed_start_s"]
        return {"path": self.name} | {**target_info, "seconds": self.seconds, "trimmed_start_s": start_s}


def read_recording(path: str | os.PathLike[str], *, partial: bool = False) -> Recording:
    """Read a minute of a sound file from the first half minute that sounds, or all of a shorter one.

    A file may be hours long: what comes before is read block by block, and what comes after not at all.

    Args:
        path: The file.
        partial: Take what is there of a file that is cut short or damaged, instead of refusing it.

    Raises:
        AudioError: The file cannot be read, or what is read of it is damaged or not finite.
    """
    name = os.fsencode(PurePath(path).name).decode(errors="replace")
    blocks = read_blocks(path, block_seconds=_BLOCK_SECONDS, partial=partial)
    clip = next(blocks, None)
    if clip is None:
        raise AudioError(f"{name!r} holds no sound; record or export it again")
    start_s = 0.0
    for block in blocks:
        if not is_silent(clip):
            both = np.concatenate([clip.samples, block.samples], axis=1)
            clip = Clip(both, clip.sample_rate_hz)
            break
        start_s += clip.seconds
        clip = block
    return Recording(clip, name, start_s, info(path, partial=partial).seconds)


@dataclass(frozen=True, eq=False)
class Target:
    """A sound prepared for the search.

    Attributes:
        audio: `[frames]` float32.
        sample_rate_hz: Its rate: that of the recording, at most 44.1 kHz.
        midi_note: The note, or the range it is to be searched in.
        gate_seconds: When the key is let go, or the range that is searched.
        info: What was done and found, for the report.
    """

    audio: NDArray[np.float32]
    sample_rate_hz: int
    midi_note: float | tuple[float, float]
    gate_seconds: float | tuple[float, float]
    info: dict[str, Any]


def prepare(clip: Clip, *, note: float | None = None, gate_seconds: float | None = None) -> Target:
    """Prepare a recording.

    Mixed to mono, silence around it trimmed, cut to `MAX_SECONDS`, at most 44.1 kHz. The level is kept where
    the synth reaches it (loudest 50 ms between −36 and −6 dBFS RMS), otherwise changed by one gain. A note
    that is not given is estimated and left free by 20 cents; without a clear pitch it is searched
    over six octaves. A gate that is not given is searched.

    Args:
        clip: The recording.
        note: MIDI note, fractions allowed; estimated if not given.
        gate_seconds: When the key is let go; searched if not given.

    Raises:
        AudioError: The sound is silent or too short.
    """
    if is_silent(clip):
        raise AudioError("the target is silent; choose a recording with sound in it")
    mono = Clip(clip.mono()[None], clip.sample_rate_hz)
    if is_silent(mono):  # channels that cancel each other
        mono = Clip(clip.samples[:1], clip.sample_rate_hz)
    start, end = sounding_bounds(mono)
    end_kept = min(end, start + round(MAX_SECONDS * mono.sample_rate_hz))
    sound = Clip(mono.samples[:, start:end_kept], mono.sample_rate_hz)
    if sound.seconds < _MIN_SECONDS:
        raise AudioError(
            f"the target sounds for {1000 * sound.seconds:.0f} ms; a match needs at least "
            f"{1000 * _MIN_SECONDS:.0f} ms: choose a longer one"
        )
    rate = min(max(sound.sample_rate_hz, _MIN_RATE_HZ), MAX_RATE_HZ)
    if rate != sound.sample_rate_hz:
        sound = resample(sound, rate)
    gain_db = _gain_db(sound)
    audio = np.ascontiguousarray(sound.samples[0] * np.float32(10 ** (gain_db / 20)))
    midi_note, note_info = _note(audio, rate, note)
    return Target(
        audio,
        rate,
        midi_note,
        _gate_range(sound.seconds) if gate_seconds is None else min(float(gate_seconds), sound.seconds),
        {
            "sample_rate_hz": clip.sample_rate_hz,
            "channels": clip.channels,
            "seconds": clip.seconds,
            "trimmed_start_s": start / mono.sample_rate_hz,
            "matched_seconds": sound.seconds,
            "shortened": end_kept < end,
            "loudness_lufs": clip_lufs(clip),
            "gain_db": gain_db,
            **note_info,
        },
    )


def _gain_db(sound: Clip) -> float:
    """Gain that brings the loudest 50 ms to where the synth can go; 0 if they are there already."""
    energy = np.append(0.0, np.cumsum(np.square(sound.samples[0], dtype=np.float64)))
    window = min(sound.frames, max(1, round(0.05 * sound.sample_rate_hz)))
    loudest = (energy[window:] - energy[:-window]).max() / window
    level_dbfs = 10 * np.log10(max(loudest, 1e-20))
    if _REACH_DBFS[0] <= level_dbfs <= _REACH_DBFS[1]:
        return 0.0
    return float(_COMFORTABLE_DBFS - level_dbfs)


def _gate_range(seconds: float) -> tuple[float, float]:
    shortest = max(_SHORTEST_GATE_SECONDS, 0.05 * seconds)
    return min(shortest, 0.5 * seconds), seconds


def _note(
    audio: NDArray[np.float32], sample_rate_hz: int, note: float | None
) -> tuple[float | tuple[float, float], dict[str, Any]]:
    if note is not None:
        return float(note), {"note_source": "given"}
    from tonewright.features.pitch import estimate_note

    estimate = estimate_note(audio, sample_rate_hz)
    if estimate.confidence < _NOTE_CONFIDENCE:
        return _NOTE_RANGE, {"note_source": "searched", "note_confidence": estimate.confidence}
    near = np.clip(
        [estimate.midi_note - _FINE_TUNE_SEMITONES, estimate.midi_note + _FINE_TUNE_SEMITONES], 0, 127
    )
    return (float(near[0]), float(near[1])), {
        "note_source": "estimated",
        "note_confidence": estimate.confidence,
        "note_estimate": estimate.midi_note,
    }
