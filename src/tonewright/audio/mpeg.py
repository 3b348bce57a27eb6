"""How long an MPEG Layer III stream is, counted from its frame headers.

libsndfile knows the length of an MP3 file from its info header (the first frame, marked "Xing" or "Info",
which most encoders write). Without one it estimates from the first frame's bit rate, and stops there: of a
file of varying bit rate it would leave out as much as half. So the frames are counted, and an info header is
made.

Source: ISO/IEC 11172-3 and 13818-3, section 2.4.2.3 (header); the LAME project's description of the info
header.
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from typing import BinaryIO

MOST_SAMPLES = 1152  # in a frame, of each channel

_BIT_RATES_KBPS = {
    True: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),  # MPEG 1
    False: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),  # MPEG 2 and 2.5
}
_SAMPLE_RATES_HZ = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_ROOMY_BIT_RATE = 9 << 4  # 128 or 80 kbit/s: room for the info header at every sample rate
_INFO_NAMES = (b"Xing", b"Info")
_HAS_FRAMES, _HAS_BYTES = 1, 2
_TAG_NAMES = (
    b"TAG",
    b"APE",
    b"LYR",
    b"\0\0\0",
)  # what may follow the last frame: ID3v1, APE, Lyrics3, padding


@dataclass(frozen=True)
class Stream:
    """An MPEG stream as its headers tell it; positions are bytes from the start of the file.

    Attributes:
        start: Where the first frame lies.
        end: Where the last frame ends: by the info header, or counted; 0 if neither tells.
        has_info: Whether the file has an info header of its own, with its number of frames.
        info_header: A frame to put before the first, for a file without an info header of its own.
    """

    start: int = 0
    end: int = 0
    has_info: bool = False
    info_header: bytes = b""


def is_header(data: bytes) -> bool:
    """Whether `data` starts with the header of a Layer III frame of a known length."""
    return (
        len(data) >= 4
        and data[0] == 0xFF
        and data[1] & 0xE6 == 0xE2
        and data[1] >> 3 & 3 in _SAMPLE_RATES_HZ
        and 0 < data[2] >> 4 < 15
        and data[2] >> 2 & 3 < 3
    )


def scan(file: BinaryIO) -> Stream:
    """Read the info header of an open MP3 file, or count its frames if it has none."""
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        start = _tag_bytes(data[:10])
        first = data[start : start + 4]
        if not is_header(first):
            return Stream()
        info = data[start + _info_offset(first) :][:16]
        if info[:4] in _INFO_NAMES and len(info) == 16:
            flags, _, stream_bytes = struct.unpack(">3I", info[4:])
            knows_end = flags & _HAS_FRAMES and flags & _HAS_BYTES
            return Stream(start, start + stream_bytes if knows_end else 0, has_info=bool(flags & _HAS_FRAMES))
        frames, end = _count_frames(data, start, first)
        if end < len(data) and data[end : end + 3] not in _TAG_NAMES:
            return Stream(start)  # something else lies between the frames: their number cannot be told
        return Stream(start, end, info_header=_info_header(first, frames, end - start))


def _tag_bytes(head: bytes) -> int:
    """Length of the ID3v2 tag at the start of a file; its four length bytes hold seven bits each."""
    if head[:3] != b"ID3" or len(head) < 10:
        return 0
    footer = 10 if head[5] & 0x10 else 0
    return 10 + footer + (head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9])


def _count_frames(data: mmap.mmap, start: int, first: bytes) -> tuple[int, int]:
    """How many frames follow each other from `start`, and where the last one ends."""
    lengths = {
        rate << 4 | padding << 1: _frame_bytes(first, rate, padding)
        for rate in range(1, 15)
        for padding in (0, 1)
    }
    version, sample_rate = first[1] & 0xFE, first[2] & 0x0C
    frames, position = 0, start
    while (header := data[position : position + 3])[:1] == b"\xff" and len(header) == 3:
        length = lengths.get(header[2] & 0xF2)
        if header[1] & 0xFE != version or header[2] & 0x0C != sample_rate or not length:
            break
        position += length
        frames += 1
    return frames, position


def _frame_bytes(header: bytes, bit_rate: int, padding: int) -> int:
    version = header[1] >> 3 & 3
    sample_rate_hz = _SAMPLE_RATES_HZ[version][header[2] >> 2 & 3]
    samples = MOST_SAMPLES if version == 3 else MOST_SAMPLES // 2
    return samples // 8 * _BIT_RATES_KBPS[version == 3][bit_rate] * 1000 // sample_rate_hz + padding


def _info_offset(header: bytes) -> int:
    """Where the info header's name lies in its frame: behind the side information."""
    mono, mpeg1 = header[3] >> 6 == 3, header[1] >> 3 & 3 == 3
    return 4 + ((17 if mono else 32) if mpeg1 else (9 if mono else 17))


def _info_header(first: bytes, frames: int, stream_bytes: int) -> bytes:
    header = bytes((first[0], first[1] | 1, _ROOMY_BIT_RATE | first[2] & 0x0C, first[3]))
    length = _frame_bytes(header, _ROOMY_BIT_RATE >> 4, padding=0)
    info = b"Xing" + struct.pack(">3I", _HAS_FRAMES | _HAS_BYTES, frames, stream_bytes + length)
    return (header.ljust(_info_offset(header), b"\0") + info).ljust(length, b"\0")
