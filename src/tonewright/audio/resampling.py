"""Changing the sample rate, with soxr."""

from __future__ import annotations

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

    if quality not in QUALITIES:
        raise UnknownNameError("resampling quality", quality, QUALITIES)
    for rate in (from_hz, to_hz):
        if not (rate > 0 and rate == int(rate)):
            raise UsageError(f"a sample rate is a positive whole number of Hz; got {rate}")
    if from_hz == to_hz:
        return audio
    *batch, frames = audio.shape
    resampled = np.zeros((*batch, (2 * frames * to_hz + from_hz) // (2 * from_hz)), np.float32)
    if resampled.size:
        # Row by row: soxr filters the channels of an array one after the other anyway, and slower.
        for source, target in zip(
            audio.reshape(-1, frames), resampled.reshape(-1, resampled.shape[-1]), strict=True
        ):
            row = soxr.resample(source, from_hz, to_hz, quality)[: target.size]
            target[: row.size] = row
    return resampled
