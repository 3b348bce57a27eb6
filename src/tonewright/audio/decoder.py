"""Decoding sound files with libsndfile, and saying in one line what is wrong with a file.

Imports soundfile, so it is imported only by the functions that decode.
"""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import numpy as np
import soundfile
from numpy.typing import NDArray

from tonewright.audio.channels import MAX_CHANNELS, in_wav_order
from tonewright.audio.containers import Container, examine
from tonewright.errors import AudioError, system_reason

MIN_SAMPLE_RATE_HZ, MAX_SAMPLE_RATE_HZ = 1_000, 768_000

_UNKNOWN_FRAMES = 2**62  # libsndfile's count for a stream that does not tell its length is above
_SETTLING_S = 1.0  # Vorbis and Opus decode exactly only some time after the place that was sought

# Files that people take for sounds, by how they start; what libsndfile cannot read, it cannot name either.
_FOREIGN = {
    b"MThd": "a MIDI file, which holds notes and no sound",
    b"\x30\x26\xb2\x75": "a Windows Media file",
    b"\x1aE\xdf\xa3": "a Matroska or WebM file",
    b"\xff\xf1": "an AAC stream",
    b"\xff\xf9": "an AAC stream",
    b"PK\x03\x04": "a ZIP archive",
    b"%PDF": "a PDF document",
}
_KNOWN = (b"RIFF", b"RIFX", b"RF64", b"FORM", b"fLaC", b"OggS", b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2")


class Decoder:
    """An open sound file, read from front to back.

    Attributes:
        channels: How many channels.
        sample_rate_hz: Frames per second.
        frames: How many frames the file promises, or -1 if it does not tell.
        format: libsndfile's name of the container ("WAV").
        subtype: libsndfile's name of the encoding ("PCM_16").
    """

    def __init__(self, source: _Sequential, container: Container, name: str) -> None:
        self._source, self._name = source, name
        self._tolerance = container.tolerance_frames
        self.channels: int = source.channels
        self.sample_rate_hz: int = source.samplerate
        self.frames = int(source.frames) if source.frames < _UNKNOWN_FRAMES else -1
        self.format: str = source.format
        self.subtype: str = source.subtype
        self._check()

    def blocks(self, start: int, frames: int, block_frames: int) -> Iterator[NDArray[np.float32]]:
        """Decode `frames` frames (-1: all) from frame `start` on, in blocks `[channels, block_frames]`.

        Raises:
            AudioError: The file ends before what it promises, or its contents are damaged.
        """
        wanted = self.frames - start if frames < 0 <= self.frames else frames
        self._skip_to(start)
        done = 0
        while done != wanted:
            size = block_frames if wanted < 0 else min(block_frames, wanted - done)
            block = self._decode(size)
            done += block.shape[1]
            if block.shape[1]:
                yield block
            if block.shape[1] < size:
                break
        if wanted - done > self._tolerance:
            seconds = (start + done) / self.sample_rate_hz
            raise AudioError(
                f"{self._name} is cut short or damaged: it ends after {seconds:.3f} s of the "
                f"{self.frames / self.sample_rate_hz:.3f} s that its header promises; copy or export it again"
            )

    def _check(self) -> None:
        if not MIN_SAMPLE_RATE_HZ <= self.sample_rate_hz <= MAX_SAMPLE_RATE_HZ:
            raise AudioError(
                f"{self._name} has a sample rate of {self.sample_rate_hz} Hz; "
                f"it must lie between {MIN_SAMPLE_RATE_HZ} and {MAX_SAMPLE_RATE_HZ} Hz: resample it first"
            )
        if not 1 <= self.channels <= MAX_CHANNELS:
            raise AudioError(
                f"{self._name} has {self.channels} channels; at most {MAX_CHANNELS} are read: split it first"
            )
        if not self.frames:
            raise AudioError(f"{self._name} holds no sound: its length is zero; record or export it again")

    def _skip_to(self, start: int) -> None:
        step = round(_SETTLING_S * self.sample_rate_hz)
        position = max(0, start - step)
        if self.frames < 0:  # without a length, seeking past the end would be an error of its own
            position = 0
        if position:
            try:
                self._source.seek(position)
            except soundfile.SoundFileError as error:
                raise _damaged(self._name, error) from error
        while position < start:
            skipped = self._decode(min(step, start - position)).shape[1]
            if not skipped:
                break
            position += skipped

    def _decode(self, frames: int) -> NDArray[np.float32]:
        interleaved = np.empty((frames, self.channels), np.float32)
        try:
            decoded = self._source.buffer_read_into(interleaved, "float32")
        except soundfile.SoundFileError as error:
            raise _damaged(self._name, error) from error
        samples = interleaved[:decoded].T
        return np.ascontiguousarray(in_wav_order(samples) if self.subtype in ("VORBIS", "OPUS") else samples)


@contextmanager
def opened(path: str | os.PathLike[str]) -> Iterator[Decoder]:
    """Open a sound file by its contents, whatever its name ends in.

    Raises:
        AudioError: There is no such file, it is not a sound that can be read, or it is cut short.
    """
    name = repr(os.fspath(path))  # quoted, and one line whatever the name holds
    try:
        with _open_plain(path, name) as file:
            size = os.fstat(file.fileno()).st_size
            if not size:
                raise AudioError(f"{name} is empty; record or export it again")
            container = examine(file, size)
            if container.lacks:
                raise AudioError(f"{name} is cut short: it lacks {container.lacks}; copy or export it again")
            with _source(file, size, container, name) as source:
                yield Decoder(source, container, name)
    except OSError as error:
        raise AudioError(f"cannot read {name}: {system_reason(error)}; check the path") from error
    except MemoryError as error:
        raise AudioError(f"{name} does not fit in memory; read a part or block by block") from error


class _Sequential(soundfile.SoundFile):  # type: ignore[misc]
    """libsndfile without a seek after every read.

    soundfile seeks to where it already is after each read of a seekable file. That disturbs the decoding of
    Opus, and fails on FLAC streams that do not tell their length.
    """

    def seekable(self) -> bool:
        return False


class _WithHead(io.RawIOBase):
    """A file with other bytes in place of its first ones."""

    def __init__(self, file: BinaryIO, size: int, container: Container) -> None:
        self._file, self._head, self._shift = file, container.head, container.skip - len(container.head)
        self._size, self._position = size - self._shift, 0

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        self._position = max(0, origin + offset)
        return self._position

    def tell(self) -> int:
        return self._position

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        size = len(buffer)
        data = self._head[self._position :][:size]
        if len(data) < size:
            self._file.seek(self._position + len(data) + self._shift)
            data += self._file.read(size - len(data))
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)


