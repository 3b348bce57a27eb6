"""`Frames`: what descriptors see of a sound, and how they share work and remember the past."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tonewright.audio.channels import mix_down
from tonewright.features.framing import Framing

P = ParamSpec("P")
T = TypeVar("T")


class Frames:
    """A run of consecutive hops of a batch of sounds.

    A sound is heard as one run or as many; what a run needs of the runs before it (samples under a long
    window, the state of a filter, the last spectrum) is handed on in `memory`. That is why streaming and
    offline analysis give the same numbers: they are the same code.

    Args:
        hops: `[batch, channels, count * hop]` float32, the new samples. What is measured on `samples` and
            `windows` is measured on the mean of the channels; `by_channel` tells them apart.
        framing: Sample rate, window and hop.
        memory: What earlier runs of the same sounds left behind; empty at the start of a sound.
    """

    def __init__(self, hops: NDArray[np.float32], framing: Framing, memory: dict[Hashable, Any]) -> None:
        self.framing = framing
        self.memory = memory
        self.batch, self.channels = hops.shape[:2]
        self.count = hops.shape[2] // framing.hop
        self._hops = hops
        self._results: dict[Hashable, Any] = {}

    @property
    def by_channel(self) -> Frames:
        """The same hops with every channel a sound of its own, `batch * channels` of them; itself if mono."""
        if self.channels == 1:
            return self
        memory = self.memory.setdefault("by channel", {})
        hops = self._hops.reshape(self.batch * self.channels, 1, -1)
        return self.once("by channel", lambda: Frames(hops, self.framing, memory))

    def once(self, key: Hashable, compute: Callable[[], T]) -> T:
        """`compute()` on the first call with this key in this run, the same result on later ones."""
        if key not in self._results:
            self._results[key] = compute()
        result: T = self._results[key]
        return result

    def measured(self, function: Callable[[Frames], T]) -> T:
        """`function(self)`, computed once in this run however often it is asked for."""
        return self.once(function, lambda: function(self))

    def with_past(self, key: str, values: NDArray[Any], past: int, before: ArrayLike = 0.0) -> NDArray[Any]:
        """`values` of this run with the last `past` of the earlier runs in front.

        Args:
            key: Names the values; one name, one kind of value.
            values: `[batch, count, ...]`, one entry to a frame (or to a sample).
            past: How many earlier entries to put in front, always the same under one key.
            before: What stands for entries before the sound began, broadcast to their shape.

        Returns:
            `[batch, past + count, ...]`.
        """

        def join() -> NDArray[Any]:
            kept = self.memory.get(key)
            if kept is None:
                kept = np.broadcast_to(
                    np.asarray(before, values.dtype), (self.batch, past, *values.shape[2:])
                )
            joined = np.concatenate([kept, values], axis=1)
            self.memory[key] = joined[:, joined.shape[1] - past :].copy()
            return joined

        return self.once(("with_past", key), join)

    def samples(self, past: int) -> NDArray[np.float32]:
        """The mix of this run with `past` earlier samples in front, `[batch, past + count * hop]`."""
        mixed = self.once("mix", lambda: mix_down(self._hops))
        return self.with_past(f"{past} samples", mixed, past)

    def windows(self, length: int) -> NDArray[np.float32]:
        """For each frame the last `length` samples up to its end, `[batch, count, length]`, read-only."""
        views = np.lib.stride_tricks.sliding_window_view(self.samples_of(length), length, axis=1)
        return views[:, :: self.framing.hop]

    def samples_of(self, length: int) -> NDArray[np.float32]:
        """What windows of so many samples lie on, from the beginning of the first: `[batch, frames]`."""
        samples = self.samples(max(0, length - self.framing.hop))
        skipped = max(0, self.framing.hop - length)
        return np.ascontiguousarray(samples[:, skipped:])


def shared(
    function: Callable[Concatenate[Frames, P], T],
) -> Callable[Concatenate[Frames, P], T]:
    """Decorate an intermediate result: however many descriptors ask for it, a run computes it once."""

    @wraps(function)
    def once(frames: Frames, /, *args: P.args, **kwargs: P.kwargs) -> T:
        key = (function, args, tuple(sorted(kwargs.items())))
        return frames.once(key, lambda: function(frames, *args, **kwargs))

    return once
