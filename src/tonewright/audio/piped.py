"""Sounds that come through a pipe: standard input, named pipes, process substitution.

What comes is kept in a temporary file, because most formats can be judged and read only where one can go
back. The file goes when nobody needs it any more.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
import weakref
from pathlib import Path
from typing import IO, BinaryIO

from tonewright.errors import AudioError, UsageError, system_reason

STANDARD_INPUT = "standard input"
_BLOCK_BYTES = 2**20
_DESCRIPTORS = ("/dev/fd", "/proc/self/fd")
_STDIN_NAMES = ("/dev/stdin", *(f"{folder}/0" for folder in _DESCRIPTORS))


class PipedSound(os.PathLike[str]):
    """What came through a pipe; to be read as often as needed, by any function that reads a sound file.

    As a path it is a name for messages, and no file bears it.

    Attributes:
        place: The temporary file.
    """

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self._name = name
        file: IO[bytes] = tempfile.NamedTemporaryFile(prefix="tonewright-")  # noqa: SIM115 (closed with self)
        weakref.finalize(self, file.close)
        self.place = file.name
        try:
            shutil.copyfileobj(stream, file, _BLOCK_BYTES)
            file.flush()
        except OSError as error:
            raise AudioError(
                f"cannot keep what comes through {name!r} in {tempfile.gettempdir()!r}: "
                f"{system_reason(error)}; make room there, or save the sound to a file first"
            ) from error

    def __fspath__(self) -> str:
        return self._name

    def __str__(self) -> str:
        return self._name


def is_pipe(path: str | os.PathLike[str]) -> bool:
    """Whether a path leads to a pipe.

    Raises:
        OSError: It leads nowhere.
    """
    if isinstance(path, PipedSound):
        return False
    return stat.S_ISFIFO(os.stat(path).st_mode)


def keep(path: str | os.PathLike[str]) -> PipedSound:
    """Read a pipe to its end; waits for whoever writes to it."""
    name = os.fspath(path)
    if name in _STDIN_NAMES:
        name = STANDARD_INPUT
    elif os.path.dirname(name) in _DESCRIPTORS:
        name = "pipe"
    with open(path, "rb", buffering=0) as stream:
        return PipedSound(stream, name)


def standard_input() -> PipedSound:
    """Read standard input to its end.

    Raises:
        UsageError: It is a terminal.
        AudioError: There is none.
    """
    if sys.stdin is None or sys.stdin.closed:
        raise AudioError("standard input is closed; pipe a sound into it, or name a file")
    if sys.stdin.isatty():
        raise UsageError(
            "a sound is read from standard input; got a terminal; pipe one into it, or name a file"
        )
    return PipedSound(sys.stdin.buffer, STANDARD_INPUT)


def kept(path: str | os.PathLike[str]) -> str | os.PathLike[str]:
    """A path that can be read as often as needed: a pipe is read to its end first."""
    try:
        return keep(path) if is_pipe(path) else path
    except (OSError, ValueError):  # whoever reads it says what is wrong
        return path


def readable(path: Path) -> str | os.PathLike[str]:
    """A path as a command line gives it, to be read as often as needed: `-` is standard input.

    Raises:
        UsageError: Standard input is a terminal.
        AudioError: A pipe cannot be read.
    """
    if str(path) == "-":
        return standard_input()
    return kept(path)
