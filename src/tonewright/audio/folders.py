"""Folders of sounds."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from tonewright.errors import AudioError, UsageError

Read = TypeVar("Read")

SOUND_ENDINGS = (
    *(".wav", ".flac", ".aiff", ".aif", ".aifc", ".ogg", ".oga", ".opus", ".mp3", ".mp2"),
    *(".w64", ".rf64", ".caf", ".au", ".m4a", ".aac", ".wma"),
)
"""Endings of names, in small letters, that are taken for sounds."""
_FAULTS_SHOWN = 3  # where no file can be used


def sound_files(folder: Path) -> list[Path]:
    """Every sound file of a folder, in the order of their names.

    Raises:
        UsageError: It is no folder, or holds none.

    Examples:
        >>> from pathlib import Path
        >>> from tonewright.audio.folders import sound_files
        >>> [path.name for path in sound_files(Path("examples/sounds"))]
        ['bass.flac', 'bell.flac', 'drum.flac', 'pluck.flac']
    """
    return _sounds(folder, folder.iterdir() if folder.is_dir() else ())


def sound_files_below(folder: Path, *, without: Path | None = None) -> list[Path]:
    """Every sound file of a folder and of the folders in it, in the order of their paths.

    Hidden files and folders (`.name`) are left out: many are what other systems note about a sound.

    Args:
        folder: The folder.
        without: A folder that is left out, should it lie within.

    Raises:
        UsageError: It is no folder, or holds none.
    """
    return _sounds(folder, _below(folder, None if without is None else without.resolve()))


def _below(folder: Path, without: Path | None) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name[0] != "." and Path(parent, name).resolve() != without]
        yield from (Path(parent, name) for name in files if name[0] != ".")


def _sounds(folder: Path, paths: Iterable[Path]) -> list[Path]:
    if folder.is_file():
        raise UsageError(f"sounds are read from a folder; got the file {str(folder)!r}; name its folder")
    if not folder.is_dir():
        raise UsageError(f"there is no folder {str(folder)!r}; check the path")
    sounds = sorted(path for path in paths if path.suffix.lower() in SOUND_ENDINGS and path.is_file())
    if not sounds:
        raise UsageError(
            f"{str(folder)!r} holds no sound (.wav, .flac, .mp3, .m4a and the like); name another folder"
        )
    return sounds


class SkippedSoundsWarning(UserWarning):
    """Some sounds of a folder cannot be used, and the others are.

    Args:
        folder: The folder.
        faults: What is wrong with each, with the name of its file.
        total: How many sounds there are, usable or not.

    Attributes:
        folder, faults, total: The same.
    """

    def __init__(self, folder: Path, faults: Sequence[str], total: int) -> None:
        super().__init__(folder, faults, total)
        self.folder, self.faults, self.total = folder, tuple(faults), total

    @property
    def heading(self) -> str:
        """How many are skipped, and where."""
        return f"skipped {len(self.faults)} of {self.total} sounds in {str(self.folder)!r}"

    def __str__(self) -> str:
        return f"{self.heading}: {'; '.join(self.faults)}"


def read_sounds(folder: Path, read: Callable[[Path], Read]) -> list[tuple[Path, Read]]:
    """What is read of every sound file of a folder that can be used, in the order of their names.

    Warns with `SkippedSoundsWarning` of those that cannot.

    Args:
        folder: The folder.
        read: Reads a file; raises `AudioError` for one that cannot be used.

    Raises:
        UsageError: It is no folder, or holds none.
        AudioError: None can be used.
    """
    found, faults = [], []
    paths = sound_files(folder)
    for path in paths:
        try:
            found.append((path, read(path)))
        except AudioError as error:
            fault = str(error)
            faults.append(fault if path.name in fault else f"{path.name!r}: {fault}")
    if not found:
        raise AudioError(
            f"none of the {len(faults)} sounds in {str(folder)!r} can be used; name another folder, or mend"
            f" them: {'; '.join(faults[:_FAULTS_SHOWN])}{'…' if len(faults) > _FAULTS_SHOWN else ''}"
        )
    if faults:
        warnings.warn(SkippedSoundsWarning(folder, faults, len(paths)), stacklevel=2)
    return found
