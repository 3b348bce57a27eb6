"""Ogg: the links of a chain.

A chain holds several sounds one after the other (recordings of radio do, and files that were joined);
libsndfile reads the first.

Source: RFC 3533 (pages, and chaining in section 4).
"""

from __future__ import annotations

import mmap

from tonewright.audio.pieces import Part

_NEWS, _CLOSES = 0x02, 0x04
_HEADER_BYTES = 27
_OF_LIBSNDFILE = (b"\x01vorbis", b"OpusHead")


def scan(data: mmap.mmap) -> tuple[tuple[Part, ...], bool, bool]:
    """The links of an Ogg file; whether its last page is there; whether libsndfile has the first encoding."""
    starts: list[int] = []
    position, opening, closed, known = 0, False, False, False
    while (position := data.find(b"OggS\0", position)) >= 0:
        header = data[position : position + _HEADER_BYTES]
        lengths = (
            data[position + _HEADER_BYTES : position + _HEADER_BYTES + header[26]]
            if len(header) == 27
            else b""
        )
        body = position + _HEADER_BYTES + len(lengths)
        if len(header) < _HEADER_BYTES or len(lengths) < header[26] or body + sum(lengths) > len(data):
            closed = False
            break
        opens = bool(header[5] & _NEWS)
        if opens and not opening:
            if not starts:
                known = data[body : body + 8].startswith(_OF_LIBSNDFILE)
            starts.append(position)
        opening, closed = opens, bool(header[5] & _CLOSES)
        position = body + sum(lengths)
    ends = [*starts[1:], len(data)][: len(starts)]
    return tuple(Part((range(*place),)) for place in zip(starts, ends, strict=True)), closed, known
