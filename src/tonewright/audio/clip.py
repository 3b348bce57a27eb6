"""`Clip`: a sound at the edge of the house."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tonewright.audio.validation import largest_magnitude, valid_samples
from tonewright.errors import AudioError


@dataclass(frozen=True, eq=False)
class Clip:
    """A sound and its sample rate.

    Making a clip is the gate that every sound passes: what is behind it relies on finite samples of a sane
    size.

    Attributes:
        samples: `[channels, frames]` float32, full scale is ±1. A one-dimensional array is taken as mono.
        sample_rate_hz: Frames per second, a whole number.

    Raises:
        AudioError: The samples have other than one or two dimensions or do not pass `valid_samples`; or the
            rate is not a positive whole number.

    Examples:
        >>> import numpy as np
        >>> import tonewright as tw
        >>> clip = tw.Clip(np.zeros((2, 8_000), np.float32), sample_rate_hz=16_000)
        >>> clip.channels, clip.frames, clip.seconds
        (2, 8000, 0.5)
        >>> clip.mono().shape
        (8000,)
    """

    samples: NDArray[np.float32]
    sample_rate_hz: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "samples", _checked_samples(self.samples))
        object.__setattr__(self, "sample_rate_hz", _checked_rate(self.sample_rate_hz))

    @property
    def channels(self) -> int:
        """How many channels."""
        return len(self.samples)

    @property
    def frames(self) -> int:
        """How many samples in each channel."""
        return int(self.samples.shape[1])

    @property
    def seconds(self) -> float:
        """Duration in seconds."""
        return self.frames / self.sample_rate_hz

    @property
    def peak(self) -> float:
        """The largest absolute sample, 0 for a clip without frames."""
        return largest_magnitude(self.samples)

    def mono(self) -> NDArray[np.float32]:
        """The mean of the channels, `[frames]` float32."""
        return np.asarray(self.samples.mean(axis=0, dtype=np.float32))


def _checked_samples(samples: object) -> NDArray[np.float32]:
    array = np.atleast_2d(np.asarray(samples))
    if array.ndim != 2 or not array.shape[0]:
        raise AudioError(f"a clip is [channels, frames]; got an array of shape {array.shape}")
    return valid_samples(array)


def _checked_rate(sample_rate_hz: float) -> int:
    if not (0 < sample_rate_hz < np.inf and sample_rate_hz == int(sample_rate_hz)):
        raise AudioError(f"a sample rate is a positive whole number of Hz; got {sample_rate_hz}")
    return int(sample_rate_hz)