def _open_plain(path: str | os.PathLike[str], name: str) -> BinaryIO:
    if "\0" in os.fspath(path):
        raise AudioError(f"cannot read {name}: a name cannot hold a zero byte; check the path")
    mode = os.stat(path).st_mode
    if stat.S_ISDIR(mode):
        raise AudioError(f"{name} is a folder; give the path of a sound file")
    if not stat.S_ISREG(mode):  # opening a pipe could wait for ever
        raise AudioError(f"{name} is a device or pipe; save it to a file first")
    return open(path, "rb", buffering=0)  # unbuffered: libsndfile reads from the same descriptor


def _source(file: BinaryIO, size: int, container: Container, name: str) -> _Sequential:
    file.seek(0)
    try:
        if container.head:
            return _Sequential(_WithHead(file, size, container))
        # By descriptor, because soundfile and libsndfile take the ending of a path for a hint.
        return _Sequential(file.fileno(), closefd=False)
    except soundfile.SoundFileError as error:
        file.seek(0)
        raise AudioError(_unreadable(name, file.read(4096), error)) from error


def _unreadable(name: str, start: bytes, error: Exception) -> str:
    convert = "convert it to WAV or FLAC first"
    if start.startswith(_KNOWN):
        return f"{name} is damaged or in an unknown encoding ({_reason(error)}); {convert}"
    if start[4:8] == b"ftyp":
        return f"{name} is an MP4 or M4A file, which cannot be read; {convert}"
    for magic, what in _FOREIGN.items():
        if start.startswith(magic):
            return f"{name} is {what}; {convert}"
    what = "text" if _is_text(start) else "not a sound in a known format"
    return f"{name} is {what}; give a WAV, AIFF, FLAC, OGG or MP3 file"


def _is_text(start: bytes) -> bool:
    return all(byte >= 32 or byte in b"\t\n\r\f" for byte in start)


def _damaged(name: str, error: Exception) -> AudioError:
    return AudioError(f"{name} is damaged or cut short ({_reason(error)}); copy or export it again")


def _reason(error: Exception) -> str:
    text = str(getattr(error, "error_string", error)).removeprefix("Error : ")
    return " ".join(text.split()).rstrip(".")
