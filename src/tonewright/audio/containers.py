"""What a sound file's own header promises.

libsndfile takes what it finds: a file that was cut short reads as a shorter sound, and a length that a
streaming writer never filled in reads as none. The promise has to be checked against the file itself.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from tonewright.audio import mpeg as _mpeg

# Lengths from here on, where the file is shorter, are what streaming writers put when they do not know yet:
# 0xFFFFFFFF (ffmpeg, mpg123), 0x80000000 (arecord), 0x7FFFF000 and 0x7F000000 (SoX).
_OPEN_ENDED = 0x7F000000

# Some writers count their header into the length of the samples; a file that lacks no more than that is
# whole.
_HEADER_BYTES = 64

_MOST_CHUNKS = 4096
_LARGEST_OGG_PAGE = 27 + 255 + 255 * 255
_OGG_CLOSING_PAGE = 0x04
_INFO_INACCURACY = 0.01  # encoders disagree whether an MP3's info header counts tags and itself


@dataclass(frozen=True)
class Container:
    """A file's header, judged.

    Attributes:
        lacks: What is missing from the file, in words; empty if nothing is.
        head: Bytes to be read in place of the first `skip` ones, where those hold no usable length.
        skip: How many bytes `head` replaces.
        tolerance_frames: How many frames fewer than libsndfile tells still make a whole sound.
    """

    lacks: str = ""
    head: bytes = b""
    skip: int = 0
    tolerance_frames: float = 0


def examine(file: BinaryIO, size: int) -> Container:
    """Judge the header of an open file of `size` bytes, by its contents alone."""
    file.seek(0)
    start = file.read(12)
    if start[:4] in (b"RIFF", b"RIFX", b"RF64") and start[8:] == b"WAVE":
        return _riff(file, size, start)
    if start[:4] == b"FORM" and start[8:] in (b"AIFF", b"AIFC"):
        return _aiff(file, size)
    if start[:4] == b"OggS":
        return _ogg(file, size)
    if start[:3] == b"ID3" or _mpeg.is_header(start):
        return _mp3(file, size)
    return Container()


def _riff(file: BinaryIO, size: int, start: bytes) -> Container:
    order = ">" if start[:4] == b"RIFX" else "<"
    (riff_length,) = struct.unpack(order + "I", start[4:8])
    long_length = 0
    for name, position, length in _chunks(file, order):
        if name == b"ds64" and start[:4] == b"RF64":
            long_length = struct.unpack("<Q", file.read(16)[8:].ljust(8, b"\0"))[0]
        if name != b"data":
            continue
        if start[:4] == b"RF64" and length == 0xFFFFFFFF:
            return _promised(position + long_length, size)
        never_closed = riff_length + 8 <= position or riff_length >= _OPEN_ENDED
        if length == 0 and never_closed and size > position:
            file.seek(0)
            return Container(head=file.read(position - 4) + b"\xff" * 4, skip=position)
        return _promised(position + length, size, open_ended=length >= _OPEN_ENDED)
    return Container()


def _aiff(file: BinaryIO, size: int) -> Container:
    for name, position, length in _chunks(file, ">"):
        if name == b"SSND":
            return _promised(position + length, size, open_ended=length >= _OPEN_ENDED)
    return Container()


def _chunks(file: BinaryIO, order: str) -> Iterator[tuple[bytes, int, int]]:
    """Names, positions and lengths of the chunks; the file stands at the chunk's contents."""
    position = 12
    for _ in range(_MOST_CHUNKS):
        file.seek(position)
        header = file.read(8)
        if len(header) < 8:
            return
        name, length = struct.unpack(order + "4sI", header)
        yield name, position + 8, length
        position += 8 + length + length % 2


def _promised(end: int, size: int, *, open_ended: bool = False) -> Container:
    missing = end - size
    if missing <= _HEADER_BYTES or open_ended:
        return Container()
    return Container(lacks=f"the last {missing} bytes that its header promises")


def _ogg(file: BinaryIO, size: int) -> Container:
    file.seek(max(0, size - 2 * _LARGEST_OGG_PAGE))
    tail = file.read()
    page = tail[max(0, tail.rfind(b"OggS\0")) :]
    lengths = page[27 : 27 + page[26]] if len(page) > 26 else b""
    if len(page) < 27 + len(lengths) + sum(lengths) or not page[5] & _OGG_CLOSING_PAGE:
        return Container(lacks="its closing page")
    return Container()


def _mp3(file: BinaryIO, size: int) -> Container:
    stream = _mpeg.scan(file)
    missing = stream.end - size
    if missing > (_INFO_INACCURACY * stream.end if stream.has_info else 0):
        return Container(lacks="its last frames")
    if stream.info_header:
        return Container(head=stream.info_header, skip=stream.start)
    return Container(tolerance_frames=2 * _mpeg.MOST_SAMPLES if stream.has_info else math.inf)
