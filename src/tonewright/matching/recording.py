"""Reading the file to be matched: no more of it than a match can use."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from tonewright.audio import Clip, info, is_silent, read_blocks
from tonewright.errors import AudioError, UsageError

_BLOCK_SECONDS = 30.0
_SOUND_ENDINGS = (".wav", ".flac", ".aiff", ".aif", ".ogg", ".mp3")


@dataclass(frozen=True, eq=False)
class Recording:
    """The beginning of what sounds in a file.

    Attributes:
        clip: At most a minute of it.
        name: Name of the file without its folder.
        start_s: Where the clip begins in the file.
        seconds: Duration of the whole file.
    """

    clip: Clip
    name: str
    start_s: float
    seconds: float

    def info(self, target_info: Mapping[str, Any]) -> dict[str, Any]:
        """Facts on a target that was prepared from the clip, told about the file."""
        start_s = self.start_s + target_info["trimmed_start_s"]
        return {"path": self.name} | {**target_info, "seconds": self.seconds, "trimmed_start_s": start_s}


def read_recording(path: str | os.PathLike[str]) -> Recording:
    """Read a minute of a sound file from the first half minute that sounds, or all of a shorter one.

    A file may be hours long: what comes before is read block by block, and what comes after not at all.

    Raises:
        AudioError: The file cannot be read, or what is read of it is damaged or not finite.
    """
    name = os.fsencode(PurePath(path).name).decode(errors="replace")
    blocks = read_blocks(path, block_seconds=_BLOCK_SECONDS)
    clip = next(blocks, None)
    if clip is None:
        raise AudioError(f"{name!r} holds no sound; record or export it again")
    start_s = 0.0
    for block in blocks:
        if not is_silent(clip):
            both = np.concatenate([clip.samples, block.samples], axis=1)
            clip = Clip(both, clip.sample_rate_hz)
            break
        start_s += clip.seconds
        clip = block
    return Recording(clip, name, start_s, info(path).seconds)


def sound_files(folder: Path) -> list[Path]:
    """Every sound file of a folder, in the order of their names.

    Raises:
        UsageError: It holds none.
    """
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in _SOUND_ENDINGS)
    if not paths:
        raise UsageError(f"{str(folder)!r} holds no sound (WAV, AIFF, FLAC, OGG or MP3); name another folder")
    return paths
