"""Sounds of a session on disk, written by a thread of its own, which may fall behind and may fail."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from tonewright.errors import system_reason
from tonewright.improvising.hearing import HOP, HOP_S, SAMPLE_RATE_HZ
from tonewright.improvising.session.urgency import calm
from tonewright.wording import listing

SIDES = ("musician", "agent")
"""Files of a recording, NAME.wav each, in samples as they were: float32."""
_KEPT = round(20 / HOP_S)  # that a slow disk may fall behind
_PERIOD_S = 0.1
_PROBES = 16
_GIVEN_BACK = round(1.0 / HOP_S)  # hops of each side, to a disk that is full


class Recorder:
    """Writes what is given to it hop by hop; giving never waits, unless it is asked to.

    A disk that is full ends it. The last second is given back then, so that there is room for the rest of
    what is kept.

    Args:
        folder: Where the files go; it exists.
        sides: Names of what is recorded, NAME.wav each.
        waits: Wait for the disk where it is too far behind, as nobody plays live.

    Attributes:
        paths: The file of each side.
        hops: How many were given.
        dropped: How many came while the disk was too far behind, and are left out.
        failure: Why the recording ended before the session, in words; None while it goes on.
        tell: Called from the writing thread when it fails, with words.
    """

    def __init__(self, folder: Path, sides: Sequence[str] = SIDES, *, waits: bool = False) -> None:
        self.paths = tuple(folder / f"{side}.wav" for side in sides)
        self._waits = waits
        self._ring = np.zeros((_KEPT, len(sides), HOP), np.float32)
        self.hops = self.dropped = self._written = 0
        self.failure: str | None = None
        self.tell: Callable[[str], None] = lambda words: None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._write, name="recorder", daemon=True)
        self._thread.start()

    def give(self, *sounds: NDArray[np.float32]) -> None:
        """Keep a hop of each side, `[hop]`, to be written soon."""
        while self._waits and self.failure is None and self.hops - self._written >= _KEPT:
            self._ended.wait(_PERIOD_S / 10)
        if self.hops - self._written >= _KEPT:
            self.dropped += 1
            return
        self._ring[self.hops % _KEPT] = sounds
        self.hops += 1

    def close(self) -> None:
        """Write what is left, and end."""
        self._ended.set()
        self._thread.join()

    def _write(self) -> None:
        calm()
        try:
            files = [soundfile.SoundFile(path, "w", SAMPLE_RATE_HZ, 1, "FLOAT") for path in self.paths]
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
            reason = (
                system_reason(error) if isinstance(error, OSError) else _reason(error, self.paths[0].parent)
            )
            self._give_back()
            self.failure = reason
            sides = listing([path.stem for path in self.paths])
            self.tell(f"{reason}: recording of {sides} has ended, and the session goes on")

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

    def _give_back(self) -> None:
        """End all files at one moment, and leave room behind it."""
        frames = max(self._written - _GIVEN_BACK, 0) * HOP
        for path in self.paths:
            with suppress(OSError, soundfile.SoundFileError), soundfile.SoundFile(path, "r+") as file:
                file.truncate(min(frames, file.frames))


def _reason(error: soundfile.SoundFileError, folder: Path) -> str:
    """Why it failed; the library knows of the system only that it refused, so that it is asked again."""
    try:
        with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
            for _ in range(_PROBES):
                file.write(bytes(1 << 16))
    except OSError as refused:
        return system_reason(refused)
    return str(error).strip(" .").lower()
