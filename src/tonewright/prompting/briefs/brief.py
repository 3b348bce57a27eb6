"""A brief: what a sound should be, in words for people and in numbers for rewards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from tonewright.documents import short_text
from tonewright.errors import BriefError, UnknownNameError
from tonewright.prompting.briefs.keys import parse_key
from tonewright.prompting.words.vocabulary import vocabulary

BEATS_A_BAR = 4
SHORTEST_S, LONGEST_S = 0.1, 300.0
SLOWEST_BPM, FASTEST_BPM = 40.0, 220.0
_BAR_ERROR = 0.02


@dataclass(frozen=True)
class Target:
    """What can be measured of the sound that is asked for.

    Attributes:
        seconds: How long it is.
        bpm: Its tempo in quarter notes a minute, if it has one.
        bars: How many bars of four beats it has, if it is to be looped.
        key: Its key, as in `F# minor`, if it has one.
        tone: Tone words of the vocabulary.
        elements: What is to be heard in it, by the names of the vocabulary.
    """

    seconds: float
    bpm: float | None = None
    bars: int | None = None
    key: str | None = None
    tone: tuple[str, ...] = ()
    elements: tuple[str, ...] = ()


@dataclass(frozen=True)
class Brief:
    """What a sound should be.

    Attributes:
        id: Its name.
        category: Of the vocabulary: drums, instruments, sfx, ambient or phrases.
        subcategory: Of what it is, freely: `techno`, `piano`.
        description: What is asked for, as somebody would write it.
        target: The same in numbers.
        baseline_prompt: A plain prompt that an honest writer would begin with.
        difficulty: 1, easy, to 5.
        references: Sound files to be like, relative to the folder of the brief.
        settings: Name of the recommended generation settings.

    Raises:
        BriefError: Something in it makes no sense.
    """

    id: str
    category: str
    subcategory: str
    description: str
    target: Target
    baseline_prompt: str
    difficulty: int = 3
    references: tuple[str, ...] = field(default=())
    settings: str = "default"

    def __post_init__(self) -> None:
        try:
            _check(self)
        except (BriefError, UnknownNameError) as error:
            raise BriefError(f"brief {short_text(self.id)!r}: {error}") from None

    def fields(self) -> dict[str, Any]:
        """Its fields as JSON has them; what is not asked for is left out."""
        return _without_nothing(asdict(self) | {"target": _without_nothing(asdict(self.target))})


def _check(brief: Brief) -> None:
    known, target = vocabulary(), brief.target
    for name, text in (
        ("id", brief.id),
        ("description", brief.description),
        ("prompt", brief.baseline_prompt),
    ):
        if not text.strip():
            raise BriefError(f"the {name} of a brief is some text; got none")
    if brief.category not in known.categories:
        raise UnknownNameError("category", brief.category, known.categories)
    if not 1 <= brief.difficulty <= 5:
        raise BriefError(f"a difficulty is 1 to 5; got {brief.difficulty}")
    if not SHORTEST_S <= target.seconds <= LONGEST_S:
        raise BriefError(f"a sound has {SHORTEST_S:g} to {LONGEST_S:g} seconds; got {target.seconds:g}")
    if target.bpm is not None and not SLOWEST_BPM <= target.bpm <= FASTEST_BPM:
        raise BriefError(f"a tempo is {SLOWEST_BPM:g} to {FASTEST_BPM:g} BPM; got {target.bpm:g}")
    if target.key is not None:
        parse_key(target.key)
    if target.bars is not None:
        _check_bars(target)
    directions: dict[str, str] = {}
    for word in target.tone:
        tone = known.tone.get(word)
        if tone is None:
            raise UnknownNameError("tone word", word, known.tone)
        other = directions.setdefault(tone.axis, word)
        if other != word:
            raise BriefError(
                f"tone words do not ask for both ends of {tone.axis}; got {other!r} and {word!r}"
            )
    for element in target.elements:
        if element not in known.elements:
            raise UnknownNameError("element", element, known.elements)


def _check_bars(target: Target) -> None:
    if target.bpm is None or target.bars is None or target.bars < 1:
        raise BriefError(f"bars are one or more, at a tempo; got {target.bars} at {target.bpm}; give both")
    exact_s = bar_seconds(target.bpm, target.bars)
    if abs(exact_s - target.seconds) > _BAR_ERROR:
        raise BriefError(
            f"{target.bars} bars at {target.bpm:g} BPM take {exact_s:.3f} s; got {target.seconds:g}"
        )


def bar_seconds(bpm: float, bars: int) -> float:
    """How long so many bars of four beats take, in seconds."""
    return bars * BEATS_A_BAR * 60.0 / bpm


def _without_nothing(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in fields.items()
        if value is not None and value != ()
    }
