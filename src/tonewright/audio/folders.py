"""Folders of sounds."""

from __future__ import annotations

from pathlib import Path

from tonewright.errors import UsageError

SOUND_ENDINGS = (
    *(".wav", ".flac", ".aiff", ".aif", ".aifc", ".ogg", ".oga", ".opus", ".mp3", ".mp2"),
    *(".w64", ".rf64", ".caf", ".au", ".m4a", ".aac", ".wma"),
)
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
    if not folder.is_dir():
        raise UsageError(f"there is no folder {str(folder)!r}; check the path")
    files = (path for path in folder.iterdir() if path.is_file())
    paths = sorted(path for path in files if path.suffix.lower() in SOUND_ENDINGS)
    if not paths:
        raise UsageError(f"{str(folder)!r} holds no sound (WAV, AIFF, FLAC, OGG or MP3); name another folder")
    return paths
