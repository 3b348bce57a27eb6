"""Text as numbers for the flow: words it has been trained on, and one number for all others."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

LENGTH = 40
"""Words of a prompt that are read; the rest is not."""
NOTHING, UNKNOWN = 0, 1
_FIRST = 2
_WORD = re.compile(r"\d+(?:\.\d+)?|[a-z][#♯b♭](?![a-z])|[a-z]+(?:-[a-z]+)*")


def words(text: str) -> list[str]:
    """The words of a text: letters, numbers and names of notes, in small letters."""
    return [word.replace("♯", "#").replace("♭", "b") for word in _WORD.findall(text.lower())]


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
        self.size = _FIRST + len(known)

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Numbers of the words of each text, `[B, LENGTH]`, 0 behind its end."""
        found = np.full((len(texts), LENGTH), NOTHING, np.float32)
        for row, text in zip(found, texts, strict=True):
            numbers = [self._numbers.get(word, UNKNOWN) for word in words(text)[:LENGTH]]
            row[: len(numbers)] = numbers
        return found
