"""Sound files for samplers: WAV that tells its note and its loop."""

from __future__ import annotations

import struct

from tonewright.audio.clip import Clip
from tonewright.audio.writing import wav_bytes
from tonewright.checks import check_whole
from tonewright.errors import UsageError

_RIFF_HEAD = 8  # "RIFF" and the number of bytes that follow
_FORWARD, _FOR_EVER = 0, 0


def sample_bytes(
    clip: Clip, midi_note: int, loop: tuple[int, int] | None = None, *, encoding: str = "pcm24"
) -> bytes:
    """Give the bytes of a WAV file with a `smpl` chunk.

    Args:
        clip: The sound.
        midi_note: The key that plays it as it is, 0 to 127.
        loop: First frame of the part that is repeated, and the frame after its last.
        encoding: As of `write`.

    Raises:
        UsageError: The note or the loop makes no sense.
        AudioError: As of `wav_bytes`.

    Source: Multimedia Programming Interface and Data Specifications 1.0 (IBM, Microsoft 1991), with the
    `smpl` chunk of its revision of 1994.
    """
    check_whole(midi_note, "midi_note", 0, 127)
    if loop is not None and not 0 <= loop[0] < loop[1] <= clip.frames:
        raise UsageError(f"a loop lies within the {clip.frames} frames of its sound; got {loop}")
    period_ns = round(1e9 / clip.sample_rate_hz)
    loops = [] if loop is None else [(0, _FORWARD, loop[0], loop[1] - 1, 0, _FOR_EVER)]
    head = (0, 0, period_ns, midi_note, 0, 0, 0, len(loops), 0)
    body = struct.pack("<9I", *head) + b"".join(struct.pack("<6I", *one) for one in loops)
    wav = wav_bytes(clip, encoding=encoding) + b"smpl" + struct.pack("<I", len(body)) + body
    return wav[:4] + struct.pack("<I", len(wav) - _RIFF_HEAD) + wav[_RIFF_HEAD:]
