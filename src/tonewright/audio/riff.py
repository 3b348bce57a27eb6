"""WAV, RIFX, RF64, BW64 and Wave64: where the samples lie, and a plain header for them.

libsndfile refuses some files for chunks that have nothing to do with their samples, and takes the encoding
of others for another one. So it is given the format and the samples, and nothing else.

Source: Microsoft, Multimedia Programming Interface 1.0 and WAVEFORMATEXTENSIBLE; EBU Tech 3306 (RF64);
ITU-R BS.2088 (BW64); Sony, Wave64.
"""

from __future__ import annotations

import string
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from tonewright.audio.pieces import Part

# Lengths from here on, where the file is shorter, are what streaming writers put when they do not know yet:
# 0xFFFFFFFF (ffmpeg, mpg123), 0x80000000 (arecord), 0x7FFFF000 and 0x7F000000 (SoX).
OPEN_ENDED = 0x7F000000

# Some writers count their header into the length of the samples; a file that lacks no more than that is
# whole.
HEADER_BYTES = 64

MOST_BYTES = 2**62  # no file is as long, and no system goes beyond
MPEG_TAGS = (0x50, 0x55)
_PCM, _MS_ADPCM, _FLOAT, _ALAW, _ULAW, _IMA_ADPCM, _GSM = 1, 2, 3, 6, 7, 0x11, 0x31
_LINEAR = (_PCM, _FLOAT, _ALAW, _ULAW)
_IN_BLOCKS = (_MS_ADPCM, _IMA_ADPCM, _GSM)
_OF_LIBSNDFILE = (*_LINEAR, *_IN_BLOCKS, 0x38, 0x40)  # the last two: ADPCM of NMS, and G.721
_EXTENSIBLE = 0xFFFE
_MOST_PCM_BITS = 32
# What follows the tag in the identifier of an extensible encoding: Microsoft's, and that of Ambisonics.
_TAG_FOLLOWS = (
    bytes.fromhex("000000001000800000aa00389b71"),
    bytes.fromhex("00002107d3118644c8c1ca000000"),
)
_NAME_BYTES = (string.ascii_letters + string.digits + string.punctuation + " ").encode()
_MOST_CHUNKS = 4096
_W64_NAME, _W64_HEADER = 16, 24
_GSM_FRAMES = 320


@dataclass(frozen=True)
class Samples:
    """Where the samples of a file lie, and how they are encoded.

    Attributes:
        place: Positions in the file.
        missing: How many bytes fewer there are than promised.
        is_known: Whether libsndfile has this encoding, or nothing tells which it is.
        tag: The encoding, by Microsoft's number; 0 without a format.
        part: What libsndfile is to read; none if nothing tells how.
        kind: libsndfile's name of the container.
    """

    place: range
    missing: int
    is_known: bool
    tag: int
    part: Part | None
    kind: str


def samples_end(position: int, length: int, size: int, *, open_ended: bool = False) -> tuple[int, int]:
    """Where samples end, and how many bytes are missing there."""
    missing = position + length - size
    if missing <= HEADER_BYTES or open_ended:
        return min(position + length, size), 0
    return size, missing


def chunks(file: BinaryIO, order: str, first: int = 12) -> Iterator[tuple[bytes, int, int]]:
    """Names, positions and lengths of the chunks; the file stands at the chunk's contents."""
    position = first
    for _ in range(_MOST_CHUNKS):
        file.seek(position)
        header = file.read(8)
        if len(header) < 8:
            return
        name, length = struct.unpack(order + "4sI", header)
        yield name, position + 8, length
        position += 8 + length
        if length % 2:
            file.seek(position)
            follows = file.read(5)  # some writers forget the byte that makes a length even
            position += not (_is_name(follows[:4]) and not _is_name(follows[1:]))


def _is_name(data: bytes) -> bool:
    return len(data) == 4 and all(byte in _NAME_BYTES for byte in data)


