"""MPEG audio (MP3, MP2, MP1): where its frames lie, counted from their headers.

libsndfile knows the length of an MP3 file from its info header (the first frame, marked "Xing" or "Info",
which most encoders write), and stops there: of files that were joined it would read the first. Without one
it estimates from the first frame's bit rate: of a file of varying bit rate it would leave out as much as
half. So the frames are counted, an info header is made where there is none, and what stands between the
frames (tags, info headers of further files) is left out.

Source: ISO/IEC 11172-3 and 13818-3, section 2.4.2.3 (header); the LAME project's description of the info
header; id3.org (ID3v1, ID3v2, Lyrics3) and the APEv2 specification (tags).
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass, field

from tonewright.audio.pieces import Part, Piece

_MPEG1, _LAYER_1, _LAYER_3 = 3, 3, 1
_BIT_RATES_KBPS = {
    (True, 3): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),  # MPEG 1, layer 1
    (True, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 1): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 3): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),  # MPEG 2 and 2.5
    (False, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 1): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_SAMPLE_RATES_HZ = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_ROOMY_BIT_RATE = 9 << 4  # 128 or 80 kbit/s: room for the info header at every sample rate
_INFO_NAMES = (b"Xing", b"Info")
_HAS_FRAMES, _HAS_BYTES = 1, 2
_VBRI_OFFSET = 36
_INFO_INACCURACY = 0.01  # encoders disagree whether the info header counts itself, and what else
_SEARCHED_BYTES = 2**16
_FARTHEST_FRAME = 2**18  # how far the next frame is looked for behind something that is none


@dataclass(frozen=True)
class Stream:
    """The frames of an MPEG stream.

    Attributes:
        parts: Stretches to be decoded one after the other; none if there is no frame.
        fault: What is wrong with it, to stand behind "is"; empty if nothing is.
    """

    parts: tuple[Part, ...] = ()
    fault: str = ""


@dataclass
class _Run:
    """Frames of one format that follow each other, but for tags between them.

    Attributes:
        header: Of the first.
        info: The info header's frame, if there is one.
        promised: How many frames it promises.
        frames: How many there are, the info header not counted.
        places: Positions of them.
    """

    header: bytes
    info: range | None = None
    promised: int = 0
    frames: int = 0
    places: list[range] = field(default_factory=list)

    @property
    def is_complete(self) -> bool:
        return self.info is not None and self.frames >= self.promised


def is_header(data: bytes) -> bool:
    """Whether `data` starts with the header of a frame of a known length."""
    return (
        len(data) >= 4
        and data[0] == 0xFF
        and data[1] & 0xE0 == 0xE0
        and data[1] >> 3 & 3 in _SAMPLE_RATES_HZ
        and data[1] >> 1 & 3 != 0
        and 0 < data[2] >> 4 < 15
        and data[2] >> 2 & 3 < 3
    )


def tag_bytes(data: mmap.mmap | bytes, position: int, end: int) -> int:
    """Length of the tag or padding at a position, 0 if there is none."""
    head = data[position : min(position + 32, end)]
    if head[:3] == b"ID3" and len(head) >= 10:  # its four length bytes hold seven bits each
        footer = 10 if head[5] & 0x10 else 0
        return 10 + footer + (head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9])
    if head[:4] == b"TAG+":
        return 227
    if head[:3] == b"TAG":
        return 128
    if head[:8] == b"APETAGEX" and len(head) == 32:
        length, flags = struct.unpack("<I4xI", head[12:24])
        return 32 + length if flags & 1 << 29 else 32  # a header, or a footer whose items were no frames
    if head[:11] == b"LYRICSBEGIN":
        closing = max(data.find(word, position, position + 2**16) for word in (b"LYRICS200", b"LYRICSEND"))
        return closing + 9 - position if closing >= 0 else 0
    if head[:4] == bytes(4):
        return _padding_bytes(data, position, end)
    return 0


def _padding_bytes(data: mmap.mmap | bytes, position: int, end: int) -> int:
    """How many zeros lie at a position."""
    first = position
    while chunk := data[position : min(position + _SEARCHED_BYTES, end)]:
        sound = chunk.lstrip(b"\0")
        position += len(chunk) - len(sound)
        if sound:
            break
    return position - first


def scan(data: mmap.mmap, start: int, end: int) -> Stream:
    """Count the frames between two positions of a file."""
    runs: list[_Run] = []
    position, junk, incomplete = start, 0, False
    strange = 0  # bytes since the last frame that belong to nothing
    while position < end:
        if tag := tag_bytes(data, position, end):
            position += tag
            continue
        header = data[position : position + 4]
        length = _frame_bytes(header) if is_header(header) else 0
        same = bool(runs) and _kind(header) == _kind(runs[-1].header)
        if length and position + length > end:
            incomplete = same or not runs
        if not length or position + length > end or not (same or _confirmed(data, position, length, end)):
            incomplete = incomplete or (bool(runs) and end - position < 4 and header[:1] == b"\xff")
            following = end if incomplete else _next_frame(data, position + 1, end)
            strange += following - position
            position = following
            continue
        if runs:
            junk += strange
        strange = 0
        if not same or runs[-1].is_complete or _info(data, position, length) is not None:
            runs.append(_Run(header))
            position = _take_info(data, position, length, runs[-1])
        position = _take_frames(data, position, end, runs[-1])
    return Stream(tuple(filter(None, map(_part, runs))), _fault(runs, junk, incomplete))


def _fault(runs: list[_Run], junk: int, incomplete: bool) -> str:
    if runs and junk:
        return f"damaged: {junk} bytes between its frames are no MPEG audio"
    for run in runs:
        missing = run.promised - run.frames
        if missing > max(2, _INFO_INACCURACY * run.promised):
            return f"cut short: it lacks {missing} of the {run.promised} frames that its info header promises"
    return "cut short: its last frame is incomplete" if incomplete else ""


def _kind(header: bytes) -> tuple[int, int, bool]:
    """Version and layer, sample rate, mono or not: what does not change within a stream."""
    return (header[1] & 0xFE, header[2] & 0x0C, header[3] >> 6 == 3) if len(header) == 4 else (0, 0, False)


def _confirmed(data: mmap.mmap, position: int, length: int, end: int) -> bool:
    """Whether something plausible follows a frame: the end, a frame of its kind, or a tag."""
    following = position + length
    header = data[following : following + 4]
    alike = is_header(header) and _kind(header) == _kind(data[position : position + 4])
    return following >= end or alike or tag_bytes(data, following, end) > 0


def _next_frame(data: mmap.mmap, position: int, end: int) -> int:
    """Where the next frame or tag begins that others follow; the end if none does nearby."""
    farthest = min(end, position + _FARTHEST_FRAME)
    while (position := data.find(b"\xff", position, farthest)) >= 0:
        header = data[position : position + 4]
        if is_header(header) and _confirmed(data, position, _frame_bytes(header), end):
            return position
        position += 1
    return end


def _take_info(data: mmap.mmap, position: int, length: int, run: _Run) -> int:
    """Read the info header, if there is one; where the first frame of sound lies."""
    promised = _info(data, position, length)
    if promised is None:
        return position
    if promised:
        run.info, run.promised = range(position, position + length), promised
    return position + length


def _info(data: mmap.mmap, position: int, length: int) -> int | None:
    """How many frames an info header promises, 0 if it does not say; None if the frame is a usual one."""
    header = data[position : position + 4]
    if header[1] >> 1 & 3 != _LAYER_3:
        return None
    offset = _info_offset(header)
    if data[position + offset : position + offset + 4] in _INFO_NAMES and offset + 12 <= length:
        if any(data[position + 6 : position + offset]):  # where sound has its side information
            return None
        flags, frames = struct.unpack(">2I", data[position + offset + 4 : position + offset + 12])
        return frames if flags & _HAS_FRAMES else 0
    return 0 if data[position + _VBRI_OFFSET : position + _VBRI_OFFSET + 4] == b"VBRI" else None


def _take_frames(data: mmap.mmap, position: int, end: int, run: _Run) -> int:
    """Count the frames of a run that follow each other from a position; where the last one ends."""
    first = position
    version, sample_rate, is_mono = _kind(run.header)
    lengths = {
        rate << 4 | padding << 1: _frame_bytes(run.header, rate, padding)
        for rate in range(1, 15)
        for padding in (0, 1)
    }
    most = run.promised - run.frames if run.info else -1
    info_at = _info_offset(run.header)
    frames = 0
    while frames != most:
        header = data[position : position + 4]
        if (
            len(header) < 4
            or header[0] != 0xFF
            or header[1] & 0xFE != version
            or header[2] & 0x0C != sample_rate
        ):
            break
        length = lengths.get(header[2] & 0xF2)
        if not length or (header[3] >> 6 == 3) != is_mono or position + length > end:
            break
        if data[position + info_at] in b"XI" and _info(data, position, length) is not None:
            break
        position += length
        frames += 1
    run.frames += frames
    if position > first:
        run.places.append(range(first, position))
    return position


def _part(run: _Run) -> Part | None:
    """What libsndfile is to read of a run; nothing where there is an info header alone."""
    if not run.frames:
        return None
    pieces: list[Piece] = list(run.places)
    in_frame = _samples_in_frame(run.header)
    if run.info:
        return Part((run.info, *pieces), tolerance_frames=2 * in_frame)
    stream_bytes = sum(map(len, run.places))
    if run.header[1] >> 1 & 3 == _LAYER_3:
        return Part((_info_header(run.header, run.frames, stream_bytes), *pieces))
    # Without an info header libsndfile estimates the length from the first frame; more at the end lets it
    # estimate too much.
    first = run.places[0][: _frame_bytes(run.header)]
    fill = max(0, run.frames * (len(first) + 1) - stream_bytes)
    return Part((*pieces, first, first, bytes(fill)), run.frames * in_frame)


def _samples_in_frame(header: bytes) -> int:
    """Of each channel."""
    layer = header[1] >> 1 & 3
    if layer == _LAYER_1:
        return 384
    return 576 if layer == _LAYER_3 and header[1] >> 3 & 3 != _MPEG1 else 1152


def _frame_bytes(header: bytes, bit_rate: int | None = None, padding: int | None = None) -> int:
    """Length of a frame, by its own header or with another bit rate and padding."""
    version, layer = header[1] >> 3 & 3, header[1] >> 1 & 3
    bit_rate = header[2] >> 4 if bit_rate is None else bit_rate
    padding = header[2] >> 1 & 1 if padding is None else padding
    slot = 4 if layer == _LAYER_1 else 1
    kbps = _BIT_RATES_KBPS[version == _MPEG1, layer][bit_rate]
    sample_rate_hz = _SAMPLE_RATES_HZ[version][header[2] >> 2 & 3]
    slots: int = _samples_in_frame(header) // (8 * slot) * kbps * 1000 // sample_rate_hz + padding
    return slots * slot


def _info_offset(header: bytes) -> int:
    """Where the info header's name lies in its frame: behind the side information."""
    mono, mpeg1 = header[3] >> 6 == 3, header[1] >> 3 & 3 == _MPEG1
    return 4 + ((17 if mono else 32) if mpeg1 else (9 if mono else 17))


def _info_header(first: bytes, frames: int, stream_bytes: int) -> bytes:
    header = bytes((first[0], first[1] | 1, _ROOMY_BIT_RATE | first[2] & 0x0C, first[3]))
    length = _frame_bytes(header, _ROOMY_BIT_RATE >> 4, padding=0)
    info = b"Xing" + struct.pack(">3I", _HAS_FRAMES | _HAS_BYTES, frames, stream_bytes + length)
    return (header.ljust(_info_offset(header), b"\0") + info).ljust(length, b"\0")
