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
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tonewright.synths.pd.description import Description

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


def link_patch(folder: Path, patch: Path, description: Description) -> tuple[str, list[str]]:
    """Link what a patch needs into a folder, so that to Pd it does not matter what the user's is called.

    Returns:
        What to write in a box for the patch, in a file in that folder; and options of Pd.

    Raises:
        OSError: It cannot be linked.
    """
    (folder / "patch").symlink_to(patch.parent.resolve(), target_is_directory=True)
    options: list[str] = []
    for i, path in enumerate(description.paths):
        (folder / f"path{i}").symlink_to(path.resolve(), target_is_directory=True)
        options += ["-path", str(folder / f"path{i}")]
    for library in description.libraries:
        options += ["-lib", library]
    return f"patch/{_escaped(patch.stem)}", options


def _escaped(name: str) -> str:
    """A name as it is written in a patch."""
    return "".join(f"\\{letter}" if letter in " ,;$" else letter for letter in name)


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
