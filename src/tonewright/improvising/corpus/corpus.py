"""`Corpus`: the descriptors of every frame of a folder of recordings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tonewright.errors import UnknownNameError
from tonewright.features.framing import Framing
from tonewright.features.registry import Descriptor

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")


@dataclass(frozen=True)
class CorpusFile:
    """A recording of a corpus.

    Attributes:
        name: Its path below the folder, with `/` between the parts.
        sha256: Hash of its bytes.
        split: What it is for; decided by file, once, and kept.
        first: Its first row in the corpus.
        frames: How many rows it has.
        seconds: Its duration.
        sample_rate_hz: Its own rate, before it was brought to that of the framing.
        channels: How many channels it has; they were heard together.
        silent_frames: In how many frames no channel comes to `SILENCE_DBFS`.
        cancelled_frames: In how many frames its channels cancel each other, so that their mean is next to
            silent.
    """

    name: str
    sha256: str
    split: Split
    first: int
    frames: int
    seconds: float
    sample_rate_hz: int = 44_100
    channels: int = 1
    silent_frames: int = 0
    cancelled_frames: int = 0

    @property
    def rows(self) -> slice:
        """Its rows in the corpus."""
        return slice(self.first, self.first + self.frames)


SILENCE_DBFS = -60.0
"""RMS level below which a frame counts as silence: the noise of a quiet room, recorded with care."""


@dataclass(frozen=True)
class Measured:
    """A descriptor as a corpus holds it.

    Attributes:
        name: What it is asked for by.
        category: The group it belongs to.
        unit: Unit of its columns; "1" where there is none.
        columns: One name to each value.
    """

    name: str
    category: str
    unit: str
    columns: tuple[str, ...]

    @classmethod
    def of(cls, descriptor: Descriptor) -> Measured:
        """What a corpus keeps of a descriptor."""
        return cls(descriptor.name, descriptor.category, descriptor.unit, descriptor.columns)


@dataclass(frozen=True)
class Contents:
    """What a corpus holds, but for the values.

    Attributes:
        framing: How the recordings were heard; those of other rates were brought to this one first.
        measured: The descriptors, in the order of the columns.
        files: The recordings, in the order of their rows.
        skipped: What could not be used: path below the folder, and why.
        shares: Percentage of the sound that each part of `SPLITS` was to have.
        seed: What the split was drawn with.
        version: Version of Tonewright that made it.
    """

    framing: Framing
    measured: tuple[Measured, ...]
    files: tuple[CorpusFile, ...]
    skipped: tuple[tuple[str, str], ...]
    shares: tuple[int, int, int]
    seed: int
    version: str

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The name of each column."""
        return tuple(column for one in self.measured for column in one.columns)

    @property
    def frames(self) -> int:
        """How many rows there are."""
        return sum(file.frames for file in self.files)

    @property
    def seconds(self) -> float:
        """Duration of all recordings."""
        return sum(file.seconds for file in self.files)

    def part(self, split: Split) -> list[CorpusFile]:
        """The recordings of one part."""
        return [file for file in self.files if file.split == split]

    def select(self, names: str | Iterable[str] | None) -> tuple[str, ...]:
        """Columns by name, each once, in the order asked for.

        Args:
            names: Descriptors, categories or columns; all if not given.

        Raises:
            UnknownNameError: The corpus holds nothing of a name.
        """
        if names is None:
            return self.columns
        known: dict[str, list[str]] = {}
        for one in self.measured:
            known.setdefault(one.category, []).extend(one.columns)
        # A descriptor hides a category of its name, as in a table of `hear`.
        known = {column: [column] for column in self.columns} | known
        known |= {one.name: list(one.columns) for one in self.measured}
        chosen: dict[str, None] = {}
        for name in [names] if isinstance(names, str) else names:
            if name not in known:
                raise UnknownNameError("descriptor, category or column of this corpus", str(name), known)
            chosen |= dict.fromkeys(known[name])
        return tuple(chosen)

    def units_of(self, columns: Sequence[str]) -> tuple[str, ...]:
        """Unit of each column."""
        units = {column: one.unit for one in self.measured for column in one.columns}
        return tuple(units[column] for column in columns)


@dataclass(frozen=True, eq=False)
class Corpus:
    """Descriptors of recordings.

    Attributes:
        framing: How they were heard; recordings of other rates are brought to this one first.
        descriptors: What was measured, by name.
        columns: One name to each value (`mfcc_01`), `[C]`.
        files: The recordings, in the order of their rows.
        skipped: What could not be used: path below the folder, and why.
        values: `[frames, C]` float32, one row per hop.
        units: Unit of each column, `[C]`; "1" where there is none.
    """

    framing: Framing
    descriptors: tuple[str, ...]
    columns: tuple[str, ...]
    files: tuple[CorpusFile, ...]
    skipped: tuple[tuple[str, str], ...]
    values: NDArray[np.float32]
    units: tuple[str, ...] = ()

    def __repr__(self) -> str:
        frames, columns = self.values.shape
        return f"<Corpus of {len(self.files)} recordings: {frames:,} frames, {columns} columns>"

    def part(self, split: Split) -> list[CorpusFile]:
        """The recordings of one part."""
        return [file for file in self.files if file.split == split]
