"""Unlimited briefs from a seed, with words to be trained on and words held out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from tonewright.errors import UnknownNameError
from tonewright.prompting.briefs.brief import BEATS_A_BAR, Brief
from tonewright.prompting.briefs.keys import Key
from tonewright.prompting.briefs.library import Library, library
from tonewright.prompting.briefs.reading import brief_of_text, words_in
from tonewright.prompting.briefs.templates import Template
from tonewright.prompting.words.vocabulary import Category, Split, vocabulary

SPLITS: tuple[Split, ...] = ("train", "held-out")
_USUAL_BPM = (80, 150)
_SECONDS: Mapping[str, tuple[float, ...]] = {
    "drums": (4, 6, 8),
    "instruments": (1, 2, 3, 4),
    "sfx": (1, 2, 3, 4, 6),
    "ambient": (8, 10, 12, 15),
    "phrases": (4, 6, 8),
}
_BARS = (2, 4, 8)
_MOST_BAR_SECONDS = 16.0
_HELD_OUT_SHARE = 0.5
_ATTEMPTS = 200
Kind = TypeVar("Kind")


def make_briefs(
    count: int,
    *,
    seed: int = 0,
    split: Split = "train",
    categories: Sequence[str] | None = None,
    themes: bool | None = None,
    from_library: Library | None = None,
) -> list[Brief]:
    """Make briefs.

    Those of the split "train" hold no word that is held out; each of "held-out" holds one or more.

    Args:
        count: How many.
        seed: The same seed, split and library give the same briefs; the first ones stay the same if more are
            asked for.
        split: Whose words.
        categories: Of the vocabulary, taken in turn; all if None.
        themes: Briefs of moods, places and scenes only (True), none of them (False), or both (None).
        from_library: Whose templates; those that ship if None.

    Returns:
        The briefs; their ids tell seed, split and number.

    Raises:
        UnknownNameError: There is no such category or split.
    """
    brief = numbered_briefs(
        seed=seed, split=split, categories=categories, themes=themes, from_library=from_library
    )
    return [brief(number) for number in range(count)]


def numbered_briefs(
    *,
    seed: int = 0,
    split: Split = "train",
    categories: Sequence[str] | None = None,
    themes: bool | None = None,
    from_library: Library | None = None,
) -> Callable[[int], Brief]:
    """The brief of any number, from 0, of those that `make_briefs` makes.

    Raises:
        UnknownNameError: There is no such category or split.
    """
    known = vocabulary()
    if split not in SPLITS:
        raise UnknownNameError("split", split, SPLITS)
    wanted = tuple(known.categories) if categories is None else tuple(categories)
    for name in wanted:
        if name not in known.categories:
            raise UnknownNameError("category", name, known.categories)
    templates = _templates(from_library or library(), wanted, themes)

    def brief(number: int) -> Brief:
        category = wanted[number % len(wanted)]
        rng = np.random.default_rng([seed, SPLITS.index(split), number])
        return _one(rng, known.categories[category], templates[category], split, f"{split}-{seed}-{number}")

    return brief


@dataclass(frozen=True)
class _Words:
    """Draws words of a split.

    Attributes:
        rng: Random numbers.
        split: The split.
    """

    rng: np.random.Generator
    split: Split

    def pick(self, some: Sequence[Kind]) -> Kind:
        return some[int(self.rng.integers(len(some)))]

    def word(self, kind: str, name: str) -> str:
        """One of the words for a thing."""
        return self.pick(vocabulary().words_for(kind, name, self._part()))

    def name(self, kind: str, names: Mapping[str, bool]) -> str:
        """One of several things, of which some are held out as a whole."""
        part = self._part()
        some = [name for name, held_out in names.items() if held_out == (part == "held-out")]
        return self.pick(some or [name for name, held_out in names.items() if not held_out])

    def _part(self) -> Split:
        unseen = self.split == "held-out" and self.rng.random() < _HELD_OUT_SHARE
        return "held-out" if unseen else "train"


def _one(
    rng: np.random.Generator, category: Category, templates: Sequence[Template], split: Split, id: str
) -> Brief:
    words = _Words(rng, split)
    held_out = vocabulary().held_out
    for _ in range(_ATTEMPTS):
        template = words.pick(templates)
        text = template.fill(_values(words, category))
        found = {word for _, word in words_in(text)}
        if bool(found & held_out) != (split == "held-out"):
            continue  # two words side by side can be a third one, and each of a split be by chance of both
        brief = brief_of_text(text)
        if brief.category == category.name and len(brief.target.tone) == _tones(template):
            return replace(brief, id=id, difficulty=_difficulty(brief))
    raise AssertionError(f"no template of {category.name} can be read as what it was made of")


def _values(words: _Words, category: Category) -> dict[str, object]:
    known, rng = vocabulary(), words.rng
    style = words.name(
        "style", {one.name: one.held_out for one in known.styles.values() if one.category == category.name}
    )
    low, high = known.styles[style].bpm or _USUAL_BPM
    bpm = int(rng.integers(round(low), round(high) + 1))
    fitting = [n for n in _BARS if n * BEATS_A_BAR * 60 / bpm <= _MOST_BAR_SECONDS]
    axes = rng.permutation(category.axes)[:2]
    tones = [words.pick([one for one in known.tone.values() if one.axis == axis]).word for axis in axes]
    elements = [str(one) for one in rng.permutation(category.elements or tuple(known.elements))[:3]]
    return {
        "style": style,
        "bpm": bpm,
        "bars": words.pick(fitting or _BARS[:1]),
        "seconds": f"{words.pick(_SECONDS[category.name]):g}",
        "key": str(Key(int(rng.integers(12)), bool(rng.integers(2)))),
        "noun": words.word("category", category.name),
        "mood": words.name("mood", {one.name: one.held_out for one in known.moods.values()}),
        **{f"tone{number + 1}": words.word("tone", tone) for number, tone in enumerate(tones)},
        **{f"element{number + 1}": words.word("element", one) for number, one in enumerate(elements)},
    }


def _tones(template: Template) -> int:
    return sum(place.startswith("tone") for place in template.places)


def _difficulty(brief: Brief) -> int:
    """The more is asked for, the harder it is."""
    target = brief.target
    asked = len(target.tone) + len(target.elements) + 2 * (target.key is not None) + (target.bpm is not None)
    return min(5, 1 + asked // 2)


def _templates(taken: Library, categories: Sequence[str], themes: bool | None) -> dict[str, list[Template]]:
    kinds = {None: ("brief", "theme"), True: ("theme",), False: ("brief",)}[themes]
    found = {
        category: [one for one in taken.templates.values() if one.category == category and one.kind in kinds]
        for category in categories
    }
    for category, some in found.items():
        if not some:
            raise UnknownNameError("category with such templates", category, [n for n in found if found[n]])
    return found
