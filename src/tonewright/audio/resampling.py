"""Changing the sample rate, with soxr."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tonewright.audio.clip import Clip
from tonewright.errors import UnknownNameError, UsageError

QUALITIES = ("QQ", "LQ", "MQ", "HQ", "VHQ")


def resample(clip: Clip, sample_rate_hz: int, quality: str = "VHQ") -> Clip:
    """Bring a clip to another sample rate.

    Samples close to full scale may come out slightly above it, as the signal between the samples does.

    Args:
        clip: The sound.
        sample_rate_hz: The rate to bring it to.
        quality: soxr's name of the filter, from "QQ" (quick) to "VHQ" (20 bits and more of precision).

    Returns:
        The sound at the new rate; the clip itself if it has that rate already.

    Raises:
        UsageError: The rate is not a positive whole number.
        UnknownNameError: There is no such quality.
    """
    samples = resample_array(clip.samples, clip.sample_rate_hz, sample_rate_hz, quality)
    return clip if samples is clip.samples else Clip(samples, sample_rate_hz)


def resample_array(
    audio: NDArray[np.float32], from_hz: int, to_hz: int, quality: str = "VHQ"
) -> NDArray[np.float32]:
    """Bring an array `[..., frames]` from one sample rate to another.

    Returns:
        `[..., frames · to_hz / from_hz]`, rounded to whole frames, float32; the array itself if the rates are
        equal.

    Raises:
        UsageError: A rate is not a positive whole number.
        UnknownNameError: There is no such quality.
    """
    import soxr

    _check(from_hz, to_hz, quality)
    if from_hz == to_hz:
        return audio
    *batch, frames = audio.shape
    resampled = np.zeros((*batch, _length(frames, from_hz, to_hz)), np.float32)
    if resampled.size:
        # Row by row: soxr filters the channels of an array one after the other anyway, and slower.
        for source, target in zip(
            audio.reshape(-1, frames), resampled.reshape(-1, resampled.shape[-1]), strict=True
        ):
            row = soxr.resample(source, from_hz, to_hz, quality)[: target.size]
            target[: row.size] = row
    return resampled


def resample_blocks(blocks: Iterable[Clip], sample_rate_hz: int, quality: str = "VHQ") -> Iterator[Clip]:
    """Bring a sound that comes block by block to another sample rate; no more than a block is in memory.

    Args:
        blocks: The sound in order, as `read_blocks` gives it: of one sample rate and number of channels.
        sample_rate_hz: The rate to bring it to.
        quality: As of `resample`.

    Returns:
        Blocks of at least one frame. Together they hold the very samples that `resample` gives of the whole.

    Raises:
        UsageError: The rate is not a positive whole number.
        UnknownNameError: There is no such quality.
    """
    import soxr

    streams: list[Any] = []
    taken = given = from_hz = 0
    for clip in blocks:
        if not streams:
            from_hz = clip.sample_rate_hz
            _check(from_hz, sample_rate_hz, quality)
            # One to a channel, as in `resample_array`.
            streams = [
                soxr.ResampleStream(from_hz, sample_rate_hz, 1, "float32", quality) for _ in clip.samples
            ]
        if from_hz == sample_rate_hz:
            yield clip
            continue
        taken += clip.frames
        new = [stream.resample_chunk(row) for stream, row in zip(streams, clip.samples, strict=True)]
        given += len(new[0])
        if len(new[0]):
            yield Clip(np.stack(new), sample_rate_hz)
    if from_hz == sample_rate_hz or not streams:
        return
    rest = np.zeros((len(streams), _length(taken, from_hz, sample_rate_hz) - given), np.float32)
    for stream, target in zip(streams, rest, strict=True):
        row = stream.resample_chunk(np.empty(0, np.float32), last=True)[: target.size]
        target[: row.size] = row
    if rest.shape[1]:
        yield Clip(rest, sample_rate_hz)


def _check(from_hz: int, to_hz: int, quality: str) -> None:
    if quality not in QUALITIES:
        raise UnknownNameError("resampling quality", quality, QUALITIES)
    for rate in (from_hz, to_hz):
        if not (rate > 0 and rate == int(rate)):
            raise UsageError(f"a sample rate is a positive whole number of Hz; got {rate}")


def _length(frames: int, from_hz: int, to_hz: int) -> int:
    return (2 * frames * to_hz + from_hz) // (2 * from_hz)
