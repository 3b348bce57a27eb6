"""Both sides of a session on disk, written by a thread of its own, which may fall behind and may fail."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from tonewright.errors import system_reason
from tonewright.improvising.hearing import HOP, HOP_S, SAMPLE_RATE_HZ

SIDES = ("musician", "agent")
"""Files of a recording, NAME.wav each, in samples as they were: float32."""
_KEPT = round(20 / HOP_S)  # that a slow disk may fall behind
_PERIOD_S = 0.1


class Recorder:
    """Writes what is given to it hop by hop; giving never waits, unless it is asked to.

    Args:
        folder: Where the files go; it exists.
        waits: Wait for the disk where it is too far behind, as nobody plays live.

    Attributes:
        hops: How many were given.
        dropped: How many came while the disk was too far behind, and are left out.
        failure: Why the recording ended before the session, in words; None while it goes on.
    """

    def __init__(self, folder: Path, *, waits: bool = False) -> None:
        self._folder, self._waits = folder, waits
        self._ring = np.zeros((_KEPT, len(SIDES), HOP), np.float32)
        self.hops = self.dropped = self._written = 0
        self.failure: str | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._write, name="recorder", daemon=True)
        self._thread.start()

    def give(self, musician: NDArray[np.float32], agent: NDArray[np.float32]) -> None:
        """Keep a hop of each side, `[hop]`, to be written soon."""
        while self._waits and self.failure is None and self.hops - self._written >= _KEPT:
            self._ended.wait(_PERIOD_S / 10)
        if self.hops - self._written >= _KEPT:
            self.dropped += 1
            return
        self._ring[self.hops % _KEPT] = musician, agent
        self.hops += 1

    def close(self) -> None:
        """Write what is left, and end."""
        self._ended.set()
        self._thread.join()

    def _write(self) -> None:
        try:
            files = [self._open(side) for side in SIDES]
            try:
                while True:
                    ending = self._ended.wait(_PERIOD_S)
                    self._take(files)
                    if ending:
                        return
            finally:
                for file in files:
                    file.close()
        except (OSError, soundfile.SoundFileError) as error:
            self.failure = system_reason(error) if isinstance(error, OSError) else str(error)

    def _open(self, side: str) -> soundfile.SoundFile:
        return soundfile.SoundFile(self._folder / f"{side}.wav", "w", SAMPLE_RATE_HZ, 1, "FLOAT")

    def _take(self, files: list[soundfile.SoundFile]) -> None:
        given = self.hops
        while self._written < given:
            first = self._written % _KEPT
            count = min(given - self._written, _KEPT - first)
            for number, file in enumerate(files):
                file.write(self._ring[first : first + count, number].reshape(-1))
            self._written += count
        for file in files:
            file.flush()
