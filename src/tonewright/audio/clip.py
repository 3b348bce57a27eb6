"""`Clip`: a sound at the edge of the house."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tonewright.errors import AudioError


@dataclass(frozen=True, eq=False)
class Clip:
    """A sound and its sample rate.

    Attributes:
        samples: `[channels, frames]` float32, full scale is ±1. A one-dimensional array is taken as mono.
        sample_rate_hz: Frames per second.

    Raises:
        AudioError: The samples are not finite numbers of one or two dimensions, or the rate is not positive.
    """

    samples: NDArray[np.float32]
    sample_rate_hz: int

    def __post_init__(self) -> None:
        samples = np.atleast_2d(np.asarray(self.samples, dtype=np.float32))
        if samples.ndim != 2:
            raise AudioError(f"a clip is [channels, frames]; got an array of shape {samples.shape}")
        if not np.isfinite(samples).all():
            raise AudioError("the sound holds NaN or infinite samples; repair or re-export it")
        if self.sample_rate_hz <= 0:
            raise AudioError(f"a sample rate is positive; got {self.sample_rate_hz} Hz")
        object.__setattr__(self, "samples", samples)

    @property
    def channels(self) -> int:
        """How many channels."""
        return self.samples.shape[0]

    @property
    def frames(self) -> int:
        """How many samples in each channel."""
        return self.samples.shape[1]

    @property
    def seconds(self) -> float:
        """Duration in seconds."""
        return self.frames / self.sample_rate_hz

    def mono(self) -> NDArray[np.float32]:
        """The mean of the channels, `[frames]` float32."""
        return self.samples.mean(axis=0, dtype=np.float32)
