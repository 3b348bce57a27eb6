"""Sounds of several channels: which channels are heard, and how one value comes of several."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tonewright.audio.channels import channel_names, channel_weights
from tonewright.errors import UnknownNameError, UsageError
from tonewright.features.frames import Frames, shared
from tonewright.features.levels import mean_square
from tonewright.features.registry import Descriptor

MIX, LEFT, RIGHT, EACH = "mix", "left", "right", "each"
CHANNELS = (MIX, LEFT, RIGHT, EACH)
"""What can be asked for: all channels together, one of the first two, or every one on its own."""
_PLACE = {LEFT: 0, RIGHT: 1}

# In a frame that is no quieter than this the channels of the mix cancel each other if its power is so much
# lower than theirs. Channels that have nothing in common come to −18 dB at most, if there are 64.
_SOUNDING_POWER = 10.0 ** (-90.0 / 10.0)
_CANCELLED = 10.0 ** (-30.0 / 10.0)


def check_choice(asked: str) -> None:
    """Refuse what is not one of `CHANNELS`.

    Raises:
        UnknownNameError: There is no such choice.
    """
    if asked not in CHANNELS:
        raise UnknownNameError("choice of channels", str(asked), CHANNELS)


def check_channels(asked: str, channels: int) -> None:
    """Refuse what sounds of so many channels do not have.

    Args:
        asked: One of `CHANNELS`.
        channels: How many channels the sounds have.

    Raises:
        UnknownNameError: There is no such choice.
        UsageError: The left or right channel of a mono sound is asked for.
    """
    check_choice(asked)
    if asked in _PLACE and channels == 1:
        raise UsageError(
            f"only sounds of two channels or more have a {asked} one; got a mono sound; take its mix"
        )


def heard_sounds(sounds: NDArray[np.float32], asked: str) -> NDArray[np.float32]:
    """The sounds that are measured, `[batch, channels, frames]` from the same.

    The mix is measured on all channels, one channel as a mono sound, and each as so many mono sounds.
    """
    if asked in _PLACE:
        return sounds[:, _PLACE[asked] : _PLACE[asked] + 1]
    return sounds.reshape(-1, 1, sounds.shape[2]) if asked == EACH else sounds


def heard_descriptors(
    descriptors: tuple[Descriptor, ...], asked: str, channels: int
) -> tuple[Descriptor, ...]:
    """The descriptors of the columns; where each channel is heard, those of the first come first.

    Names, categories and columns then begin with the name of the channel: `left_mfcc`. Mono sounds keep the
    plain ones.
    """
    if asked != EACH or channels == 1:
        return descriptors
    return tuple(_of_channel(one, name) for name in channel_names(channels) for one in descriptors)


def side_by_side(values: NDArray[np.float32], batch: int) -> NDArray[np.float32]:
    """Values of channels, `[batch * channels, count, columns]`, as `[batch, count, channels * columns]`."""
    rows, count, columns = values.shape
    if rows == batch:
        return values
    channels = rows // batch
    apart = values.reshape(batch, channels, count, columns)
    return apart.transpose(0, 2, 1, 3).reshape(batch, count, channels * columns)


def _of_channel(base: Descriptor, channel: str) -> Descriptor:
    return replace(
        base,
        name=f"{channel}_{base.name}",
        category=f"{channel}_{base.category}",
        columns=tuple(f"{channel}_{column}" for column in base.columns),
    )


def largest(frames: Frames, measure: Callable[[Frames], NDArray[np.float64]]) -> NDArray[np.float64]:
    """The largest of what a measure gives of the channels, `[batch, count]`."""
    return measure(frames) if frames.channels == 1 else np.asarray(_apart(frames, measure).max(axis=1))


def weighted_sum(frames: Frames, measure: Callable[[Frames], NDArray[np.float64]]) -> NDArray[np.float64]:
    """The sum, weighted by BS.1770, of the powers that a measure gives of the channels, `[batch, count]`."""
    if frames.channels == 1:
        return measure(frames)
    of_channels = _apart(frames, measure)
    total = np.zeros((frames.batch, frames.count))
    # One after another, so that rounding depends neither on the batch nor on the length of a run.
    for channel, weight in enumerate(channel_weights(frames.channels)):
        total += weight * of_channels[:, channel]
    return total


def _apart(frames: Frames, measure: Callable[[Frames], NDArray[np.float64]]) -> NDArray[np.float64]:
    """What a measure gives of every channel, `[batch, channels, count]`."""
    return measure(frames.by_channel).reshape(frames.batch, frames.channels, frames.count)


@shared
def cancelled(frames: Frames) -> NDArray[np.bool_]:
    """In which frames the channels of the mix cancel each other, `[batch, count]`."""
    apart, mixed = mean_square(frames.by_channel), mean_square(frames)
    power = apart.reshape(frames.batch, frames.channels, frames.count).mean(axis=1)
    return np.asarray((power > _SOUNDING_POWER) & (mixed < _CANCELLED * power))
