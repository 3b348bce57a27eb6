"""Musical keys by name."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tonewright.errors import BriefError

_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_SHIFT = {"": 0, "#": 1, "♯": 1, "sharp": 1, "b": -1, "♭": -1, "flat": -1}
KEY = re.compile(
    r"\b(?P<letter>[A-Ga-g])(?:\s?-?(?P<accidental>sharp|flat|[#♯b♭]))?\s?-?(?P<mode>major|minor|maj|min)\b"
)
"""A key within a text: `F# minor`, `B-flat major`."""


@dataclass(frozen=True)
class Key:
    """A major or minor key.

    Attributes:
        tonic: Pitch class of the tonic, 0 for C to 11 for B.
        minor: Whether it is minor.
    """

    tonic: int
    minor: bool

    def __str__(self) -> str:
        return f"{_NAMES[self.tonic]} {'minor' if self.minor else 'major'}"


def key_of(found: re.Match[str]) -> Key:
    """The key of a match of `KEY`."""
    tonic = (_LETTERS[found["letter"].upper()] + _SHIFT[found["accidental"] or ""]) % 12
    return Key(tonic, found["mode"].startswith("min"))


def parse_key(text: str) -> Key:
    """The key of a name.

    Raises:
        BriefError: It is none.

    Examples:
        >>> from tonewright.prompting.briefs.keys import parse_key
        >>> parse_key("Bb minor"), str(parse_key("Bb minor"))
        (Key(tonic=10, minor=True), 'A# minor')
    """
    found = KEY.fullmatch(text.strip())
    if found is None:
        raise BriefError(f"a key is named as in 'F# minor' or 'C major'; got {text!r}")
    return key_of(found)
