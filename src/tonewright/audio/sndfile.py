"""Samples out of libsndfile: of a file as it is, or of its parts one after the other.

Imports soundfile, so it is imported only by the functions that decode.
"""

from __future__ import annotations

import io
from contextlib import AbstractContextManager, nullcontext
from typing import BinaryIO, Protocol

import numpy as np
import soundfile
from numpy.typing import NDArray

from tonewright.audio.containers import Container
from tonewright.audio.pieces import PiecedFile
from tonewright.audio.quiet import without_chatter
from tonewright.errors import AudioError

_UNKNOWN_FRAMES = 2**62  # libsndfile's count for a stream that does not tell its length is above
_MOST_PARTS = 10_000
_BUFFER_BYTES = 2**17
_DECODED_FRAMES = 2**12  # at a time: so much is lost at most before a place where the decoder gives up


class Source(Protocol):
    """Where samples come from, front to back.

    Attributes:
        channels: How many channels.
        sample_rate_hz: Frames per second.
        frames: How many frames are promised, or -1.
        format: Name of the container.
        subtype: Name of the encoding.
        tolerance_frames: How many frames fewer still make a whole sound.
        can_seek: Whether `seek` may be called.
        reached: Frame up to which was decoded.
        is_ffmpeg: Whether ffmpeg decodes.
    """

    channels: int
    sample_rate_hz: int
    format: str
    subtype: str
    reached: int

    @property
    def is_ffmpeg(self) -> bool:
        """Whether ffmpeg decodes."""
        ...

    @property
    def frames(self) -> int:
        """How many frames are promised, or -1."""
        ...

    @property
    def tolerance_frames(self) -> float:
        """How many frames fewer still make a whole sound."""
        ...

    @property
    def can_seek(self) -> bool:
        """Whether `seek` may be called."""
        ...

    def decode(self, frames: int) -> NDArray[np.float32]:
        """The next frames, `[frames, channels]`; fewer at the end."""
        ...

    def seek(self, frame: int) -> None:
        """Go on from a frame, exactly a settling time later."""
        ...


class _Sequential(soundfile.SoundFile):  # type: ignore[misc]
    """libsndfile without a seek after every read.

    soundfile seeks to where it already is after each read of a seekable file. That disturbs the decoding of
    Opus, and fails on FLAC streams that do not tell their length.
    """

    def seekable(self) -> bool:
        return False


class SndfileSource:
    """A file, or its parts one after the other, decoded by libsndfile; attributes as in `Source`.

    Raises:
        soundfile.SoundFileError: libsndfile refuses it.
        AudioError: The parts differ in sample rate or channels.
    """

    is_ffmpeg = False

    def __init__(self, file: BinaryIO, container: Container, name: str, *, partial: bool) -> None:
        self._file, self._partial = file, partial
        self._hushed = container.is_mpeg or not container.is_known
        self._parts = container.parts
        if len(self._parts) > _MOST_PARTS:
            raise AudioError(
                f"{name} is made of {len(self._parts)} sounds; at most {_MOST_PARTS} are read: split it"
            )
        self._number, self._done, self.reached = 0, 0, 0
        self._sound = self._open(0)
        self.channels: int = self._sound.channels
        self.sample_rate_hz: int = self._sound.samplerate
        self.format: str = container.format or self._sound.format
        self.subtype: str = self._sound.subtype
        self._buffer = np.empty((_DECODED_FRAMES, self.channels), np.float32)
        self._ready = self._buffer[:0]  # decoded and not given out yet
        self.can_seek = len(self._parts) < 2
        self._counts = [self._promised(0)]
        if not self.can_seek:
            self._survey(name)
        self.frames = -1 if -1 in self._counts else sum(self._counts)
        self.tolerance_frames = sum(part.tolerance_frames for part in self._parts[: len(self._counts)])

    def decode(self, frames: int) -> NDArray[np.float32]:
        """The next frames, `[frames, channels]`; fewer at the end."""
        with self._hush():
            return self._decode(frames)

    def _decode(self, frames: int) -> NDArray[np.float32]:
        interleaved = np.empty((frames, self.channels), np.float32)
        done = 0
        while done < frames and (len(self._ready) or self._get_ready()):
            taken = self._ready[: frames - done]
            interleaved[done : done + len(taken)] = taken
            done += len(taken)
            self._ready = self._ready[len(taken) :]
        return interleaved[:done]

    def _get_ready(self) -> bool:
        """Decode some more; whether there was more.

        Always as much at a time, so that where the decoder gives up does not depend on how much is asked for.
        """
        while not len(self._ready):
            promised = self._counts[self._number]
            wanted = _DECODED_FRAMES if promised < 0 else min(_DECODED_FRAMES, promised - self._done)
            decoded = self._decode_part(self._buffer[:wanted])
            self._done += decoded
            self.reached += decoded
            self._ready = self._buffer[:decoded]
            if not decoded and not self._next_part():
                return False
        return True

    def seek(self, frame: int) -> None:
        """Go to a frame of the only part."""
        with self._hush():
            self._sound.seek(frame)
        self._done = self.reached = frame
        self._ready = self._buffer[:0]

    def close(self) -> None:
        """Let the present part go."""
        with self._hush():
            self._sound.close()

    def _decode_part(self, into: NDArray[np.float32]) -> int:
        if not len(into):
            return 0
        try:
            return int(self._sound.buffer_read_into(into, "float32"))
        except soundfile.SoundFileError:
            if self._partial:
                return 0
            raise

    def _next_part(self) -> bool:
        """Go on to the next part, if there is one."""
        if self._number + 1 >= len(self._counts):
            return False
        self.close()
        self._number, self._done = self._number + 1, 0
        self._sound = self._open(self._number)
        return True

    def _survey(self, name: str) -> None:
        """Look at the headers of the other parts."""
        layout = self.channels, self.sample_rate_hz
        for number in range(1, len(self._parts)):
            self.close()
            try:
                self._sound = self._open(number)
            except soundfile.SoundFileError:
                if self._partial:
                    break
                raise
            there = self._sound.channels, self._sound.samplerate
            if there != layout:
                if self._partial:
                    break
                raise AudioError(
                    f"{name} is several sounds in one file, which are read together if they are alike; got "
                    f"{_layout(*layout)}, then {_layout(*there)}; split it, or convert it to WAV or FLAC"
                )
            self._counts.append(self._promised(number))
        self.close()
        self._sound = self._open(0)

    def _open(self, number: int) -> _Sequential:
        with self._hush():
            if not self._parts:
                self._file.seek(0)
                # By descriptor, because soundfile and libsndfile take the ending of a path for a hint.
                return _Sequential(self._file.fileno(), closefd=False)
            # Buffered, because libmpg123 reads a few bytes at a time.
            pieces = PiecedFile(self._file, self._parts[number].pieces)
            return _Sequential(io.BufferedReader(pieces, _BUFFER_BYTES))

    def _promised(self, number: int) -> int:
        known = self._parts[number].frames if self._parts else -1
        if known >= 0:
            return known
        return int(self._sound.frames) if self._sound.frames < _UNKNOWN_FRAMES else -1

    def _hush(self) -> AbstractContextManager[None]:
        return without_chatter() if self._hushed else nullcontext()


def _layout(channels: int, sample_rate_hz: int) -> str:
    return f"{channels} channel{'s' if channels > 1 else ''} at {sample_rate_hz} Hz"