def _w64_chunks(file: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    position = 40
    for _ in range(_MOST_CHUNKS):
        if position > MOST_BYTES:
            return
        file.seek(position)
        header = file.read(_W64_HEADER)
        if len(header) < _W64_HEADER:
            return
        (length,) = struct.unpack("<Q", header[_W64_NAME:])
        yield header[:4], position + _W64_HEADER, max(0, length - _W64_HEADER)
        position += max(_W64_HEADER, (length + 7) // 8 * 8)


def examine_wave(file: BinaryIO, size: int, start: bytes) -> Samples | None:
    """Find the samples of a WAV, RIFX, RF64, BW64 or Wave64 file; none if it has no samples."""
    order = ">" if start[:4] == b"RIFX" else "<"
    is_w64 = start[:4] == b"riff"
    kind = {b"RF64": "RF64", b"BW64": "RF64", b"riff": "W64"}.get(start[:4], "WAV")
    riff_length = 0 if is_w64 else struct.unpack(order + "I", start[4:8])[0]
    found: dict[bytes, bytes] = {}
    place: range | None = None
    missing = 0
    for name, position, length in _w64_chunks(file) if is_w64 else chunks(file, order):
        if name in (b"fmt ", b"fact", b"ds64"):
            found.setdefault(name, file.read(min(length, 256)))
        if name == b"data" and place is None:
            end, missing = _data_end(kind, position, length, size, riff_length, found.get(b"ds64", b""))
            place = range(position, end)
        if place is not None and b"fmt " in found:
            break
    if place is None:
        return None
    layout = _plain_format(found.get(b"fmt ", b""), order)
    tag = struct.unpack(order + "H", layout[:2])[0] if layout else 0
    part = _part(order, layout, found.get(b"fact", b""), place) if layout else None
    if kind == "WAV" and struct.unpack(order + "H", found.get(b"fmt ", b"\0\0")[:2])[0] == _EXTENSIBLE:
        kind = "WAVEX"
    return Samples(place, missing, _is_known(tag, layout, order), tag, part, kind)


def _data_end(
    kind: str, position: int, length: int, size: int, riff_length: int, ds64: bytes
) -> tuple[int, int]:
    if kind == "W64":
        return samples_end(position, length, size, open_ended=length >= MOST_BYTES)
    never_closed = riff_length + 8 <= position or riff_length >= OPEN_ENDED
    if kind == "RF64" and length == 0xFFFFFFFF:
        length = struct.unpack("<Q", ds64[8:16])[0] if len(ds64) >= 16 else 0
        if length in (0, 2**64 - 1):  # written to a pipe
            return size, 0
        return samples_end(position, length, size)
    if length == 0 and never_closed:
        return size, 0
    return samples_end(position, length, size, open_ended=length >= OPEN_ENDED)


def _plain_format(layout: bytes, order: str) -> bytes:
    """The contents of a `fmt ` chunk without what does not matter; empty if it is too short."""
    if len(layout) < 16:
        return b""
    tag, channels, rate, _, block, bits = struct.unpack(order + "HHIIHH", layout[:16])
    if tag == _EXTENSIBLE and layout[26:40] in _TAG_FOLLOWS:
        (tag,) = struct.unpack(order + "H", layout[24:26])
        layout = struct.pack(order + "H", tag) + layout[2:16] + bytes(2)
    if tag not in _LINEAR:
        return layout
    block = block or channels * ((bits + 7) // 8)
    plain = struct.pack(order + "HHIIHH", tag, channels, rate, rate * block % 2**32, block, bits)
    return plain if tag == _PCM else plain + bytes(2)


def _is_known(tag: int, layout: bytes, order: str) -> bool:
    if tag == _PCM:
        return bool(struct.unpack(order + "H", layout[14:16])[0] <= _MOST_PCM_BITS)
    return tag == 0 or tag in _OF_LIBSNDFILE or tag in MPEG_TAGS


def _part(order: str, layout: bytes, fact: bytes, place: range) -> Part:
    tag, channels, _, _, block, _ = struct.unpack(order + "HHIIHH", layout[:16])
    frames, fill = -1, 0
    if tag in _IN_BLOCKS and channels and block:
        frames, fill = _block_frames(order, layout, fact, len(place))
    chunks = _chunk(order, b"fmt ", layout)
    if tag not in _LINEAR and fact:
        chunks += _chunk(order, b"fact", fact)
    data_bytes = len(place) + fill
    head = _head(order, chunks, data_bytes, data_bytes // max(block, 1))
    return Part((head, place, bytes(fill)), frames)


def _block_frames(order: str, layout: bytes, fact: bytes, data_bytes: int) -> tuple[int, int]:
    """How many frames are in blocks of ADPCM or GSM, and how many bytes the last block lacks.

    The last block is often cut at the end of the sound, or holds more than the sound: the `fact` chunk tells.
    """
    tag, channels, _, _, block, _ = struct.unpack(order + "HHIIHH", layout[:16])
    frames_in_block = _GSM_FRAMES
    if tag != _GSM:
        frames_in_block = struct.unpack(order + "H", layout[18:20])[0] if len(layout) >= 20 else 0
    if not frames_in_block:
        return -1, 0
    whole, rest = divmod(data_bytes, block)
    frames = whole * frames_in_block
    if rest and tag != _GSM:
        head = 7 * channels if tag == _MS_ADPCM else 4 * channels
        first = 2 if tag == _MS_ADPCM else 1
        frames += 0 if rest < head else min(first + (rest - head) * 2 // channels, frames_in_block)
    if (
        len(fact) >= 4
        and frames - frames_in_block < (told := struct.unpack(order + "I", fact[:4])[0]) < frames
    ):
        frames = told
    return frames, -data_bytes % block


def _chunk(order: str, name: bytes, contents: bytes) -> bytes:
    return name + struct.pack(order + "I", len(contents)) + contents + bytes(len(contents) % 2)


def _head(order: str, chunks: bytes, data_bytes: int, frames: int) -> bytes:
    riff_bytes = 4 + len(chunks) + 8 + data_bytes
    if riff_bytes < 2**32:
        magic = b"RIFX" if order == ">" else b"RIFF"
        lengths = struct.pack(order + "I", riff_bytes), struct.pack(order + "I", data_bytes)
        return magic + lengths[0] + b"WAVE" + chunks + b"data" + lengths[1]
    ds64 = _chunk("<", b"ds64", struct.pack("<QQQI", riff_bytes + 36, data_bytes, frames, 0))
    unknown = b"\xff" * 4
    return b"RF64" + unknown + b"WAVE" + ds64 + chunks + b"data" + unknown
