"""Writing sound files: WAV and FLAC, whole or not at all.

The same clip gives the same bytes on every run: WAV headers are written here, because libsndfile puts the
time of day into those of float files. Whole-number samples are rounded without dither, so that a 16-bit
recording that is read and written again comes back bit for bit; where 16 bits are too few, write 24 or float.
"""

from __future__ import annotations

import io
import math
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from tonewright.audio.clip import Clip
from tonewright.errors import AudioError, OutputError, UnknownNameError, UsageError
from tonewright.files import replacing

_WAV_BITS = {"pcm16": 16, "pcm24": 24, "float": 32}
_FLAC_BITS = {"pcm16": 16, "pcm24": 24}
_FORMAT_PCM, _FORMAT_FLOAT = 1, 3
_WAV_MOST_BYTES = 2**32 - 1
_FLAC_MOST_CHANNELS = 8
_FLAC_MOST_HZ = 655_350
_BLOCK_FRAMES = 2**16


def write(
    path: str | os.PathLike[str], clip: Clip, *, encoding: str | None = None, overwrite: bool = False
) -> None:
    """Write a clip to a WAV or FLAC file, by the ending of its name.

    Args:
        path: Where to; ends in ".wav" or ".flac".
        clip: The sound.
        encoding: For WAV "float" (default), "pcm24" or "pcm16"; for FLAC "pcm24" (default) or "pcm16". The
            two PCM encodings round to the nearest step; +1 itself, one step above the highest, becomes the
            highest.
        overwrite: Whether a file that is there already may be replaced.

    Raises:
        UsageError: The ending is another, or the encoding does not belong to it.
        AudioError: The clip has no frames, lies above full scale (PCM), or does not fit in the format.
        OutputError: The file exists, or cannot be written.
    """
    ending = Path(path).suffix.lower()
    if ending == ".wav":
        bits = _bits(encoding or "float", _WAV_BITS, "WAV encoding")
        _check_fits(clip, bits)
        with replacing(path, overwrite=overwrite) as temporary, temporary.open("wb") as file:
            _write_wav(file, clip, bits)
    elif ending == ".flac":
        bits = _bits(encoding or "pcm24", _FLAC_BITS, "FLAC encoding")
        _check_fits(clip, bits)
        with replacing(path, overwrite=overwrite) as temporary:
            _write_flac(temporary, clip, bits)
    else:
        raise UsageError(
            f"sounds are written as WAV or FLAC; end the name in .wav or .flac: {os.fspath(path)!r}"
        )


def wav_bytes(clip: Clip, *, encoding: str = "pcm16") -> bytes:
    """Give the bytes of a WAV file, to embed in a page; see `write` for encodings and errors."""
    bits = _bits(encoding, _WAV_BITS, "WAV encoding")
    _check_fits(clip, bits)
    file = io.BytesIO()
    _write_wav(file, clip, bits)
    return file.getvalue()


def flac_bytes(clip: Clip, *, encoding: str = "pcm24") -> bytes:
    """Give the bytes of a FLAC file, to embed in a page; see `write` for encodings and errors."""
    bits = _bits(encoding, _FLAC_BITS, "FLAC encoding")
    _check_fits(clip, bits)
    file = io.BytesIO()
    _write_flac(file, clip, bits)
    return file.getvalue()


def _bits(encoding: str, known: dict[str, int], kind: str) -> int:
    if encoding not in known:
        raise UnknownNameError(kind, encoding, known)
    return known[encoding]


def _check_fits(clip: Clip, bits: int) -> None:
    if not clip.frames:
        raise AudioError("a sound without frames cannot be written; give at least one frame")
    if bits < 32 and clip.peak > 1.0:
        excess_db = 20 * math.log10(clip.peak)
        raise AudioError(
            f"the sound peaks at {excess_db:+.2f} dBFS, and whole-number samples end at 0 dBFS; "
            f"write encoding 'float' to WAV, or lower the level by {math.ceil(excess_db * 10) / 10:.1f} dB"
        )


def _write_wav(file: BinaryIO, clip: Clip, bits: int) -> None:
    frame_bytes = bits // 8 * clip.channels
    data_bytes = frame_bytes * clip.frames
    encoding = _FORMAT_FLOAT if bits == 32 else _FORMAT_PCM
    rate = clip.sample_rate_hz
    layout = struct.pack("<HHIIHH", encoding, clip.channels, rate, rate * frame_bytes, frame_bytes, bits)
    if encoding == _FORMAT_PCM:
        chunks = _chunk(b"fmt ", layout)
    else:  # encodings other than PCM state an extension (none here) and the number of frames
        chunks = _chunk(b"fmt ", layout + b"\0\0") + _chunk(b"fact", struct.pack("<I", clip.frames))
    padding = data_bytes % 2
    riff_bytes = len(b"WAVE") + len(chunks) + 8 + data_bytes + padding
    if riff_bytes > _WAV_MOST_BYTES:
        raise AudioError(
            f"the sound needs {data_bytes >> 20} MiB and a WAV file ends at 4 GiB; write FLAC or cut it"
        )
    file.write(
        b"RIFF" + struct.pack("<I", riff_bytes) + b"WAVE" + chunks + b"data" + struct.pack("<I", data_bytes)
    )
    for block in _blocks(clip):
        file.write(_encoded(block, bits))
    file.write(b"\0" * padding)


def _chunk(name: bytes, contents: bytes) -> bytes:
    return name + struct.pack("<I", len(contents)) + contents


def _encoded(block: NDArray[np.float32], bits: int) -> bytes:
    """Encode interleaved samples as little-endian bytes."""
    if bits == 32:
        return block.astype("<f4").tobytes()
    steps = _steps(block, bits)
    if bits == 16:
        return steps.astype("<i2").tobytes()
    return steps.astype("<i4").reshape(-1, 1).view(np.uint8)[:, :3].tobytes()


def _write_flac(file_or_path: BinaryIO | Path, clip: Clip, bits: int) -> None:
    import soundfile

    if clip.channels > _FLAC_MOST_CHANNELS or clip.sample_rate_hz > _FLAC_MOST_HZ:
        raise AudioError(
            f"FLAC holds up to {_FLAC_MOST_CHANNELS} channels at up to {_FLAC_MOST_HZ} Hz; "
            f"the sound has {clip.channels} at {clip.sample_rate_hz} Hz: write WAV"
        )
    layout = {"format": "FLAC", "subtype": f"PCM_{bits}"}
    try:
        with soundfile.SoundFile(file_or_path, "w", clip.sample_rate_hz, clip.channels, **layout) as file:
            for block in _blocks(clip):
                file.write(_steps(block, bits) << (32 - bits))  # libsndfile takes the upper bits
    except soundfile.SoundFileError as error:
        raise OutputError(f"the FLAC encoder failed ({error}); is the disk full?") from error


def _blocks(clip: Clip) -> Iterator[NDArray[np.float32]]:
    """Interleave the samples, `[frames, channels]`, a part at a time."""
    for start in range(0, clip.frames, _BLOCK_FRAMES):
        yield np.ascontiguousarray(clip.samples[:, start : start + _BLOCK_FRAMES].T)


def _steps(samples: NDArray[np.float32], bits: int) -> NDArray[np.int32]:
    """Round samples to whole steps of 2^(1 − bits)."""
    full_scale = 2 ** (bits - 1)
    rounded = np.rint(samples * np.float32(full_scale))
    return np.asarray(np.minimum(rounded, full_scale - 1), np.int32)
