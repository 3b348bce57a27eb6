"""Decoding sound files with libsndfile or ffmpeg, and saying in one line what is wrong with a file.

Imports soundfile, so it is imported only by the functions that decode.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import numpy as np
import soundfile
from numpy.typing import NDArray

from tonewright.audio import ffmpeg
from tonewright.audio.channels import MAX_CHANNELS, in_wav_order
from tonewright.audio.containers import Container, examine
from tonewright.audio.piped import PipedSound, is_pipe, keep
from tonewright.audio.sndfile import SndfileSource, Source
from tonewright.errors import AudioError, system_reason

MIN_SAMPLE_RATE_HZ, MAX_SAMPLE_RATE_HZ = 1_000, 768_000

_SETTLING_S = 1.0  # Vorbis and Opus decode exactly only some time after the place that was sought
_AGAIN = "copy or export it again"
_TAKE = ", or take what is there (--partial; in Python partial=True)"
_COUNTED_FRAMES = 2**16

# Files that people take for sounds, by how they start.
_NO_SOUNDS = {
    b"MThd": "a MIDI file, which holds notes and no sound",
    b"PK\x03\x04": "a ZIP archive",
    b"%PDF": "a PDF document",
}
_FOREIGN = {
    b"\x30\x26\xb2\x75": "a Windows Media file",
    b"\x1aE\xdf\xa3": "a Matroska or WebM file",
    b"\xff\xf1": "an AAC stream",
    b"\xff\xf9": "an AAC stream",
    b"wvpk": "a WavPack file",
    b"MAC ": "a Monkey's Audio file",
    b"RIFF": "in an encoding that libsndfile lacks",
    b"FORM": "in an encoding that libsndfile lacks",
    b"caff": "in an encoding that libsndfile lacks",
    b"OggS": "in an encoding that libsndfile lacks",
}
_FORMATS = "a WAV, AIFF, FLAC, OGG or MP3 file"


class Decoder:
    """An open sound file, read from front to back.

    Attributes:
        channels: How many channels.
        sample_rate_hz: Frames per second.
        frames: How many frames the file promises, or -1 if it does not tell, or may not hold them.
        format: libsndfile's name of the container ("WAV"), or ffmpeg's.
        subtype: libsndfile's name of the encoding ("PCM_16"), or ffmpeg's.
    """

    def __init__(self, source: Source, name: str, *, partial: bool) -> None:
        self._source, self._name, self._partial = source, name, partial
        self.channels, self.sample_rate_hz = source.channels, source.sample_rate_hz
        self.frames = -1 if partial and source.frames else source.frames
        self.format, self.subtype = source.format, source.subtype
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
        if self.frames >= 0 and wanted - done > self._source.tolerance_frames:
            take = _TAKE if start + done else ""
            raise AudioError(
                f"{self._name} is cut short or damaged: it ends after {self._seconds(start + done)} s of the "
                f"{self._seconds(self.frames)} s that its header promises; {_AGAIN}{take}"
            )

    def _seconds(self, frames: int) -> str:
        return f"{frames / self.sample_rate_hz:.3f}"

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
        if self.frames < 0 or not self._source.can_seek:
            position = 0
        if position:
            try:
                self._source.seek(position)
            except soundfile.SoundFileError as error:
                raise self._damaged(error) from error
        while position < start:
            skipped = self._decode(min(step, start - position)).shape[1]
            if not skipped:
                break
            position += skipped

    def _decode(self, frames: int) -> NDArray[np.float32]:
        try:
            samples = self._source.decode(frames).T
        except (soundfile.SoundFileError, ffmpeg.DecodingError) as error:
            raise self._damaged(error) from error
        is_vorbis_order = self.subtype in ("VORBIS", "OPUS") and not self._source.is_ffmpeg
        return np.ascontiguousarray(in_wav_order(samples) if is_vorbis_order else samples)

    def _damaged(self, error: Exception) -> AudioError:
        reached = self._source.reached
        after = f" after {self._seconds(reached)} s" if reached else ""
        return _damaged(self._name, error, after, there=bool(reached) or self._source.is_ffmpeg)


@contextmanager
def opened(path: str | os.PathLike[str], *, partial: bool = False) -> Iterator[Decoder]:
    """Open a sound file by its contents, whatever its name ends in.

    Args:
        path: The file. A pipe is read to its end first.
        partial: Whether to take what there is of a file that is cut short or damaged.

    Raises:
        AudioError: There is no such file, it is not a sound that can be read, or it is cut short.
    """
    name = repr(os.fspath(path))  # quoted, and one line whatever the name holds
    try:
        if not isinstance(path, PipedSound) and "\0" not in os.fspath(path) and is_pipe(path):
            path = keep(path)
        place = path.place if isinstance(path, PipedSound) else os.fspath(path)
        with _open_plain(place, name) as file:
            size = os.fstat(file.fileno()).st_size
            if not size:
                raise AudioError(f"{name} is empty; record or export it again")
            container = examine(file, size)
            if container.fault and not partial:
                seconds = _seconds_there(file, place, container, name)
                there = (
                    _TAKE.replace("what is there", f"the {seconds:.3f} s that are there") if seconds else ""
                )
                raise AudioError(f"{name} is {container.fault}; {_AGAIN}{there}")
            with _source(file, place, container, name, partial=partial) as source:
                yield Decoder(source, name, partial=partial)
    except OSError as error:
        raise AudioError(f"cannot read {name}: {system_reason(error)}; check the path") from error
    except MemoryError as error:
        raise AudioError(f"{name} does not fit in memory; read a part or block by block") from error


def _seconds_there(file: BinaryIO, place: str, container: Container, name: str) -> float:
    """How much of a file that is cut short can be read."""
    frames = 0
    try:
        with _source(file, place, container, name, partial=True) as source:
            for block in Decoder(source, name, partial=True).blocks(0, -1, _COUNTED_FRAMES):
                frames += block.shape[1]
            return frames / source.sample_rate_hz
    except AudioError:
        return 0.0


def _damaged(name: str, error: Exception, after: str, *, there: bool) -> AudioError:
    return AudioError(
        f"{name} is damaged or cut short{after} ({_reason(error)}); {_AGAIN}{_TAKE if there else ''}"
    )


@contextmanager
def _source(
    file: BinaryIO, place: str, container: Container, name: str, *, partial: bool
) -> Iterator[Source]:
    try:
        source = SndfileSource(file, container, name, partial=partial)
    except soundfile.SoundFileError as error:
        refused = error
    else:
        try:
            yield source
        finally:
            source.close()
        return
    if container.is_known:
        raise AudioError(
            f"{name} is damaged or in an unknown encoding ({_reason(refused)}); "
            "convert it to WAV or FLAC first"
        ) from refused
    file.seek(0)
    start = file.read(4096)
    for magic, what in _NO_SOUNDS.items():
        if start.startswith(magic):
            raise AudioError(f"{name} is {what}; convert it to WAV or FLAC first") from refused
    if _is_text(start):
        raise AudioError(f"{name} is text; give {_FORMATS}") from refused
    if not ffmpeg.has_ffmpeg():
        raise AudioError(_needing_ffmpeg(name, start)) from refused
    try:
        with ffmpeg.decoded(place, partial=partial) as foreign:
            yield foreign
    except ffmpeg.UnknownFormatError as error:
        raise AudioError(_unreadable(name, start, error)) from error
    except ffmpeg.DecodingError as error:
        raise _damaged(name, error, "", there=not partial) from error


def _open_plain(path: str, name: str) -> BinaryIO:
    if "\0" in path:
        raise AudioError(f"cannot read {name}: a name cannot hold a zero byte; check the path")
    mode = os.stat(path).st_mode
    if stat.S_ISDIR(mode):
        raise AudioError(f"{name} is a folder; give the path of a sound file")
    if not stat.S_ISREG(mode):
        raise AudioError(f"{name} is a device; save what comes from it to a file first")
    return open(path, "rb", buffering=0)  # unbuffered: libsndfile reads from the same descriptor


def _needing_ffmpeg(name: str, start: bytes) -> str:
    if what := _foreign(start):
        return f"{name} is {what}, which ffmpeg reads; install ffmpeg, or convert it to WAV or FLAC first"
    return f"{name} is not a sound in a known format; give {_FORMATS}, or install ffmpeg, which knows more"


def _unreadable(name: str, start: bytes, error: Exception) -> str:
    if what := _foreign(start):
        return f"{name} is {what}, nor can ffmpeg read it ({error}); convert it to WAV or FLAC first"
    return f"{name} is not a sound in a known format; give {_FORMATS}"


def _foreign(start: bytes) -> str:
    if start[4:8] == b"ftyp":
        return "an MP4 or M4A file"
    return next((what for magic, what in _FOREIGN.items() if start.startswith(magic)), "")


def _is_text(start: bytes) -> bool:
    return all(byte >= 32 or byte in b"\t\n\r\f" for byte in start)


def _reason(error: Exception) -> str:
    text = str(getattr(error, "error_string", error)).removeprefix("Error : ")
    return " ".join(text.split()).rstrip(".")
