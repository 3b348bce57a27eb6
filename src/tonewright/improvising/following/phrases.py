"""Phrases: given stretches of what a musician plays, to be followed from their beginning."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tonewright.errors import UsageError
from tonewright.improvising.corpus.corpus import Corpus, Split

_SHORTEST_S, _LONGEST_S = 4.0, 10.0


class Phrase(NamedTuple):
    """A stretch to follow.

    Attributes:
        name: For people.
        columns: Names of what was measured, `[C]`.
        frames: `[hops, C]` float32 as they were measured.
        files: The recordings that it is made of, and the seconds from and to in each.
    """

    name: str
    columns: tuple[str, ...]
    frames: NDArray[np.float32]
    files: tuple[tuple[str, float, float], ...] = ()


def held_out_phrases(corpus: Corpus, split: Split = "test") -> list[Phrase]:
    """One part of a corpus as phrases of 4 to 14 s: what is longer than 10 s is cut, what is short is joined.

    Args:
        corpus: Recordings.
        split: Which part.

    Returns:
        At least one phrase; every frame of the part is in exactly one of them. Only the last one may be
        shorter.

    Raises:
        UsageError: The part is empty.
    """
    hop_s = corpus.framing.hop / corpus.framing.sample_rate_hz
    shortest, longest = (round(seconds / hop_s) for seconds in (_SHORTEST_S, _LONGEST_S))
    phrases: list[Phrase] = []
    pieces: list[NDArray[np.float32]] = []
    places: list[tuple[str, float, float]] = []

    def close() -> None:
        if pieces:
            first = places[0][0]
            name = first if len(places) == 1 else f"{first} and {len(places) - 1} more"
            if any(phrase.name == name for phrase in phrases):
                name = f"{name} from {places[0][1]:.1f} s"
            phrases.append(Phrase(name, corpus.columns, np.concatenate(pieces), tuple(places)))
            pieces.clear()
            places.clear()

    for file in corpus.part(split):
        values = corpus.values[file.first : file.first + file.frames]
        count = -(-len(values) // longest)
        ends = np.linspace(0, len(values), count + 1).astype(int)
        for first, last in pairwise(ends):
            pieces.append(values[first:last])
            places.append((file.name, first * hop_s, last * hop_s))
            if sum(map(len, pieces)) >= shortest:
                close()
    close()
    if not phrases:
        raise UsageError(
            f"the {split} part of the corpus must hold a recording; got none; analyse more files: three are "
            "split into train, validation and test"
        )
    return phrases
