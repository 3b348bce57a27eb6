"""What a match lacks, in words: where it differs most from the target, and what its synth cannot do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from tonewright import wording
from tonewright.audio.levels import frame_powers, power_to_db
from tonewright.audio.notes import hz_note, note_name
from tonewright.features.chords import chord_notes
from tonewright.features.hearing import hear
from tonewright.features.pitch import pitch_frames
from tonewright.synths.base import Synth
from tonewright.synths.reach import Reach

_MOST = 3
_STEP_S = 0.005
_LOWEST_DB = -140.0
_LOUD_DB = 30.0  # frames this far below the loudest say nothing about timbre and pitch
_SURE = 0.7  # confidence of a pitch that counts

# A tail: from a knee on, a straight slow fall, after one that was at least so much steeper.
_TAIL_S, _TAIL_FALL_DB, _TAIL_STEEPER, _TAIL_ROUGH_DB = 0.4, 12.0, 2.5, 3.0
_TAIL_SLOPE, _TAIL_KNEE_DB = (-120.0, -6.0), (-40.0, -8.0)
_TAIL_LACKS_DB = 8.0
_KNEE_STEPS = 5

_FALL_WINDOW_S, _FALL_LOWEST_HZ, _FALL_SEMITONES = 0.04, 50.0, 3.0


@dataclass(frozen=True)
class WeakPoint:
    """One respect in which a match differs from its target.

    Attributes:
        aspect: `attack`, `decay`, `brightness`, `movement of brightness`, `tuning`, `movement of pitch` or
            `noise`.
        target: What was measured of the target.
        match: The same of the match.
        unit: Unit of both.
        weight: The difference in steps that are just worth a word; at least 1.
        words: The difference as a sentence.
    """

    aspect: str
    target: float
    match: float
    unit: str
    weight: float
    words: str


@dataclass(frozen=True)
class _Sound:
    """What is measured of a sound: durations in s, centroid in Hz, movements in octaves and semitones."""

    attack_s: float
    decay_s: float
    centroid_hz: float
    centroid_octaves: float
    note: float | None
    note_semitones: float | None
    noise: float


def weak_points(
    target: NDArray[np.float32], match: NDArray[np.float32], sample_rate_hz: int
) -> tuple[WeakPoint, ...]:
    """The respects in which a match differs most, at most three, the weightiest first.

    Args:
        target: `[frames]`.
        match: `[frames]`.
        sample_rate_hz: Rate of both.
    """
    a, b = (_measured(sound, sample_rate_hz) for sound in (target, match))
    found = [
        _ratio("attack", a.attack_s, b.attack_s, 1.0, "s", wording.duration,
               "Its attack is {slower|faster}: {} instead of {}."),
        _ratio("decay", a.decay_s, b.decay_s, 0.5, "s", wording.duration,
               "It dies away {later|sooner}: 20 dB down after {} instead of {}."),
        _ratio("brightness", a.centroid_hz, b.centroid_hz, 0.25, "Hz", wording.frequency,
               "It is {brighter|darker}: spectral centroid {} instead of {}."),
        _difference("movement of brightness", a.centroid_octaves, b.centroid_octaves, 0.4, "octaves",
                    _octaves, "Its brightness moves {more|less}: {} instead of {}."),
        _difference("noise", a.noise, b.noise, 0.15, "1", _share,
                    "It is {more|less} noisy: {} of its level has no pitch, instead of {}."),
    ]  # fmt: skip
    # A chord has no one note, and what is heard of it may be none of its own.
    if a.note is not None and b.note is not None and len(chord_notes(target, sample_rate_hz)) < 2:
        cents = abs(100 * (b.note - a.note))
        words = f"It is {cents:.0f} cents {{sharp|flat}}: {{}} instead of {{}}."
        found.append(_difference("tuning", a.note, b.note, 0.2, "MIDI note", note_name, words))
    if a.note_semitones is not None and b.note_semitones is not None:
        found.append(
            _difference("movement of pitch", a.note_semitones, b.note_semitones, 0.5, "semitones", _semitones,
                        "Its pitch moves {more|less}: {} instead of {}.")
        )  # fmt: skip
    told = [point for point in found if point.weight >= 1]
    return tuple(sorted(told, key=lambda point: -point.weight)[:_MOST])


def out_of_reach(
    target: NDArray[np.float32], match: NDArray[np.float32], sample_rate_hz: int, synth: Synth
) -> tuple[str, ...]:
    """What the target holds, the match lacks, and the synth cannot do, a sentence each.

    Args:
        target: `[frames]`.
        match: `[frames]`.
        sample_rate_hz: Rate of both.
        synth: Its attribute `reach` tells what it can do; without one nothing is said.
    """
    reach: Reach | None = getattr(synth, "reach", None)
    if reach is None:
        return ()
    told = []
    notes = chord_notes(target, sample_rate_hz)
    if len(notes) > reach.pitches and len(chord_notes(match, sample_rate_hz)) < len(notes):
        names = wording.listing([note_name(note) for note in notes])
        pitches = f"{wording.count(reach.pitches)} pitch{'' if reach.pitches == 1 else 'es'}"
        told.append(f"a chord ({names}): one key of it sounds {pitches} at most")
    fall = pitch_fall(target, sample_rate_hz)
    if not reach.falls and fall >= _FALL_SEMITONES and pitch_fall(match, sample_rate_hz) < fall / 2:
        told.append(f"a pitch that falls by {wording.quantity(fall, 'semitone', 2)}: it cannot let it fall")
    tail = reverberation(target, sample_rate_hz)
    if not reach.reverberates and tail and _lacks_tail(target, match, sample_rate_hz, tail):
        rt60 = wording.duration(tail.rt60_s, 2)
        told.append(f"a slow tail after a quick fall, as of reverberation (60 dB in {rt60}): it has none")
    return tuple(told)


def pitch_fall(audio: NDArray[np.float32], sample_rate_hz: int) -> float:
    """By how many semitones the pitch falls from where a sound begins to where it stays; 0 if it does not."""
    window = 2 * round(_FALL_WINDOW_S * sample_rate_hz / 2)
    if len(audio) < window:
        return 0.0
    frames = sliding_window_view(audio, window)[:: max(1, round(_STEP_S * sample_rate_hz))]
    f0_hz, confidence = pitch_frames(frames, sample_rate_hz, f0_min_hz=_FALL_LOWEST_HZ)
    level = np.sqrt(np.mean(np.square(frames, dtype=np.float64), axis=1))
    heard = (confidence >= _SURE) & (level >= level.max() * 10 ** (-_LOUD_DB / 20))
    notes = hz_note(f0_hz[heard])
    if len(notes) < 6:
        return 0.0
    first, last = float(np.median(notes[:3])), float(np.median(notes[len(notes) // 2 :]))
    # It falls all the way: what rises again between, as a vibrato does, is no fall; nor is one wrong octave.
    path = float(np.abs(np.diff(notes)).sum())
    largest = float(np.abs(np.diff(notes)).max())
    fall = first - last
    return fall if fall > 0 and path <= 1.5 * fall and largest <= max(2.0, 0.5 * fall) else 0.0


@dataclass(frozen=True)
class Tail:
    """A slow fall of level after a quick one.

    Attributes:
        start_s: Where it begins.
        end_s: Where it ends or is no longer straight.
        rt60_s: How long a fall of 60 dB takes at its pace.
    """

    start_s: float
    end_s: float
    rt60_s: float


def reverberation(audio: NDArray[np.float32], sample_rate_hz: int) -> Tail | None:
    """The tail of a sound that falls quickly at first and then slowly on a straight line of decibels.

    The tail is the longest straight line, least squares as decay times are measured in rooms (ISO 3382), down
    to the end of the sound or to 60 dB below its loudest moment, that begins after a steeper fall.
    """
    step_s = 4 * _STEP_S
    level = _levels_db(audio, sample_rate_hz, step_s)
    loudest = int(np.argmax(level))
    curve = level[loudest:] - level[loudest]
    (below,) = np.nonzero(curve < -60.0)
    curve = curve[: below[0]] if len(below) else curve
    for knee in range(1, len(curve) - round(_TAIL_S / step_s)):
        if not _TAIL_KNEE_DB[0] <= curve[knee] <= _TAIL_KNEE_DB[1]:
            continue
        slope, rough_db = _line(curve[knee:])
        before = curve[max(0, knee - _KNEE_STEPS) : knee + 1]
        fallen_db = (before[0] - before[-1]) / (len(before) - 1)
        if (
            _TAIL_SLOPE[0] <= slope / step_s <= _TAIL_SLOPE[1]
            and fallen_db >= -_TAIL_STEEPER * slope
            and -slope * (len(curve) - knee) >= _TAIL_FALL_DB
            and rough_db <= _TAIL_ROUGH_DB
        ):
            return Tail((loudest + knee) * step_s, (loudest + len(curve)) * step_s, -60.0 * step_s / slope)
    return None


def _lacks_tail(
    target: NDArray[np.float32], match: NDArray[np.float32], sample_rate_hz: int, tail: Tail
) -> bool:
    part = slice(round(tail.start_s / (4 * _STEP_S)), round(tail.end_s / (4 * _STEP_S)))
    levels = (_levels_db(sound, sample_rate_hz, 4 * _STEP_S)[part] for sound in (target, match))
    wanted, made = (np.maximum(level, -100.0) for level in levels)
    return bool(np.mean(wanted - made) >= _TAIL_LACKS_DB)


def _line(values: NDArray[np.float64]) -> tuple[float, float]:
    """Slope per step of the best line, and how far the values lie from it (RMS)."""
    steps = np.arange(len(values)) - (len(values) - 1) / 2
    slope = float((steps * values).sum() / (steps**2).sum())
    return slope, float(np.std(values - slope * steps))


def _measured(audio: NDArray[np.float32], sample_rate_hz: int) -> _Sound:
    level = _levels_db(audio, sample_rate_hz, _STEP_S)
    (after,) = np.nonzero(level >= level.max() - 20.0)
    # For the rise, the level is that of the loudest step within half a period of a low note.
    level = sliding_window_view(np.concatenate([np.full(3, level.min()), level]), 4).max(axis=1)
    loudest = int(np.argmax(level >= level.max() - 1.0))
    (before,) = np.nonzero(level[: loudest + 1] < level.max() - 20.0)
    attack_s = (loudest - (before[-1] if len(before) else 0)) * _STEP_S
    decay_s = (int(after[-1]) + 1 - loudest) * _STEP_S
    table = hear(audio, sample_rate_hz, ("loudness_rms", "spectral_centroid", "pitch"))
    loudness = table["loudness_rms_dbfs"][0, :, 0].astype(np.float64)
    weight = np.where(loudness >= loudness.max() - _LOUD_DB, 10 ** (loudness / 20), 0.0)
    octaves = np.log2(np.maximum(table["spectral_centroid_hz"][0, :, 0], 1.0).astype(np.float64))
    f0_hz, confidence = table["pitch_f0_hz"][0, :, 0], table["pitch_confidence"][0, :, 0].astype(np.float64)
    sure = (confidence >= _SURE) & (weight > 0)
    note = spread = None
    if weight[sure].sum() >= 0.3 * weight.sum():
        notes = hz_note(f0_hz[sure])
        note = _quantile(notes, weight[sure], 0.5)
        spread = _quantile(notes, weight[sure], 0.95) - _quantile(notes, weight[sure], 0.05)
    return _Sound(
        attack_s=max(float(attack_s), _STEP_S),
        decay_s=max(float(decay_s), _STEP_S),
        centroid_hz=float(2 ** ((weight * octaves).sum() / weight.sum())),
        centroid_octaves=_quantile(octaves, weight, 0.95) - _quantile(octaves, weight, 0.05),
        note=note,
        note_semitones=spread,
        noise=float(1 - (weight * confidence).sum() / weight.sum()),
    )


def _levels_db(audio: NDArray[np.float32], sample_rate_hz: int, step_s: float) -> NDArray[np.float64]:
    power, _ = frame_powers(audio.astype(np.float64)[None], max(1, round(step_s * sample_rate_hz)))
    return power_to_db(power, _LOWEST_DB)


def _quantile(values: NDArray[np.float64], weights: NDArray[np.float64], share: float) -> float:
    order = np.argsort(values)
    below = np.cumsum(weights[order])
    return float(values[order][min(np.searchsorted(below, share * below[-1]), len(values) - 1)])


def _ratio(
    aspect: str, target: float, match: float, octaves: float, unit: str, told: Callable[[float, int], str],
    words: str,
) -> WeakPoint:  # fmt: skip
    steps = float(np.log2(match / target)) / octaves
    return WeakPoint(
        aspect, target, match, unit, abs(steps), _worded(words, steps, told(match, 2), told(target, 2))
    )


def _difference(
    aspect: str, target: float, match: float, step: float, unit: str, told: Callable[[float], str], words: str
) -> WeakPoint:
    steps = (match - target) / step
    return WeakPoint(
        aspect, target, match, unit, abs(steps), _worded(words, steps, told(match), told(target))
    )


def _worded(words: str, steps: float, match: str, target: str) -> str:
    """The sentence with the first word of `{more|less}` where there is more, else the second."""
    before, _, rest = words.partition("{")
    choice, _, after = rest.partition("}")
    return before + choice.split("|")[steps < 0] + after.format(match, target)


def _octaves(value: float) -> str:
    return wording.quantity(value, "octave", 2)


def _semitones(value: float) -> str:
    return wording.quantity(value, "semitone", 2)


def _share(value: float) -> str:
    return f"{value:.0%}"
