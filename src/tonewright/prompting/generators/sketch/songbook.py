"""The songbook: composed pieces with what was measured when they were played; what a sketch is trained on."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tonewright.errors import CheckpointError
from tonewright.files import StrPath, replacing
from tonewright.measuring.workers import do_all
from tonewright.prompting.briefs.brief import bar_seconds
from tonewright.prompting.briefs.keys import Key
from tonewright.prompting.generators.base import SAMPLE_RATE_HZ
from tonewright.prompting.generators.sketch.band import play
from tonewright.prompting.generators.sketch.captioning import Known, fitting_tones, norms_of
from tonewright.prompting.generators.sketch.composing import Composed, compose
from tonewright.prompting.generators.sketch.piece import CATEGORIES, PIECE
from tonewright.prompting.listening.analysis import listen
from tonewright.prompting.listening.axes import AXES, measure_axes
from tonewright.prompting.words.vocabulary import vocabulary

_BARS, _SECONDS = 2, {"instruments": 2.0, "sfx": 3.0, "ambient": 5.0}
_PORTION = 40
"""Pieces that a worker composes at once."""


class _Portion(NamedTuple):
    category: str
    first: int
    pieces: int
    seed: int


class _Entry(NamedTuple):
    """What is kept of a piece: unit vector, axes, seconds, style, elements and noun."""

    unit: NDArray[np.float32]
    axes: NDArray[np.float64]
    seconds: float
    style: str
    elements: tuple[str, ...]
    noun: str


@dataclass(frozen=True, eq=False)
class Songbook:
    """Pieces, and what is known of them.

    Attributes:
        units: `[N, D]` unit vectors.
        axes: `[N, A]` measures, in the order of `listening.axes.AXES`.
        seconds: `[N]`: how long they were when they were measured.
        styles: Of each.
        elements: Of each.
        nouns: Of each; empty where any noun of the category fits.
    """

    units: NDArray[np.float32]
    axes: NDArray[np.float64]
    seconds: NDArray[np.float64]
    styles: Sequence[str]
    elements: Sequence[tuple[str, ...]]
    nouns: Sequence[str]

    def __len__(self) -> int:
        return len(self.units)

    @cached_property
    def known(self) -> list[Known]:
        """What captions may tell of each piece."""
        columns = [PIECE.index(name) for name in ("category", "bpm", "tonic", "minor")]
        plans = PIECE.to_physical(self.units)[:, columns]
        return [
            Known(CATEGORIES[int(category)], style, elements, noun or None, bpm, Key(int(tonic), bool(minor)))
            for (category, bpm, tonic, minor), style, elements, noun in zip(
                plans.tolist(), self.styles, self.elements, self.nouns, strict=True
            )
        ]

    @cached_property
    def tones(self) -> list[list[str]]:
        """Tone words that fit each piece, against the other pieces of its category."""
        categories = np.array([one.category for one in self.known])
        found: list[list[str]] = [[] for _ in self.units]
        for category in CATEGORIES:
            rows = np.flatnonzero(categories == category)
            if not len(rows):
                continue
            norms = norms_of({name: self.axes[rows, number] for number, name in enumerate(AXES)})
            for row in rows:
                axes = dict(zip(AXES, self.axes[row], strict=True))
                found[row] = fitting_tones(axes, norms)
        return found

    def save(self, path: StrPath, *, overwrite: bool = False) -> None:
        """Write it as one file of arrays.

        Raises:
            OutputError: It cannot be written.
        """
        words = json.dumps([[*one] for one in zip(self.styles, self.elements, self.nouns, strict=True)])
        with replacing(path, overwrite=overwrite) as temporary, temporary.open("wb") as file:
            np.savez_compressed(
                file,
                units=self.units,
                axes=self.axes,
                seconds=self.seconds,
                words=np.frombuffer(words.encode(), np.uint8),
            )

    @classmethod
    def load(cls, path: StrPath) -> Songbook:
        """Read one.

        Raises:
            CheckpointError: It is missing, damaged, or of other controls or measures.
        """
        try:
            with np.load(Path(path), allow_pickle=False) as arrays:
                units, axes, seconds = (arrays[name] for name in ("units", "axes", "seconds"))
                words = json.loads(arrays["words"].tobytes())
            book = cls(
                units,
                axes,
                seconds,
                [one[0] for one in words],
                [tuple(one[1]) for one in words],
                [one[2] for one in words],
            )
            fits = units.shape == (len(words), len(PIECE)) and axes.shape == (len(words), len(AXES))
        except (OSError, ValueError, KeyError, IndexError, zipfile.BadZipFile) as error:
            raise CheckpointError(
                f"cannot read {str(path)!r} as a songbook ({error}); make it anew"
            ) from None
        if not fits:
            raise CheckpointError(f"{str(path)!r} is a songbook of other controls or measures; make it anew")
        return book


def make_songbook(
    count: int, *, seed: int = 0, workers: int = 1, progress: Callable[[int], None] = lambda done: None
) -> Songbook:
    """Compose, play and measure pieces.

    Args:
        count: How many of each category.
        seed: The same seed gives the same pieces.
        workers: Processes.
        progress: Called with how many have been made since.
    """
    work = [
        _Portion(category, first, min(_PORTION, count - first), seed)
        for first in range(0, count, _PORTION)
        for category in CATEGORIES
    ]
    made: dict[int, list[_Entry]] = {}
    for number, entries in do_all(work, _portion, workers):
        made[number] = entries
        progress(work[number].pieces)
    entries = [entry for number in range(len(work)) for entry in made[number]]
    return Songbook(
        np.stack([entry.unit for entry in entries]),
        np.stack([entry.axes for entry in entries]),
        np.array([entry.seconds for entry in entries]),
        [entry.style for entry in entries],
        [entry.elements for entry in entries],
        [entry.noun for entry in entries],
    )


def _portion(work: _Portion) -> list[_Entry]:
    return [
        _entry(work.category, [work.seed, number]) for number in range(work.first, work.first + work.pieces)
    ]


def _entry(category: str, seed: Sequence[int]) -> _Entry:
    """A piece that is heard, of a style to be trained on."""
    rng = np.random.default_rng([*seed, CATEGORIES.index(category)])
    styles = [
        style.name
        for style in vocabulary().styles.values()
        if style.category == category and not style.held_out
    ]
    while True:
        composed = compose(category, styles[int(rng.integers(len(styles)))], rng)
        seconds = seconds_of(composed)
        sound = play(composed.piece, seconds, SAMPLE_RATE_HZ, int(rng.integers(2**31)))
        if np.abs(sound).max() > 0:
            axes = measure_axes(listen(sound[None]))
            values = np.array([axes[name][0] for name in AXES])
            return _Entry(
                composed.piece.unit, values, seconds, composed.style, composed.elements, composed.noun or ""
            )


def seconds_of(composed: Composed) -> float:
    """How long a piece is played to be measured: two bars, or as its category has it."""
    category = composed.piece.category
    return _SECONDS.get(category) or bar_seconds(round(composed.piece.values["bpm"]), _BARS)
