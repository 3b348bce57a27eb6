"""Reading sound files: WAV, AIFF, FLAC, OGG, MP3, and what else libsndfile or ffmpeg knows.

The contents decide the format, not the ending of the name. A file that was cut short is an error wherever
its own header tells: WAV and AIFF (length of the samples), FLAC (number of frames), OGG (closing page), MP3
(info header, or an incomplete last frame); `partial=True` takes what is there. A stream that was never
given a length (ffmpeg, SoX or arecord writing to a pipe) is whole as it is. Files that were joined, as
chained OGG and MP3 after MP3, are read to the end of the last. Formats that libsndfile does not know (M4A,
WMA, WebM, videos) are decoded by the program ffmpeg, if it is installed.
"""

from __future__ import annotations

import math
import os
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tonewright.audio.clip import Clip
from tonewright.errors import AudioError, UsageError

if TYPE_CHECKING:
    from tonewright.audio.decoder import Decoder

MAX_CLIP_BYTES = 2**31  # an hour and a half of 48 kHz stereo as float32
_BLOCK_SAMPLES = 2**23  # 32 MiB: from this size on, the allocator gives memory back to the system at once


@dataclass(frozen=True)
class SoundInfo:
    """What a sound file holds.

    Attributes:
        channels: How many channels.
        frames: How many samples in each channel.
        sample_rate_hz: Frames per second.
        format: The container, by libsndfile's name: "WAV", "AIFF", "FLAC", "OGG", "MP3"…; by ffmpeg's, in
            capitals, where ffmpeg decodes: "MOV", "MATROSKA"…
        subtype: The encoding, by libsndfile's name: "PCM_16", "FLOAT", "VORBIS"…; or ffmpeg's: "AAC", "ALAC"…
    """

    channels: int
    frames: int
    sample_rate_hz: int
    format: str
    subtype: str

    @property
    def seconds(self) -> float:
        """Duration in seconds."""
        return self.frames / self.sample_rate_hz


