"""Text as numbers for the flow: words it has been trained on, and one number for all others.

A tempo and a key are each a word of their own, however they are written: `128 BPM` is `tempo:128`, and
`Bb minor` is `tonic:10` and `minor`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from tonewright.prompting.briefs.keys import KEY, key_of
from tonewright.prompting.briefs.reading import BPM

LENGTH = 40
"""Words of a prompt that are read; the rest is not."""
NOTHING, UNKNOWN = 0, 1
_FIRST = 2
_TEMPO = "tempo:"
_WORD = re.compile(r"(?:tempo|tonic):\d+|\d+(?:\.\d+)?|[a-z]+(?:-[a-z]+)*")


def words(text: str) -> list[str]:
    """The words of a text: letters, numbers, tempos and keys, in small letters.

    Examples:
        >>> from tonewright.prompting.generators.sketch.text import words
        >>> words("Warm riff in F# minor, 97.6 BPM")
        ['warm', 'riff', 'in', 'tonic:6', 'minor', 'tempo:98']
    """
    told = KEY.sub(lambda found: f" tonic:{key_of(found).tonic} {_mode(found)} ", text)
    told = BPM.sub(lambda found: f" {_TEMPO}{round(float(found[1]))} ", told)
    return _WORD.findall(told.lower())


def _mode(found: re.Match[str]) -> str:
    return "minor" if key_of(found).minor else "major"


def tempo_word(bpm: int) -> str:
    """The word of a tempo."""
    return f"{_TEMPO}{bpm}"


def tempo_of(word: str) -> float | None:
    """The tempo of a word in BPM; None if it is none."""
    return float(word.removeprefix(_TEMPO)) if word.startswith(_TEMPO) else None


def learn_words(texts: Iterable[str], most: int) -> list[str]:
    """The words that are there most often, the commonest first."""
    counts = Counter(word for text in texts for word in words(text))
    return [word for word, _ in sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:most]]


class Reader:
    """Turns texts into numbers.

    Args:
        known: The words that have numbers of their own.
    """

    def __init__(self, known: Sequence[str]) -> None:
        self._numbers = {word: _FIRST + number for number, word in enumerate(known)}
        self.known = tuple(known)
        self.size = _FIRST + len(known)

    def number(self, word: str) -> int:
        """The number of a word."""
        return self._numbers.get(word, UNKNOWN)

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Numbers of the words of each text, `[B, LENGTH]`, 0 behind its end."""
        found = np.full((len(texts), LENGTH), NOTHING, np.float32)
        for row, text in zip(found, texts, strict=True):
            numbers = [self.number(word) for word in words(text)[:LENGTH]]
            row[: len(numbers)] = numbers
        return found
