"""The folder a Pd works in, which is gone when its user is, however that ended.

Its user holds a lock on it, which the system takes back; the next process that makes one removes those that
were left.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from types import ModuleType

fcntl: ModuleType | None
try:
    import fcntl
except ImportError:  # Windows, where `find_program` says that patches cannot be played
    fcntl = None

_PREFIX = "tonewright-pd-"
_swept: set[Path] = set()


def make_workplace() -> tuple[Path, int]:
    """Make a folder, in memory where that is possible; also the descriptor that holds the lock on it.

    Raises:
        OSError: There is no place for it.
    """
    assert fcntl is not None
    parent = _parent()
    if parent not in _swept:
        _swept.add(parent)
        _sweep(parent)
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
        with suppress(FileNotFoundError):
            lock = os.open(folder, os.O_RDONLY)
            fcntl.flock(lock, fcntl.LOCK_EX)
            if folder.exists():  # else another process has swept it just before
                return folder, lock
            os.close(lock)


def remove_workplace(folder: Path, lock: int) -> None:
    """Remove a folder and let go of its lock."""
    shutil.rmtree(folder, ignore_errors=True)
    os.close(lock)


def _sweep(parent: Path) -> None:
    assert fcntl is not None
    for left in parent.glob(f"{_PREFIX}*"):
        with suppress(OSError):  # that of another user
            lock = os.open(left, os.O_RDONLY | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # refused while its user lives
                shutil.rmtree(left, ignore_errors=True)
            finally:
                os.close(lock)


def _parent() -> Path:
    in_memory = "/dev/shm"
    return Path(in_memory if os.access(in_memory, os.W_OK | os.X_OK) else tempfile.gettempdir())
