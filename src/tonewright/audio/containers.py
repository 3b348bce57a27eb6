"""What a sound file's own headers promise, and where its samples lie.

libsndfile takes what it finds: a file that was cut short reads as a shorter sound, a length that a streaming
writer never filled in reads as none, and of several sounds in one file it reads the first. So the promise is
checked against the file itself, and libsndfile is told what to read.
"""

from __future__ import annotations

import math
import mmap
import re
import struct
from dataclasses import dataclass
from typing import BinaryIO

from tonewright.audio import mpeg as _mpeg
from tonewright.audio import ogg as _ogg
from tonewright.audio.pieces import Part
from tonewright.audio.riff import (
    MOST_BYTES,
    MPEG_TAGS,
    OPEN_ENDED,
    Samples,
    chunks,
    examine_wave,
    samples_end,
)

_WAVES = (b"RIFF", b"RIFX", b"RF64", b"BW64")
_W64 = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb"
_FLAC_START = b"fLaC\0\0\0\x22"  # its marker, and the block that every file begins with
_AIFF_LINEAR_BITS = {  # AIFC's encodings of whole frames, and bits of a sample where the header may not tell
    b"NONE": 0,
    b"twos": 0,
    b"sowt": 0,
    b"raw ": 8,
    b"in24": 24,
    b"42ni": 24,
    b"in32": 32,
    b"23ni": 32,
    b"fl32": 32,
    b"FL32": 32,
    b"fl64": 64,
    b"FL64": 64,
    b"alaw": 8,
    b"ALAW": 8,
    b"ulaw": 8,
    b"ULAW": 8,
}
_AIFF_OTHERS = (b"ima4", b"GSM ", b"dwvw")
_MOST_CHUNKS = 4096
_SEARCHED_BYTES = 2**20


@dataclass(frozen=True)
class Container:
    """A file's headers, judged.

    Attributes:
        fault: What is wrong with the file, to stand behind "is"; empty if nothing is.
        parts: What libsndfile is to read, one after the other; the file as it is if there is none.
        is_known: Whether libsndfile reads such files, so that a refusal means damage.
        format: Name of the container, where libsndfile would take it for another one.
        is_mpeg: Whether libmpg123 decodes it, which writes its worries to the standard error.
    """

    fault: str = ""
    parts: tuple[Part, ...] = ()
    is_known: bool = False
    format: str = ""
    is_mpeg: bool = False


def examine(file: BinaryIO, size: int) -> Container:
    """Judge the headers of an open file of `size` bytes, by its contents alone."""
    file.seek(0)
    start = file.read(64)
    if (start[:4] in _WAVES and start[8:12] == b"WAVE") or start[:12] == _W64:
        return _wave(file, size, start)
    if start[:4] == b"RIFF" and len(start) >= 12:  # AVI, and what else is no sound alone
        return Container(_lacking(samples_end(8, struct.unpack("<I", start[4:8])[0], size)[1]))
    if start[:4] == b"FORM" and start[8:12] in (b"AIFF", b"AIFC"):
        return _aiff(file, size, start)
    if start[:4] == b"FORM" and start[8:12] in (b"8SVX", b"16SV"):
        return _sized(file, size, ">", b"BODY")
    if start[:4] in (b".snd", b"dns."):
        return _au(size, start)
    if start[:4] == b"caff":
        return _caf(file, size)
    if start[:8] == b"NIST_1A\n":
        return _nist(file, size)
    if start[:20] == b"Creative Voice File\x1a":
        return _voc(file, size, start)
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if start[:4] == b"OggS":
            return _ogg_chain(data)
        tags = 0
        while tag := _mpeg.tag_bytes(data, tags, size):
            tags += tag
        if data[tags : tags + 4] == b"fLaC":
            return _flac(file, size, tags)
        if _mpeg.is_header(data[tags : tags + 4]) or start[:3] == b"ID3":
            stream = _mpeg.scan(data, 0, size)
            return Container(stream.fault, stream.parts, bool(stream.parts), is_mpeg=True)
    return Container()


def _wave(file: BinaryIO, size: int, start: bytes) -> Container:
    samples = examine_wave(file, size, start)
    if samples is None:
        return Container(is_known=True)
    fault = _lacking(samples.missing)
    if samples.tag in MPEG_TAGS:
        return _mpeg_in_wave(file, samples, fault)
    parts = () if samples.part is None else (samples.part,)
    return Container(fault, parts, samples.is_known, samples.kind)


def _mpeg_in_wave(file: BinaryIO, samples: Samples, fault: str) -> Container:
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        stream = _mpeg.scan(data, samples.place.start, samples.place.stop)
    return Container(fault or stream.fault, stream.parts, True, samples.kind, is_mpeg=True)


def _aiff(file: BinaryIO, size: int, start: bytes) -> Container:
    """AIFF and AIFC; their chunks may stand in any order."""
    layout, place, missing = b"", None, 0
    form_bytes = struct.unpack(">I", start[4:8])[0]
    for name, position, length in chunks(file, ">"):
        if name == b"COMM" and not layout:
            layout = file.read(min(length, 256))
        if name == b"SSND" and place is None:
            offset = int.from_bytes(file.read(8)[:4], "big")
            never_closed = length == 0 and (form_bytes + 8 <= position or form_bytes >= OPEN_ENDED)
            open_ended = never_closed or length >= OPEN_ENDED
            end, missing = samples_end(
                position, OPEN_ENDED if never_closed else length, size, open_ended=open_ended
            )
            end = size if open_ended else end
            place = range(min(position + 8 + offset, end), end)
        if layout and place is not None:
            break
    if place is None or len(layout) < 18:
        return Container(is_known=True)
    encoding = layout[18:22] if start[8:12] == b"AIFC" else b"NONE"
    is_known = encoding in _AIFF_LINEAR_BITS or encoding in _AIFF_OTHERS
    return Container(_lacking(missing), (_aiff_part(start[8:12], layout, encoding, place),), is_known)