def info(path: str | os.PathLike[str], *, partial: bool = False) -> SoundInfo:
    """Tell what a sound file holds, from its header.

    Only a stream that does not tell its length is decoded, to count its frames.

    Args:
        path: The file.
        partial: Count what is there of a file that is cut short or damaged, instead of refusing it.

    Raises:
        AudioError: The file cannot be read, or its header or end shows damage.

    Examples:
        >>> import tonewright as tw
        >>> tw.audio.info("examples/sounds/bass.flac")
        SoundInfo(channels=1, frames=66150, sample_rate_hz=44100, format='FLAC', subtype='PCM_16')
    """
    from tonewright.audio.decoder import opened

    with opened(path, partial=partial) as sound:
        frames = sound.frames
        if frames < 0:
            frames = sum(block.shape[1] for block in sound.blocks(0, -1, _BLOCK_SAMPLES // sound.channels))
        return SoundInfo(sound.channels, frames, sound.sample_rate_hz, sound.format, sound.subtype)


def read(
    path: str | os.PathLike[str],
    *,
    start_s: float = 0.0,
    seconds: float | None = None,
    max_seconds: float | None = None,
    partial: bool = False,
) -> Clip:
    """Read a sound, or a part of it, into memory.

    Args:
        path: The file.
        start_s: Where to begin, in seconds.
        seconds: How much to read; less is returned where the sound ends before. All of it by default.
        max_seconds: Refuse what is longer instead of reading it; no limit but `MAX_CLIP_BYTES` by default.
        partial: Take what is there of a file that is cut short or damaged, instead of refusing it.

    Returns:
        The sound, with the file's own sample rate and channels.

    Raises:
        AudioError: The file cannot be read, is cut short or damaged, holds NaN or infinite samples, or is too
            long.
        UsageError: `start_s` lies outside the sound, or a duration is not positive.

    Examples:
        >>> import tonewright as tw
        >>> clip = tw.read("examples/sounds/bass.flac")
        >>> clip.samples.shape, clip.sample_rate_hz, clip.seconds
        ((1, 66150), 44100, 1.5)
        >>> tw.read("examples/sounds/bass.flac", start_s=0.5, seconds=0.25).seconds
        0.25
    """
    from tonewright.audio.decoder import opened

    _check_positive("seconds", seconds)
    _check_positive("max_seconds", max_seconds)
    if not 0 <= start_s < math.inf:
        raise UsageError(f"start_s is a time from 0 s on; got {start_s}")
    with opened(path, partial=partial) as sound:
        rate = sound.sample_rate_hz
        start = round(start_s * rate)
        frames = -1 if seconds is None else max(1, round(seconds * rate))
        if sound.frames >= 0:
            if start >= sound.frames:
                end_s = sound.frames / rate
                raise UsageError(
                    f"{_named(path)} ends at {end_s:.3f} s; start_s must lie before it; got {start_s}"
                )
            frames = sound.frames - start if frames < 0 else min(frames, sound.frames - start)
        samples = _gather(sound, path, start, frames, max_seconds)
        if not samples.shape[1]:
            raise AudioError(
                f"{_named(path)} holds no sound from {start_s} s on; begin earlier or export it again"
            )
        return _clip(path, samples, rate)


def read_blocks(
    path: str | os.PathLike[str], *, block_seconds: float = 1.0, partial: bool = False
) -> Iterator[Clip]:
    """Read a sound of any length block by block; no more than one block is in memory.

    Args:
        path: The file.
        block_seconds: Duration of a block; the last one may be shorter.
        partial: Take what is there of a file that is cut short or damaged, instead of refusing it.

    Returns:
        The blocks in order. Together they hold the very samples that `read` returns.

    Raises:
        AudioError: The file cannot be read (at the call), or a block turns out to be damaged (when it is
            reached).
        UsageError: `block_seconds` is not positive, or a block would be larger than `MAX_CLIP_BYTES`.
    """
    _check_positive("block_seconds", block_seconds)
    blocks = _blocks(path, block_seconds, partial)
    next(blocks)
    return blocks


def _blocks(path: str | os.PathLike[str], block_seconds: float, partial: bool) -> Iterator[Clip]:
    """The blocks, after an empty one as soon as the file is open."""
    from tonewright.audio.decoder import opened

    with opened(path, partial=partial) as sound:
        rate = sound.sample_rate_hz
        block_frames = max(1, round(block_seconds * rate))
        if 4 * block_frames * sound.channels > MAX_CLIP_BYTES:
            raise UsageError(f"a block of {block_seconds} s does not fit in memory; ask for shorter blocks")
        yield Clip(np.empty((sound.channels, 0), np.float32), rate)
        for samples in sound.blocks(0, -1, block_frames):
            yield _clip(path, samples, rate)


def _gather(
    sound: Decoder, path: str | os.PathLike[str], start: int, frames: int, max_seconds: float | None
) -> NDArray[np.float32]:
    """Decode `frames` frames (-1: all) into `[channels, frames]`, within the limits."""
    _check_length(sound, path, frames, max_seconds)  # by the header
    blocks: deque[NDArray[np.float32]] = deque()
    total = 0
    for block in sound.blocks(start, frames, _BLOCK_SAMPLES // sound.channels):
        total += block.shape[1]
        _check_length(sound, path, total, max_seconds)  # by the count, where the header does not tell
        blocks.append(block)
    samples = np.empty((sound.channels, total), np.float32)
    done = 0
    while blocks:  # each block is let go once it is copied: a long sound is in memory once, not twice
        block = blocks.popleft()
        samples[:, done : done + block.shape[1]] = block
        done += block.shape[1]
    return samples


def _check_length(
    sound: Decoder, path: str | os.PathLike[str], frames: int, max_seconds: float | None
) -> None:
    seconds = frames / sound.sample_rate_hz
    if max_seconds is not None and seconds > max_seconds:
        raise AudioError(f"{_named(path)} lasts {seconds:.2f} s; at most {max_seconds:g} s are taken: cut it")
    if 4 * frames * sound.channels > MAX_CLIP_BYTES:
        raise AudioError(
            f"{_named(path)} lasts {seconds:.0f} s, more than fits in {MAX_CLIP_BYTES >> 30} GiB of memory; "
            "read a part or block by block"
        )


def _clip(path: str | os.PathLike[str], samples: NDArray[np.float32], sample_rate_hz: int) -> Clip:
    try:
        return Clip(samples, sample_rate_hz)
    except AudioError as error:
        raise AudioError(f"cannot use {_named(path)}: {error}") from None


def _check_positive(name: str, seconds: float | None) -> None:
    if seconds is not None and not 0 < seconds < math.inf:
        raise UsageError(f"{name} is a positive duration in seconds; got {seconds}")


def _named(path: str | os.PathLike[str]) -> str:
    return repr(os.fspath(path))
