"""Work that is kept while a table is built: finished pieces in a folder beside the table's place.

`table.parquet.partial/` holds `request.json`, which says what belongs to it, and a `.npy` file for each
piece. Each is written whole or not at all, so that a build that was killed goes on with the next piece.
"""

from __future__ import annotations

import io
import os
import re
from contextlib import suppress
from os import PathLike, fspath
from pathlib import Path
from types import ModuleType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from tonewright.documents import MOST_BYTES
from tonewright.errors import OutputError, TableError, UsageError
from tonewright.files import prepare_folder, read_limited, write_bytes, write_text

fcntl: ModuleType | None
try:
    import fcntl
except ImportError:  # Windows: nothing is locked there
    fcntl = None

_REQUEST = "request.json"
_PIECE = re.compile(r"piece-\d{6}\.npy")
_HIDDEN = ".tonewright-"  # a piece that a killed process was writing
_MOST_PIECE = 1 << 30


class Partial:
    """The finished pieces of a table, held by one process at a time: a context.

    Args:
        path: Where the table will be.
        request: What decides its values.
        overwrite: Whether pieces of another request are dropped instead of refused.

    Attributes:
        folder: Where the pieces are.

    Raises:
        UsageError: The folder holds pieces of another request, or something else.
        OutputError: The folder cannot be written, or another process builds the table.
    """

    def __init__(self, path: str | PathLike[str], request: str, *, overwrite: bool) -> None:
        self.folder = Path(f"{fspath(path)}.partial")
        prepare_folder(self.folder, overwrite=True)
        self._lock = self._locked()
        try:
            if not self._belongs(request, overwrite):
                self._clear()
                write_text(self.folder / _REQUEST, request, overwrite=True)
        except BaseException:
            self._unlock()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._unlock()

    def save(self, piece: int, values: NDArray[np.float32]) -> None:
        """Keep a finished piece."""
        file = io.BytesIO()
        np.save(file, values, allow_pickle=False)
        write_bytes(self._file(piece), file.getvalue(), overwrite=True)

    def load(self, piece: int, shape: tuple[int, int]) -> NDArray[np.float32] | None:
        """A finished piece; None if there is none of this shape, or it is damaged."""
        if not self._file(piece).exists():
            return None
        content = read_limited(self._file(piece), _MOST_PIECE, TableError, "delete it")
        try:
            values = np.load(io.BytesIO(content), allow_pickle=False)
        except (ValueError, EOFError, OSError):
            return None
        fits = isinstance(values, np.ndarray) and values.shape == shape and values.dtype == np.float32
        return values if fits and np.isfinite(values).all() else None

    def remove(self) -> None:
        """Remove the pieces, and the folder unless something else lies in it."""
        self._clear()
        with suppress(OSError):
            self.folder.rmdir()

    def _clear(self) -> None:
        for file in self.folder.iterdir():
            if self._is_ours(file.name):
                file.unlink(missing_ok=True)

    def _belongs(self, request: str, overwrite: bool) -> bool:
        """Whether the pieces that are there are of the same request.

        Raises:
            UsageError: There are others that may not be dropped.
        """
        named = repr(fspath(self.folder))
        names = [file.name for file in self.folder.iterdir()]
        if not all(map(self._is_ours, names)):
            raise UsageError(
                f"{named} keeps the pieces of a table; got a folder with other files; move it away"
            )
        known = self.folder / _REQUEST
        if _REQUEST in names and read_limited(known, MOST_BYTES, TableError, "delete it") == request.encode():
            return True
        if not overwrite and any(map(_PIECE.fullmatch, names)):
            raise UsageError(
                f"a build goes on with pieces of the same table; got {named} with those of another; give the "
                "options that it was begun with, pass --overwrite (overwrite=True in Python), or delete it"
            )
        return False

    def _locked(self) -> int | None:
        """A lock that the system takes back however this process ends; None without locks."""
        if fcntl is None:
            return None
        lock = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise OutputError(
                f"one process at a time builds a table; got {fspath(self.folder)!r}, which another one is "
                "writing; wait for it, or name another file"
            ) from None
        except OSError:  # a file system without locks
            pass
        return lock

    def _unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _file(self, piece: int) -> Path:
        return self.folder / f"piece-{piece:06d}.npy"

    @staticmethod
    def _is_ours(name: str) -> bool:
        return name == _REQUEST or name.startswith(_HIDDEN) or _PIECE.fullmatch(name) is not None
