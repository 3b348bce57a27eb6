"""A recording as people have it: what of a file is kept in memory, and its level from beginning to end."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

import numpy as np
from numpy.typing import NDArray

from tonewright import wording
from tonewright.audio import Clip, read, read_blocks
from tonewright.audio.piped import PipedSound, kept
from tonewright.errors import AudioError, UsageError
from tonewright.features.notes import Note

WHOLE_SECONDS = 300.0
"""Up to here a file is kept whole."""
_PART_SECONDS = 60.0  # of a longer one, around its loudest moment or from where the user says
_BLOCK_SECONDS = 30.0
ONLY_NOISE = "nothing stands out of the noise of this recording; what was matched may be the room"
LEVEL_S = 0.05
"""Of the levels of a recording."""
_AS_LOUD = 10**-0.05  # half a decibel: the first of the loudest moments counts
_LOWEST_DBFS = -120.0
_PARTS = 480


@dataclass(frozen=True, eq=False)
class Overview:
    """A recording from beginning to end, and what of it was matched.

    Attributes:
        seconds: Duration of the recording.
        levels_dbfs: RMS level of the loudest 50 ms in each of equally long parts, `[parts]`, at least −120.
        window_s: Beginning and end of what was matched.
        notes_s: Beginning and end of each note found around it.
        note: Index of the note that was matched; None where the window was given.
        loudest_s: The loudest moment.
    """

    seconds: float
    levels_dbfs: NDArray[np.float64]
    window_s: tuple[float, float]
    notes_s: tuple[tuple[float, float], ...]
    note: int | None
    loudest_s: float

    @property
    def loudest_is_matched(self) -> bool:
        """The loudest moment lies in the window."""
        return self.window_s[0] - LEVEL_S <= self.loudest_s <= self.window_s[1] + LEVEL_S

    @property
    def is_matched_whole(self) -> bool:
        """Nothing worth mentioning lies outside the window."""
        return self.window_s[1] - self.window_s[0] >= self.seconds - LEVEL_S

    def describe(self) -> list[str]:
        """Sentences on what a listener must know: what else there is, and what is missing."""
        first_s, last_s = (wording.duration(at_s) for at_s in self.window_s)
        told = []
        if self.note is not None and len(self.notes_s) > 1:
            count = wording.count(len(self.notes_s))
            told.append(
                f"the recording holds {count} notes; matched number {self.note + 1}, the loudest, "
                f"from {first_s} to {last_s}"
            )
        elif not self.is_matched_whole:
            told.append(
                f"matched from {first_s} to {last_s} of a recording of {wording.duration(self.seconds)}"
            )
        if not self.loudest_is_matched:
            told.append(
                f"the loudest part of the recording, at {wording.duration(self.loudest_s)}, was not matched"
            )
        return told


@dataclass(frozen=True, eq=False)
class Recording:
    """What is kept of a file.

    Attributes:
        clip: All of it up to five minutes, else a minute of it.
        path: Full path of the file, or the name of a pipe; empty where the clip comes from none.
        sha256: SHA-256 of the file.
        start_s: Where the clip begins in the file.
        seconds: Duration of the whole file.
        levels: Mean square of each 50 ms of the whole file, without offset.
    """

    clip: Clip
    path: str
    sha256: str
    start_s: float
    seconds: float
    levels: NDArray[np.float64]

    @classmethod
    def of(cls, clip: Clip) -> Recording:
        """A clip that comes from no file."""
        return cls(clip, "", "", 0.0, clip.seconds, levels_of(clip))

    def overview(
        self, window_s: tuple[float, float], notes: Sequence[Note] = (), taken: int | None = None
    ) -> Overview:
        """Where a window and the notes around it, given in seconds of the clip, lie in the recording."""
        return Overview(
            seconds=self.seconds,
            levels_dbfs=_largest_of_parts(self.levels),
            window_s=(window_s[0] + self.start_s, window_s[1] + self.start_s),
            notes_s=tuple((note.start_s + self.start_s, note.end_s + self.start_s) for note in notes),
            note=taken,
            loudest_s=loudest_moment(self.levels),
        )


def read_recording(
    path: str | os.PathLike[str], *, start_s: float | None = None, partial: bool = False
) -> Recording:
    """Read a sound file of up to five minutes, or a minute of a longer one.

    A file may be hours long: it is read block by block, and what is kept lies around its loudest moment.

    Args:
        path: The file.
        start_s: Where the clip is to begin; the user's own choice.
        partial: Take what is there of a file that is cut short or damaged, instead of refusing it.

    Raises:
        AudioError: The file cannot be read, or is damaged or not finite.
        UsageError: The recording ends before `start_s`.
    """
    path = kept(path)
    place = path.place if isinstance(path, PipedSound) else os.path.abspath(path)
    full_path = os.fsencode(path if isinstance(path, PipedSound) else place).decode(errors="replace")
    name = PurePath(full_path).name
    blocks: list[Clip] = []
    levels: list[NDArray[np.float64]] = []
    seconds = 0.0
    for block in read_blocks(path, block_seconds=_BLOCK_SECONDS, partial=partial):
        seconds += block.seconds
        levels.append(levels_of(block))
        blocks = [*blocks, block] if seconds <= WHOLE_SECONDS else []
    if not levels:
        raise AudioError(f"{name!r} holds no sound; record or export it again")
    level = np.concatenate(levels)
    if start_s is not None and start_s >= seconds:
        raise UsageError(f"{name!r} ends at {seconds:.3f} s; the window must begin before; got {start_s}")
    if blocks:
        samples = np.concatenate([block.samples for block in blocks], axis=1)
        clip, begin_s = Clip(samples, blocks[0].sample_rate_hz), 0.0
    else:
        begin_s = max(0.0, loudest_moment(level) - _PART_SECONDS / 2) if start_s is None else start_s
        clip = read(path, start_s=begin_s, seconds=_PART_SECONDS, partial=partial)
    with open(place, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Recording(clip, full_path, digest, begin_s, seconds, level)


def levels_of(clip: Clip) -> NDArray[np.float64]:
    """Mean square of each 50 ms over all channels, `[n]`; an offset or a slow drift does not count."""
    length = max(1, round(LEVEL_S * clip.sample_rate_hz))
    edges = np.arange(0, clip.frames, length)
    counts = np.diff(np.append(edges, clip.frames))
    total = np.zeros(len(edges))
    for channel in clip.samples:
        mean = np.add.reduceat(channel, edges, dtype=np.float64) / counts
        power = np.add.reduceat(np.square(channel, dtype=np.float64), edges) / counts
        total += np.maximum(power - mean**2, 0.0)
    return total / clip.channels


def _largest_of_parts(levels: NDArray[np.float64]) -> NDArray[np.float64]:
    """The largest of the levels in each of equally long parts, in dBFS, `[parts]`."""
    at = np.arange(_PARTS + 1) * len(levels) / _PARTS
    first, last = at[:-1].astype(int), np.ceil(at[1:]).astype(int)
    largest = np.array([levels[a : max(b, a + 1)].max() for a, b in zip(first, last, strict=True)])
    return np.asarray(np.maximum(10 * np.log10(np.maximum(largest, 1e-30)), _LOWEST_DBFS))


def loudest_moment(levels: NDArray[np.float64]) -> float:
    """Middle of the loudest 50 ms, in seconds: the first of those that are about as loud."""
    return (float(np.argmax(levels >= levels.max() * _AS_LOUD)) + 0.5) * LEVEL_S
