"""Gestures: steps, ramps and a note by a musician who plays a sine, so that every change is known."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tonewright.improvising.following.phrases import Phrase
from tonewright.improvising.hearing import HOP_S, SAMPLE_RATE_HZ
from tonewright.improvising.portrait.measured import measured
from tonewright.synths import synth as make_synth

_LOW_DB, _MIDDLE_DB, _HIGH_DB = -36.0, -24.0, -12.0
_SOFT_DB = -48.0
_A3, _E4, _A4 = 220.0, 330.0, 440.0
_STEP_S, _RAMP_S, _REST_S = 0.8, 1.0, 0.6
_NOTE_S = 2.0
_SETTLED_S = 0.8
"""From so long after its beginning on a note counts as held."""


class Change(NamedTuple):
    """Something that the musician does.

    Attributes:
        name: For people: "an octave up".
        at: First hop of it.
        until: Hop before which nothing else happens.
    """

    name: str
    at: int
    until: int


class Gesture(NamedTuple):
    """A test phrase.

    Attributes:
        phrase: What is measured of it.
        meaning: What it shows, in a line.
        sound: `[frames]` float32 at 44.1 kHz.
        changes: Its steps; none where it goes evenly.
        held: Hops from and before which a note is held; None without one.
        silent: Hops from and before which the musician is silent after the note; None without that.
    """

    phrase: Phrase
    meaning: str
    sound: NDArray[np.float32]
    changes: tuple[Change, ...] = ()
    held: tuple[int, int] | None = None
    silent: tuple[int, int] | None = None


def gestures(descriptors: Sequence[str]) -> list[Gesture]:
    """Steps of level and of pitch, ramps of both, and a note between silences, of 4 s each or less.

    Args:
        descriptors: What is measured of them.
    """
    begins = _hops(_REST_S)
    ends = begins + _hops(_NOTE_S)
    last = ends + _hops(_NOTE_S / 2)
    return [
        _steps(
            "Steps of loudness",
            "A held A3 gets louder and softer at once: by 12, 12, 24 and 24 dB.",
            [(_LOW_DB, _A3), (_MIDDLE_DB, _A3), (_LOW_DB, _A3), (_HIGH_DB, _A3), (_LOW_DB, _A3)],
            ("12 dB louder", "12 dB softer", "24 dB louder", "24 dB softer"),
            descriptors,
        ),
        _steps(
            "Steps of pitch",
            "A3 jumps by an octave and by a fifth, up and down, as loud as before.",
            [(_MIDDLE_DB, _A3), (_MIDDLE_DB, _A4), (_MIDDLE_DB, _A3), (_MIDDLE_DB, _E4), (_MIDDLE_DB, _A3)],
            ("an octave up", "an octave down", "a fifth up", "a fifth down"),
            descriptors,
        ),
        _ramps(
            "Crescendo and decrescendo",
            "A3 swells by 36 dB in a second, stays, and dies away as fast.",
            (_SOFT_DB, _A3),
            (_HIGH_DB, _A3),
            descriptors,
        ),
        _ramps(
            "Glissando",
            "From A3 up to A4 in a second, and down again, as loud all the time.",
            (_MIDDLE_DB, _A3),
            (_MIDDLE_DB, _A4),
            descriptors,
        ),
        _gesture(
            "Silence, a note, silence",
            "Is the agent there when a note begins, does it hold still with it, and is it silent after it?",
            _track([(begins, None, _A3), (ends - begins, _MIDDLE_DB, _A3), (last - ends, None, _A3)]),
            descriptors,
            changes=(Change("a note begins", begins, ends), Change("it ends", ends, last)),
            held=(begins + _hops(_SETTLED_S), ends),
            silent=(ends, last),
        ),
    ]


def _steps(
    name: str,
    meaning: str,
    levels: Sequence[tuple[float, float]],
    names: Sequence[str],
    descriptors: Sequence[str],
) -> Gesture:
    step = _hops(_STEP_S)
    changes = tuple(Change(one, (i + 1) * step, (i + 2) * step) for i, one in enumerate(names))
    return _gesture(name, meaning, _track([(step, *one) for one in levels]), descriptors, changes=changes)


def _ramps(
    name: str,
    meaning: str,
    low: tuple[float, float],
    high: tuple[float, float],
    descriptors: Sequence[str],
) -> Gesture:
    """From one to the other and back, resting before, between and after."""
    rest, ramp = _hops(_REST_S), _hops(_RAMP_S)
    parts = []
    for begin, end in pairwise((low, high, low)):
        parts.append(_track([(rest, *begin)]))
        shares = (np.arange(ramp) + 1) / (ramp + 1)
        level = begin[0] + shares * (end[0] - begin[0])
        frequency = begin[1] * (end[1] / begin[1]) ** shares
        parts.append(_controls(level, frequency))
    parts.append(_track([(rest, *low)]))
    return _gesture(name, meaning, np.concatenate(parts), descriptors)


def _track(points: Sequence[tuple[int, float | None, float]]) -> NDArray[np.float32]:
    """Controls `[hops, 2]` that stay for so many hops at a level, or silent, and a frequency."""
    return np.concatenate(
        [
            _controls(np.full(hops, -np.inf if level is None else level), np.full(hops, frequency))
            for hops, level, frequency in points
        ]
    )


def _controls(level_db: NDArray[np.float64], frequency_hz: NDArray[np.float64]) -> NDArray[np.float32]:
    """Controls of the sine `[hops, 2]` for peak levels and frequencies `[hops]`."""
    controls = make_synth("sine", SAMPLE_RATE_HZ).controls
    physical = {"frequency_hz": frequency_hz, "amplitude": 10 ** (level_db / 20)}
    return np.stack([one.to_unit(physical[one.name]) for one in controls], axis=1).astype(np.float32)


def _gesture(
    name: str,
    meaning: str,
    track: NDArray[np.float32],
    descriptors: Sequence[str],
    *,
    changes: tuple[Change, ...] = (),
    held: tuple[int, int] | None = None,
    silent: tuple[int, int] | None = None,
) -> Gesture:
    phrase, sound = measured(name, make_synth("sine", SAMPLE_RATE_HZ), track, descriptors)
    return Gesture(phrase, meaning, sound, changes, held, silent)


def _hops(seconds: float) -> int:
    return round(seconds / HOP_S)
