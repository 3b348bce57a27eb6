"""Reading a brief from plain text: "128 BPM techno drum loop, punchy kick, crisp hats"."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

from tonewright.documents import sha256
from tonewright.errors import BriefError
from tonewright.prompting.briefs.brief import Brief, Target, bar_seconds
from tonewright.prompting.briefs.keys import KEY, key_of
from tonewright.prompting.words.vocabulary import vocabulary

BPM = re.compile(r"\b(\d{2,3}(?:\.\d+)?)\s?-?bpm\b", re.IGNORECASE)
"""A tempo within a text: `128 BPM`."""
_BARS = re.compile(r"\b(\d{1,2}|one|two|four|eight)[- ]bars?\b", re.IGNORECASE)
_SECONDS = re.compile(r"\b(\d{1,3}(?:\.\d+)?)[- ]?(?:s|sec|secs|seconds?)\b", re.IGNORECASE)
_COUNTS = {"one": 1, "two": 2, "four": 4, "eight": 8}
_USUAL_S = {"drums": 8.0, "instruments": 3.0, "sfx": 4.0, "ambient": 10.0, "phrases": 8.0}
_USUAL_BARS, _LONG_S = 4, 12.0
_DRUMS = frozenset({"kick", "snare", "hats", "clap", "toms", "cymbal", "shaker"})
_LONGEST_TEXT = 2_000
SETTINGS = {
    "drums": "loop",
    "instruments": "one-shot",
    "sfx": "effect",
    "ambient": "texture",
    "phrases": "loop",
}
"""Recommended generation settings by category."""


@dataclass
class Asked:
    """What a text asks for, word by word.

    Attributes:
        bpm: A tempo, if it names one.
        bars: A number of bars, if it names one.
        key: A key, if it names one.
        seconds: A duration, if it names one.
        tone: Tone words, once each.
        elements: Elements, once each.
        nouns: Categories, in the order of their nouns.
        styles: Styles, once each.
        moods: Moods, once each.
    """

    bpm: float | None = None
    bars: int | None = None
    key: str | None = None
    seconds: float | None = None
    tone: list[str] = field(default_factory=list)
    elements: list[str] = field(default_factory=list)
    nouns: list[str] = field(default_factory=list)
    styles: list[str] = field(default_factory=list)
    moods: list[str] = field(default_factory=list)


def asked(text: str) -> Asked:
    """What a text asks for; words outside the vocabulary are passed over."""
    found = Asked()
    if tempo := BPM.search(text):
        found.bpm = float(tempo[1])
    if bars := _BARS.search(text):
        found.bars = _COUNTS.get(bars[1].lower()) or int(bars[1])
    if key := KEY.search(text):
        found.key = str(key_of(key))
    if seconds := _SECONDS.search(text):
        found.seconds = float(seconds[1])
    lists = {
        "tone": found.tone,
        "element": found.elements,
        "category": found.nouns,
        "style": found.styles,
        "mood": found.moods,
    }
    for _, word in words_in(text):
        for kind, name in vocabulary().meanings[word]:
            if name not in lists[kind]:
                lists[kind].append(name)
    return found


def words_in(text: str) -> list[tuple[int, str]]:
    """Words of the vocabulary in a text and where they begin, the longer ones first where they overlap."""
    free, found = text.lower(), []
    for word in sorted(vocabulary().meanings, key=lambda one: (-len(one), one)):
        for match in re.finditer(rf"(?<![\w-]){re.escape(word)}(?![\w-])", free):
            found.append((match.start(), word))
            free = free[: match.start()] + "\0" * len(word) + free[match.end() :]
    return sorted(found)


def brief_of_text(text: str) -> Brief:
    """The brief of a text, with what it names as its target, and the text as its baseline prompt.

    Raises:
        BriefError: It says nothing of what sound it should be, or asks for what makes no sense.
    """
    if not text.strip() or len(text) > _LONGEST_TEXT:
        raise BriefError(
            f"a brief is a text of 1 to {_LONGEST_TEXT:,} characters; got {len(text):,}; say what to make"
        )
    found = asked(text)
    category = category_of(found)
    if category is None:
        raise BriefError(
            f"a brief names what it asks for, as in 'drum loop', 'piano note' or 'riser'; got {text!r}"
        )
    seconds, bars = _length(found, category)
    return Brief(
        id=f"text-{sha256(text.encode())[:12]}",
        category=category,
        subcategory=found.styles[0] if found.styles else category,
        description=text,
        target=Target(seconds, found.bpm, bars, found.key, tuple(found.tone), tuple(found.elements)),
        baseline_prompt=text,
        settings=SETTINGS[category],
    )


def category_of(found: Asked) -> str | None:
    """The category of what is asked for: by its first noun, by its style, or by its elements."""
    if found.nouns:
        return found.nouns[0]
    if found.styles:
        return vocabulary().styles[found.styles[0]].category
    if _DRUMS & {*found.elements}:
        return "drums" if found.bpm or len(found.elements) > 1 else "instruments"
    if found.elements:
        return "phrases" if found.bpm else "instruments"
    return None


@lru_cache(4_096)  # asked of every sound that is scored
def pitched(brief: Brief) -> bool:
    """Whether a brief asks for something with a pitch: a key, a line of notes, or a thing that has one."""
    if brief.target.key is not None or brief.category == "phrases":
        return True
    words = {word for _, word in words_in(brief.description)}
    return bool(words & vocabulary().pitched) and not _DRUMS & {*brief.target.elements}


@lru_cache(4_096)
def things(brief: Brief) -> tuple[str, ...]:
    """Instruments or effects of its category that a brief names."""
    named = {brief.subcategory, *(word for _, word in words_in(brief.description))}
    return tuple(thing for thing in vocabulary().things_of(brief.category) if thing in named)


def _length(found: Asked, category: str) -> tuple[float, int | None]:
    """Seconds and bars; a rhythm is as long as its bars, unless seconds are named."""
    if found.bpm and found.bars:
        return bar_seconds(found.bpm, found.bars), found.bars
    if found.seconds:
        return found.seconds, None
    if found.bpm and category in ("drums", "phrases"):
        bars = _USUAL_BARS
        while bar_seconds(found.bpm, bars) > _LONG_S:
            bars //= 2
        return bar_seconds(found.bpm, bars), bars
    return _USUAL_S[category], None
