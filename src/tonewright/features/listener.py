"""`Listener`: runs descriptors over one stretch of sound after another; the one engine of all analysis."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tonewright.features.channels import MIX, cancelled
from tonewright.features.frames import Frames
from tonewright.features.framing import Framing
from tonewright.features.registry import Descriptor
from tonewright.threads import numba_threads

# Frames, of all sounds together, that are measured at a time, and samples under their windows: their spectra
# take a few megabytes, and an hour takes no more memory than some seconds.
_RUN_FRAMES, _RUN_SAMPLES = 1024, 1 << 20

# With fewer frames than this a second thread costs more than it brings, and makes live use jitter.
_FRAMES_WORTH_A_THREAD = 32


class Listener:
    """Measures a batch of sounds from their beginning, any number of hops at a time.

    Args:
        framing: Sample rate, window and hop.
        descriptors: What to measure.

    Attributes:
        columns: How many values a frame has.
        cancelled_frames: In how many frames of the last stretch the channels of a mix cancel each other.
    """

    def __init__(self, framing: Framing, descriptors: tuple[Descriptor, ...]) -> None:
        self.framing = framing
        self.descriptors = descriptors
        self.columns = sum(len(one.columns) for one in descriptors)
        self.cancelled_frames = 0
        self._mixing = any(one.channels == MIX for one in descriptors)
        self._memory: dict[Hashable, Any] = {}

    def listen(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Measure the next stretch of each sound.

        Args:
            samples: `[batch, channels, count * hop]` float32; batch and channels are the same at every call.

        Returns:
            `[batch, count, columns]` float32.
        """
        (batch, channels), hop = samples.shape[:2], self.framing.hop
        count = samples.shape[2] // hop
        at_once = max(1, frames_at_once(self.framing) // (batch * channels))
        values = np.empty((batch, count, self.columns), np.float32)
        self.cancelled_frames = 0
        for first in range(0, count, at_once):
            last = min(first + at_once, count)
            with numba_threads(max(1, batch * (last - first) // _FRAMES_WORTH_A_THREAD)):
                self._measure(samples[..., first * hop : last * hop], values[:, first:last])
        return values

    def take_over(self, rows: NDArray[np.intp], other: Listener) -> None:
        """Let some sounds go on where those of another listener are.

        Args:
            rows: Which ones of these sounds, in the order of the other's.
            other: Measures the same; both have listened before.
        """
        _copy_rows(self._memory, other._memory, rows)

    def _measure(self, hops: NDArray[np.float32], values: NDArray[np.float32]) -> None:
        frames = Frames(hops, self.framing, self._memory)
        column = 0
        for one in self.descriptors:
            following = column + len(one.columns)
            values[:, :, column:following] = frames.measured(one.function)
            column = following
        if self._mixing and frames.channels > 1:
            self.cancelled_frames += int(cancelled(frames).sum())


def _copy_rows(memory: dict[Hashable, Any], other: dict[Hashable, Any], rows: NDArray[np.intp]) -> None:
    """Copy what is remembered of some sounds; every array has these, or their channels, as leading axis."""
    for key, kept in memory.items():
        if isinstance(kept, dict):
            _copy_rows(kept, other[key], rows)
        else:
            per_sound = len(other[key]) // len(rows)
            where = (rows[:, None] * per_sound + np.arange(per_sound)).reshape(-1)
            kept[where] = other[key]


def frames_at_once(framing: Framing) -> int:
    """How many frames are measured in one run, all sounds together."""
    return min(_RUN_FRAMES, _RUN_SAMPLES // framing.window)
