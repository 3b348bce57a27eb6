"""Preparing the sound to be matched: one note of a recording, mono, at a level the synth can reach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tonewright.audio import Clip, channels_cancel, clip_lufs, is_silent, resample
from tonewright.errors import AudioError, UsageError
from tonewright.features.notes import Notes, find_notes

MAX_SECONDS = 4.0
"""A longer note is matched by its first seconds."""
MAX_RATE_HZ = 44_100
_MIN_RATE_HZ = 8_000
MIN_SECONDS = 0.02
_REACH_DBFS = (-36.0, -6.0)
_COMFORTABLE_DBFS = -18.0
_NOTE_CONFIDENCE = 0.4
_FINE_TUNE_SEMITONES = 0.2  # more, and a slow LFO with a mistuned note is a way out of the right patch
_NOTE_RANGE = (24.0, 96.0)  # of a search; a note that is heard may lie higher
_SHORTEST_GATE_SECONDS = 0.02
_LEAST_OFFSET = 0.01  # of the peak; what is less is inaudible, and a low note may lean that far


@dataclass(frozen=True, eq=False)
class Target:
    """A sound prepared for the search.

    Attributes:
        audio: `[frames]` float32.
        sample_rate_hz: Its rate: that of the recording, at most 44.1 kHz.
        midi_note: The note, or the range it is to be searched in.
        gate_seconds: When the key is let go, or the range that is searched.
        info: What was done and found, for the report.
        window_s: Its beginning and end in the recording.
        notes: What the recording was found to hold.
        taken: Index of the note that the window lies on; None where the window was given.
    """

    audio: NDArray[np.float32]
    sample_rate_hz: int
    midi_note: float | tuple[float, float]
    gate_seconds: float | tuple[float, float]
    info: dict[str, Any]
    window_s: tuple[float, float]
    notes: Notes
    taken: int | None


def prepare(
    clip: Clip,
    *,
    start_s: float | None = None,
    length_s: float | None = None,
    note: float | None = None,
    gate_seconds: float | None = None,
) -> Target:
    """Prepare a note of a recording.

    Of the notes that stand out of its noise, the loudest is taken, at most `MAX_SECONDS` of it, unless a
    window is given. An offset is removed, the channels are mixed, and the rate is at most 44.1 kHz. The level
    is kept where the synth reaches it (loudest 50 ms between −36 and −6 dBFS RMS), otherwise changed by one
    gain. A note that is not given is estimated and left free by 20 cents; without a clear pitch it is
    searched over six octaves. A gate that is not given is searched.

    Args:
        clip: The recording.
        start_s: Where the window begins; where the loudest note does if not given.
        length_s: How long it is, at most `MAX_SECONDS`; to the end of the note if not given.
        note: MIDI note, fractions allowed; estimated if not given.
        gate_seconds: When the key is let go, within the recording; searched if not given. What
            is left of the sound after trimming limits it.

    Raises:
        AudioError: The sound is silent or too short.
        UsageError: The window lies outside the recording, or is too long; or the gate is longer than it.
    """
    if gate_seconds is not None and gate_seconds > clip.seconds:
        raise UsageError(
            f"the gate is at most as long as the recording, {clip.seconds:.4g} s; got {gate_seconds:g} s;"
            " let the key go earlier, or leave the gate to the search"
        )
    if is_silent(clip):
        raise AudioError("the target is silent; choose a recording with sound in it")
    mono = Clip(clip.samples[0] if channels_cancel(clip) else clip.mono(), clip.sample_rate_hz)
    found = find_notes(mono)
    start, end, taken, shortened = _window(found, mono, start_s, length_s)
    sound = Clip(mono.samples[:, start:end], mono.sample_rate_hz)
    if start_s is not None and is_silent(sound):
        raise AudioError(
            f"the target is silent from {start_s:g} s on for {sound.seconds:.3g} s; begin elsewhere"
        )
    if sound.seconds < MIN_SECONDS:
        raise AudioError(
            f"the target sounds for {1000 * sound.seconds:.0f} ms; a match needs at least "
            f"{1000 * MIN_SECONDS:.0f} ms: choose a longer one"
        )
    offset = _offset(sound)
    if offset:
        sound = Clip(sound.samples - np.float32(offset), sound.sample_rate_hz)
    rate = min(max(sound.sample_rate_hz, _MIN_RATE_HZ), MAX_RATE_HZ)
    if rate != sound.sample_rate_hz:
        sound = resample(sound, rate)
    gain_db = _gain_db(sound)
    audio = np.ascontiguousarray(sound.samples[0] * np.float32(10 ** (gain_db / 20)))
    midi_note, note_info = _note(audio, rate, note)
    window_s = start / mono.sample_rate_hz, end / mono.sample_rate_hz
    return Target(
        audio,
        rate,
        midi_note,
        _gate_range(sound.seconds) if gate_seconds is None else min(float(gate_seconds), sound.seconds),
        {
            "sample_rate_hz": clip.sample_rate_hz,
            "channels": clip.channels,
            "seconds": clip.seconds,
            "start_s": window_s[0],
            "matched_seconds": sound.seconds,
            "shortened": shortened,
            "notes": len(found.notes),
            "note_taken": None if taken is None else taken + 1,
            "noise_dbfs": found.noise_dbfs,
            "only_noise": found.only_noise,
            "loudness_lufs": clip_lufs(clip),
            "offset": offset,
            "gain_db": gain_db,
            **note_info,
        },
        window_s,
        found,
        taken,
    )


def check_window(start_s: float | None, length_s: float | None) -> None:
    """Check where a window is to begin and how long it is to be.

    Raises:
        UsageError: It begins before the recording, or is too short or too long.
    """
    if start_s is not None and not 0 <= start_s < np.inf:
        raise UsageError(f"start_s is a time from 0 s on; got {start_s}")
    if length_s is not None and not MIN_SECONDS <= length_s <= MAX_SECONDS:
        raise UsageError(
            f"the window is {MIN_SECONDS:g} to {MAX_SECONDS:g} s long; got {length_s:g}; "
            "match a longer recording note by note (--all-notes)"
        )


def _window(
    found: Notes, mono: Clip, start_s: float | None, length_s: float | None
) -> tuple[int, int, int | None, bool]:
    """First frame, the one after the last, the note that was taken, and whether it goes on."""
    rate = mono.sample_rate_hz
    check_window(start_s, length_s)
    if start_s is None:
        taken: int | None = found.loudest
        start = found.notes[found.loudest].start_s
        end = found.notes[found.loudest].end_s if length_s is None else start + length_s
    else:
        if start_s >= mono.seconds:
            raise UsageError(
                f"the recording lasts {mono.seconds:.3f} s; the window must begin within it; got {start_s:g}"
            )
        taken, start = None, start_s
        if length_s is None:  # to where the note that sounds then, or the next one, has died away
            end = next(
                (note.end_s for note in found.notes if note.end_s > start_s + MIN_SECONDS), mono.seconds
            )
        else:
            end = start + length_s
    first = round(start * rate)
    last, longest = min(round(end * rate), mono.frames), first + round(MAX_SECONDS * rate)
    return first, min(last, longest), taken, last > longest


def _offset(sound: Clip) -> float:
    """A constant that the sound stands on, in amplitude; 0 where there is no clear one.

    Means under a Hann window, in which tones cancel out: it is what the beginning, the middle and the end
    have in common. The sinking of a drum differs between them.
    """
    samples = sound.samples[0].astype(np.float64)
    length = 2 * len(samples) // 3
    window = np.hanning(length)
    means = [
        float(window @ samples[first : first + length] / window.sum())
        for first in (0, (len(samples) - length) // 2, len(samples) - length)
    ]
    least = min(means, key=abs)
    if min(means) * max(means) <= 0 or abs(least) < _LEAST_OFFSET * sound.peak:
        return 0.0
    return least


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
