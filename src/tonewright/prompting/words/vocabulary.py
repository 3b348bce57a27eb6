"""The vocabulary: tone words on measured axes, elements, categories, styles and moods.

It stands in `vocabulary.json` and nowhere else: briefs are made and read with it, rewards measure by it, and
the generator that ships learns it, but for the words that are held out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from tonewright.documents import parse_document
from tonewright.errors import BriefError, UnknownNameError

FORM, VERSION = "tonewright-vocabulary", 1
FILE = "vocabulary.json"
_FIELDS: Mapping[str, type] = dict.fromkeys(
    ("axes", "tone_words", "elements", "categories", "styles", "moods", "pitched", "things"), list
)

Split = Literal["train", "held-out"]


@dataclass(frozen=True)
class Axis:
    """One direction in which sounds differ, and its measure.

    Attributes:
        name: What tone words refer to.
        unit: Of the measure.
        meaning: The measure in words; `prompting.listening.axes` computes it.
        source: Where it is published that this is what is heard.
    """

    name: str
    unit: str
    meaning: str
    source: str


@dataclass(frozen=True)
class ToneWord:
    """A word that asks for more or less along an axis.

    Attributes:
        word: The word.
        axis: Name of its axis.
        direction: 1 for more, -1 for less.
        synonyms: Words that ask for the same.
        held_out: More of them, which nothing is trained on.
    """

    word: str
    axis: str
    direction: int
    synonyms: tuple[str, ...] = ()
    held_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Element:
    """A thing that is to be heard in a sound.

    Attributes:
        name: Its name.
        synonyms: Words for the same.
        held_out: More of them, which nothing is trained on.
    """

    name: str
    synonyms: tuple[str, ...] = ()
    held_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Category:
    """A kind of sound.

    Attributes:
        name: Its name.
        meaning: What belongs to it.
        nouns: What such a sound is called.
        axes: Names of the axes along which it makes sense to ask for more or less.
        elements: Names of the elements that may be asked for in it.
        held_out: More nouns, which nothing is trained on.
    """

    name: str
    meaning: str
    nouns: tuple[str, ...]
    axes: tuple[str, ...]
    elements: tuple[str, ...]
    held_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Style:
    """A style, an instrument, a thing or a place: what a sound is of.

    Attributes:
        name: Its name.
        category: Name of the category it belongs to.
        held_out: Whether nothing is trained on it.
        bpm: Lowest and highest usual tempo, where it has one.
    """

    name: str
    category: str
    held_out: bool
    bpm: tuple[float, float] | None = None


@dataclass(frozen=True)
class Mood:
    """A mood, and the tone words that stand for it.

    Attributes:
        name: Its name.
        tone: Tone words.
        held_out: Whether nothing is trained on it.
    """

    name: str
    tone: tuple[str, ...]
    held_out: bool


@dataclass(frozen=True)
class Vocabulary:
    """All words, by their names.

    Attributes:
        axes: By name.
        tone: Tone words by word.
        elements: By name.
        categories: By name.
        styles: By name.
        moods: By name.
        pitched: Words for what has a pitch.
        things: Words for instruments and effects that are told from each other by ear.
        meanings: `(kind, name)` of each word and synonym: of "tone", "element", "category", "style", "mood".
        held_out: Words that nothing is trained on.
    """

    axes: Mapping[str, Axis]
    tone: Mapping[str, ToneWord]
    elements: Mapping[str, Element]
    categories: Mapping[str, Category]
    styles: Mapping[str, Style]
    moods: Mapping[str, Mood]
    pitched: frozenset[str]
    things: tuple[str, ...]
    meanings: Mapping[str, tuple[tuple[str, str], ...]] = field(init=False, repr=False)
    held_out: frozenset[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        meanings: dict[str, list[tuple[str, str]]] = {}
        held_out: set[str] = set()
        for kind, name, words, unseen in self._words():
            for word in (*words, *unseen):
                meanings.setdefault(word, []).append((kind, name))
            held_out |= {*unseen}
        object.__setattr__(self, "meanings", {word: tuple(found) for word, found in meanings.items()})
        object.__setattr__(self, "held_out", frozenset(held_out))

    def tone_word(self, word: str) -> ToneWord:
        """The tone word that is, or means the same as, `word`.

        Raises:
            UnknownNameError: No tone word does.
        """
        for kind, name in self.meanings.get(word, ()):
            if kind == "tone":
                return self.tone[name]
        raise UnknownNameError("tone word", word, self.tone)

    def things_of(self, category: str) -> tuple[str, ...]:
        """Words for things of a category."""
        of_it = {*self.categories[category].nouns}
        of_it |= {style.name for style in self.styles.values() if style.category == category}
        return tuple(word for word in self.things if word in of_it)

    def words_for(self, kind: str, name: str, split: Split) -> tuple[str, ...]:
        """Words for one thing that a split may use: those held out if there are any, or those trained on."""
        words = [word for word, found in self.meanings.items() if (kind, name) in found]
        seen = tuple(word for word in words if word not in self.held_out)
        unseen = tuple(word for word in words if word in self.held_out)
        return unseen or seen if split == "held-out" else seen

    def _words(self) -> list[tuple[str, str, tuple[str, ...], tuple[str, ...]]]:
        """Kind, name, words and held-out words of all there is."""
        return [
            *(("tone", one.word, (one.word, *one.synonyms), one.held_out) for one in self.tone.values()),
            *(
                ("element", one.name, (one.name, *one.synonyms), one.held_out)
                for one in self.elements.values()
            ),
            *(("category", one.name, one.nouns, one.held_out) for one in self.categories.values()),
            *(
                (kind, one.name, () if one.held_out else (one.name,), (one.name,) if one.held_out else ())
                for kind, some in (("style", self.styles), ("mood", self.moods))
                for one in some.values()
            ),
        ]


@cache
def vocabulary() -> Vocabulary:
    """The vocabulary of the package."""
    return parse_vocabulary(files(__package__).joinpath(FILE).read_bytes())


def parse_vocabulary(text: str | bytes) -> Vocabulary:
    """Read a vocabulary.

    Raises:
        BriefError: It is damaged, or does not fit together.
    """
    document = parse_document(text, FORM, VERSION, _FIELDS, error=BriefError, optional={})
    try:
        made = Vocabulary(
            axes={one["name"]: Axis(**one) for one in document["axes"]},
            tone={one["word"]: ToneWord(**_tuples(one)) for one in document["tone_words"]},
            elements={one["name"]: Element(**_tuples(one)) for one in document["elements"]},
            categories={one["name"]: Category(**_tuples(one)) for one in document["categories"]},
            styles={one["name"]: Style(**_tuples(one)) for one in document["styles"]},
            moods={one["name"]: Mood(**_tuples(one)) for one in document["moods"]},
            pitched=frozenset(document["pitched"]),
            things=tuple(document["things"]),
        )
    except (TypeError, KeyError) as problem:
        raise BriefError(f"an entry of the vocabulary is damaged ({problem}); use an intact copy") from None
    for word in made.tone.values():
        if word.axis not in made.axes or word.direction not in (1, -1):
            raise BriefError(
                f"a tone word asks for more (1) or less (-1) of an axis; got {word.direction} of "
                f"{word.axis!r} for {word.word!r}; use an axis that is there"
            )
    for category in made.categories.values():
        for axis in category.axes:
            if axis not in made.axes:
                raise UnknownNameError("axis", axis, made.axes)
        for element in category.elements:
            if element not in made.elements:
                raise UnknownNameError("element", element, made.elements)
    for style in made.styles.values():
        if style.category not in made.categories:
            raise BriefError(
                f"a style belongs to a category; got {style.category!r} for {style.name!r}; use one of those"
            )
    _check_nouns(made)
    for mood in made.moods.values():
        for one in mood.tone:
            made.tone_word(one)
    return made


def _check_nouns(made: Vocabulary) -> None:
    for what, nouns in (("word for what has a pitch", made.pitched), ("word for a thing", made.things)):
        for noun in nouns:
            if noun not in made.meanings:
                raise UnknownNameError(what, str(noun), made.meanings)


def _tuples(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()}