def _aiff_part(kind: bytes, layout: bytes, encoding: bytes, place: range) -> Part:
    channels, frames, bits = struct.unpack(">HIH", layout[:8])
    if encoding in _AIFF_LINEAR_BITS:
        frame_bytes = channels * (((_AIFF_LINEAR_BITS[encoding] or bits) + 7) // 8)
        present = len(place) // max(frame_bytes, 1)
        frames = min(frames, present) if frames else present
        place = place[: frames * frame_bytes]
        layout = layout[:2] + struct.pack(">I", min(frames, 2**32 - 1)) + layout[6:]
    common = b"COMM" + struct.pack(">I", len(layout)) + layout + bytes(len(layout) % 2)
    data_bytes = min(8 + len(place), 2**32 - 1)
    form_bytes = min(4 + len(common) + 8 + data_bytes, 2**32 - 1)
    head = b"FORM" + struct.pack(">I", form_bytes) + kind + common + b"SSND" + struct.pack(">I8x", data_bytes)
    return Part((head, place))


def _sized(file: BinaryIO, size: int, order: str, samples: bytes) -> Container:
    for name, position, length in chunks(file, order):
        if name == samples:
            return Container(_lacking(samples_end(position, length, size)[1]), is_known=True)
    return Container(is_known=True)


def _au(size: int, start: bytes) -> Container:
    order = ">" if start[:4] == b".snd" else "<"
    position, length = struct.unpack(order + "II", start[4:12]) if len(start) >= 12 else (0, 0)
    missing = samples_end(position, length, size, open_ended=length >= OPEN_ENDED)[1]
    return Container(_lacking(missing), is_known=True)


def _caf(file: BinaryIO, size: int) -> Container:
    """Apple's Core Audio Format, whose lengths have 64 bits."""
    position, layout = 8, b""
    for _ in range(_MOST_CHUNKS):
        file.seek(position)
        header = file.read(12)
        if len(header) < 12:
            break
        name, length = struct.unpack(">4sq", header)
        position += 12
        if name == b"desc":
            layout = file.read(32)
        if name == b"data" and len(layout) == 32:
            end, missing = (size, 0) if length < 0 else samples_end(position, length, size)
            head = (
                b"caff\0\1\0\0desc"
                + struct.pack(">q", 32)
                + layout
                + b"data"
                + struct.pack(">q", end - position)
            )
            is_known = layout[8:12] in (b"lpcm", b"ulaw", b"alaw")
            parts = (Part((head, range(position, end))),) if is_known else ()
            return Container(_lacking(missing), parts, is_known)
        position += max(0, length)
        if position > MOST_BYTES:
            break
    return Container(is_known=True)


def _nist(file: BinaryIO, size: int) -> Container:
    """SPHERE of the NIST, with a header of lines of text."""
    file.seek(0)
    header = file.read(1024)
    told = dict(re.findall(rb"^(\w+) -i (\d{1,12})\s*$", header, re.MULTILINE))
    counts = [int(told.get(name, 0)) for name in (b"sample_count", b"channel_count", b"sample_n_bytes")]
    head_bytes = int(header[8:16].strip() or 0) if header[8:16].strip().isdigit() else len(header)
    return Container(_lacking(samples_end(head_bytes, math.prod(counts), size)[1]), is_known=True)


def _voc(file: BinaryIO, size: int, start: bytes) -> Container:
    """Creative's VOC, in blocks of a type and a length; the first with sound (type 1 or 9) is judged."""
    position = int.from_bytes(start[20:22], "little")
    for _ in range(_MOST_CHUNKS):
        file.seek(position)
        header = file.read(4)
        if len(header) < 4 or not header[0]:
            break
        position, length = position + 4, int.from_bytes(header[1:], "little")
        if header[0] in (1, 9):
            return Container(_lacking(samples_end(position, length, size)[1]))
        position += length
    return Container()


def _lacking(missing: int) -> str:
    return f"cut short: it lacks the last {missing} bytes that its header promises" if missing else ""


def _ogg_chain(data: mmap.mmap) -> Container:
    links, is_closed, is_known = _ogg.scan(data)
    fault = "" if is_closed else "cut short: it lacks its closing page"
    return Container(fault, links if len(links) > 1 else (), is_known)


def _flac(file: BinaryIO, size: int, start: int) -> Container:
    """Several FLAC files may have been joined; libsndfile reads as many frames as the first promises."""
    starts = [start]
    overlap = len(_FLAC_START) - 1
    for position in range(start + len(_FLAC_START), size, _SEARCHED_BYTES):
        file.seek(position)
        data = file.read(_SEARCHED_BYTES + overlap)
        found = data.find(_FLAC_START)
        while found >= 0:
            starts.append(position + found)
            found = data.find(_FLAC_START, found + 1)
    ends = [*starts[1:], size]
    parts = [Part((range(*place),)) for place in zip(starts, ends, strict=True)]
    return Container(parts=tuple(parts) if len(parts) > 1 else (), is_known=True)
