"""A file made of pieces of another one, as libsndfile is to see it.

What stands around the samples of a sound (tags, lists, chunks of other programs) is left out, and a header
that does not tell the truth is replaced by one that does. Nothing is copied: pieces are read where they
lie.
"""

from __future__ import annotations

import bisect
import io
import os
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, BinaryIO

Piece = bytes | range
"""Bytes of our own, or a range of positions in the file."""


@dataclass(frozen=True)
class Part:
    """A stretch of a file that is a sound file of its own.

    Attributes:
        pieces: What it consists of.
        frames: How many frames it holds, where that is known better than libsndfile tells it; -1 if not.
        tolerance_frames: How many frames fewer than promised still make it whole.
    """

    pieces: tuple[Piece, ...]
    frames: int = -1
    tolerance_frames: float = 0


class PiecedFile(io.RawIOBase):
    """The pieces of a part, read as one file.

    Args:
        file: What the ranges lie in; read by nobody else meanwhile.
        pieces: One or more.
    """

    def __init__(self, file: BinaryIO, pieces: tuple[Piece, ...]) -> None:
        self._file, self._pieces = file, pieces
        self._ends = list(accumulate(map(len, pieces)))
        self._position = 0

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a position."""
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._ends[-1]}[whence]
        self._position = max(0, origin + offset)
        return self._position

    def tell(self) -> int:
        """The present position."""
        return self._position

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read on into a buffer; how many bytes there were."""
        view = memoryview(buffer).cast("B")
        done = 0
        number = bisect.bisect_right(self._ends, self._position)
        while done < len(view) and number < len(self._pieces):
            piece = self._pieces[number]
            skipped = self._position - (self._ends[number] - len(piece))
            wanted = min(len(view) - done, len(piece) - skipped)
            if isinstance(piece, range):
                self._file.seek(piece.start + skipped)
                data = self._file.read(wanted)
            else:
                data = piece[skipped : skipped + wanted]
            view[done : done + len(data)] = data
            done += len(data)
            self._position += len(data)
            if len(data) < wanted:
                break
            number += 1
        return done
