"""Folders of sounds."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from tonewright.errors import UsageError

SOUND_ENDINGS = (".wav", ".flac", ".aiff", ".aif", ".ogg", ".mp3")
"""Endings of names, in small letters, that are taken for sounds."""


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
    if not folder.is_dir():
        raise UsageError(f"there is no folder {str(folder)!r}; check the path")
    sounds = sorted(path for path in paths if path.suffix.lower() in SOUND_ENDINGS and path.is_file())
    if not sounds:
        raise UsageError(f"{str(folder)!r} holds no sound (WAV, AIFF, FLAC, OGG or MP3); name another folder")
    return sounds
