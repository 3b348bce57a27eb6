"""Captions of composed pieces: what is known of them, and what is measured of their sound."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from tonewright.prompting.briefs.keys import Key
from tonewright.prompting.briefs.library import library
from tonewright.prompting.generators.sketch.piece import DRUMS
from tonewright.prompting.words.vocabulary import vocabulary

_MARKED = 0.3
"""Share of the sounds of a category that a tone word fits, at either end of its axis."""
_BARE = 0.25
"""Share of captions that are bare lists of words."""
_UNUSUAL = 0.1
"""How likely a tone word that is seldom asked of a category is told, against one that is."""
_TONAL = ("instruments", "ambient", "phrases")


@dataclass(frozen=True)
class Norms:
    """Where the sounds of a category lie on each axis.

    Attributes:
        low: By axis, what so many of them are below as a tone word for less fits.
        high: By axis, what so many are above.
    """

    low: Mapping[str, float]
    high: Mapping[str, float]


@dataclass(frozen=True)
class Known:
    """What a caption may tell of a piece.

    Attributes:
        category: Its category.
        style: Its style.
        elements: What sounds in it.
        noun: What it is called; None for any noun of its category.
        bpm: Its tempo.
        key: Its key.
    """

    category: str
    style: str
    elements: tuple[str, ...]
    noun: str | None
    bpm: float
    key: Key


def norms_of(axes: Mapping[str, NDArray[np.float64]]) -> Norms:
    """Norms of one category's sounds, `[B]` of each axis."""
    low = {name: float(np.nanquantile(values, _MARKED)) for name, values in axes.items()}
    high = {name: float(np.nanquantile(values, 1 - _MARKED)) for name, values in axes.items()}
    return Norms(low, high)


def fitting_tones(axes: Mapping[str, float], norms: Norms) -> list[str]:
    """Tone words that fit a sound, those too that are seldom asked of its category."""
    found = []
    for tone in vocabulary().tone.values():
        value = axes[tone.axis]
        if np.isnan(value):
            continue
        if (value > norms.high[tone.axis]) if tone.direction > 0 else (value < norms.low[tone.axis]):
            found.append(tone.word)
    return found


def caption(known: Known, tones: Sequence[str], seconds: float, rng: np.random.Generator) -> str:
    """One of many captions of a piece, in words to be trained on."""
    values = _values(known, tones, seconds, rng)
    if rng.random() < _BARE:
        return _bare(values, rng)
    fitting = [
        one
        for one in library().templates.values()
        if one.category == known.category
        and one.kind in ("brief", "theme")
        and all(place in values for place in one.places)
    ]
    if not fitting:
        return _bare(values, rng)
    return fitting[int(rng.integers(len(fitting)))].fill(values)


def _values(told: Known, tones: Sequence[str], seconds: float, rng: np.random.Generator) -> dict[str, str]:
    known, category = vocabulary(), told.category

    def pick(some: Sequence[str]) -> str:
        return some[int(rng.integers(len(some)))]

    # A hit of a drum is a sound of the category instruments, but of no style of it, and in no key.
    hits = [one for one in told.elements if one in DRUMS] if category == "instruments" else []
    values = {
        "style": pick(known.words_for("element", hits[0], "train")) if hits else told.style,
        "noun": told.noun or pick(_plain_nouns(category)),
        "seconds": f"{seconds:g}",
    }
    if category in ("drums", "phrases"):
        bpm = round(told.bpm)
        values["bpm"] = str(bpm)
        values["bars"] = str(max(1, round(seconds * bpm / 240)))
    if category in _TONAL and not hits:
        values["key"] = str(told.key)
    for number, tone in enumerate(_some_tones(tones, category, rng)):
        values[f"tone{number + 1}"] = pick(known.words_for("tone", tone, "train"))
    for number, element in enumerate([] if hits else rng.permutation(list(told.elements))[:3]):
        values[f"element{number + 1}"] = pick(known.words_for("element", str(element), "train"))
    moods = [
        mood.name
        for mood in known.moods.values()
        if not mood.held_out and {known.tone_word(one).word for one in mood.tone} & {*tones}
    ]
    if moods:
        values["mood"] = pick(moods)
    return values


def _some_tones(tones: Sequence[str], category: str, rng: np.random.Generator) -> list[str]:
    """Three at most: mostly such as are asked of the category, now and then others."""
    if not tones:
        return []
    usual = vocabulary().categories[category].axes
    shares = np.array([1.0 if vocabulary().tone[tone].axis in usual else _UNUSUAL for tone in tones])
    count = min(3, len(tones))
    return [str(one) for one in rng.choice(list(tones), count, replace=False, p=shares / shares.sum())]


@cache
def _plain_nouns(category: str) -> tuple[str, ...]:
    """Nouns that any piece of a category may be called by: no things, which would be another one."""
    nouns = vocabulary().words_for("category", category, "train")
    return tuple(noun for noun in nouns if noun not in vocabulary().things)


def _bare(values: Mapping[str, str], rng: np.random.Generator) -> str:
    """A list of what is known, in any order, the noun always among it."""
    parts = [values["noun"]]
    for name, value in values.items():
        if name in ("noun", "bars", "seconds") or rng.random() < 0.3:
            continue
        parts.append(f"{value} BPM" if name == "bpm" else value)
    return ", ".join(str(part) for part in rng.permutation(parts))
