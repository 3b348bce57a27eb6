"""What a folder of recordings holds, before anything is heard."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tonewright.errors import system_reason


@dataclass(frozen=True)
class Recording:
    """A file to be heard."""

    path: Path
    name: str
    sha256: str
    size: int


@dataclass(frozen=True)
class Survey:
    """What a folder holds: recordings, each content once, and what is skipped unheard."""

    recordings: tuple[Recording, ...]
    skipped: tuple[tuple[str, str], ...]


def find_recordings(folder: Path, paths: Sequence[Path], threads: int) -> Survey:
    """Hash every file; of those with the same bytes the first counts."""
    with ThreadPoolExecutor(threads, "tonewright survey") as pool:
        digests = list(pool.map(_sha256, paths))
    found: dict[str, Recording] = {}
    skipped = []
    for path, (sha256, size, fault) in zip(paths, digests, strict=True):
        name = recording_name(path, folder)
        if fault:
            skipped.append((name, fault))
        elif sha256 in found:
            skipped.append((name, f"it holds the same bytes as {found[sha256].name!r}, which counts once"))
        else:
            found[sha256] = Recording(path, name, sha256, size)
    return Survey(tuple(found.values()), tuple(skipped))


def _sha256(path: Path) -> tuple[str, int, str]:
    """Hash and size of a file, or why it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest(), os.fstat(file.fileno()).st_size, ""
    except OSError as error:
        return "", 0, f"cannot be read: {system_reason(error)}"


def recording_name(path: Path, folder: Path) -> str:
    """Path of a recording below its folder, with `/` between the parts; what is no UTF-8 is told in hex."""
    return os.fsencode(path.relative_to(folder).as_posix()).decode("utf-8", "backslashreplace")
