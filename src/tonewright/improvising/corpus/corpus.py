"""`Corpus`: the descriptors of every frame of a folder of recordings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tonewright.features.framing import Framing

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
    """

    name: str
    sha256: str
    split: Split
    first: int
    frames: int
    seconds: float


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
    """

    framing: Framing
    descriptors: tuple[str, ...]
    columns: tuple[str, ...]
    files: tuple[CorpusFile, ...]
    skipped: tuple[tuple[str, str], ...]
    values: NDArray[np.float32]

    def part(self, split: Split) -> list[CorpusFile]:
        """The recordings of one part."""
        return [file for file in self.files if file.split == split]
