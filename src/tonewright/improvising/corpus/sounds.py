"""The recordings of a corpus, to be heard again: found in their folder, if they are as they were analysed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tonewright.audio import read, resample_array
from tonewright.audio.folders import sound_files_below
from tonewright.documents import sha256
from tonewright.errors import AudioError, UsageError
from tonewright.improvising.corpus.corpus import CorpusFile
from tonewright.improvising.corpus.surveying import recording_name
from tonewright.improvising.hearing import SAMPLE_RATE_HZ


class Recorded:
    """Recordings in their folder.

    Args:
        folder: Where they are.
        files: What a corpus tells of them.

    Raises:
        UsageError: It is no folder with sounds.
    """

    def __init__(self, folder: Path, files: Iterable[CorpusFile]) -> None:
        self._places = {recording_name(path, folder): path for path in sound_files_below(folder)}
        self._hashes = {file.name: file.sha256 for file in files}

    def read(self, name: str, start_s: float, seconds: float) -> NDArray[np.float32] | None:
        """A stretch of a recording, the mean of its channels at 44.1 kHz.

        Args:
            name: Of the recording.
            start_s: Where it begins.
            seconds: How long it is; less where the recording ends.

        Returns:
            `[frames]`; None if the recording is gone, or changed since it was analysed.
        """
        path = self._places.get(name)
        if path is None:
            return None
        try:
            if sha256(path.read_bytes()) != self._hashes[name]:
                return None
            clip = read(path, start_s=start_s, seconds=seconds, partial=True)
        except (AudioError, UsageError, OSError):  # gone or changed meanwhile
            return None
        return resample_array(clip.mono(), clip.sample_rate_hz, SAMPLE_RATE_HZ)
