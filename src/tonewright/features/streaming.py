"""`StreamAnalyser`: descriptors of sound as it arrives."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tonewright.audio.channels import MAX_CHANNELS
from tonewright.checks import check_whole
from tonewright.errors import UsageError
from tonewright.features.channels import (
    MIX,
    check_channels,
    heard_descriptors,
    heard_sounds,
    side_by_side,
)
from tonewright.features.framing import framing
from tonewright.features.listener import Listener
from tonewright.features.selection import select
from tonewright.features.validation import valid_sounds


class StreamAnalyser:
    """Measures sound block by block; the same values, to the bit, as `hear` of the whole.

    It keeps no more of the past than the longest window needs, however long it runs. Compiling is done when
    it is made, so that the first block is as quick as the next.

    Args:
        sample_rate_hz: Samples per second.
        descriptors: As in `hear`.
        window: As in `hear`.
        hop: As in `hear`.
        channels: As in `hear`.
        n_channels: How many channels each sound has.

    Attributes:
        framing: The sample rate, window and hop in use.
        descriptors: What is measured, in the order of the columns.
        names: The name of each column.

    Raises:
        UnknownNameError: A name is neither a descriptor nor a category, or there is no such choice of
            channels.
        UsageError: A length is out of its range, or the left or right channel of mono sounds is asked for.

    Examples:
        >>> import tonewright as tw
        >>> clip = tw.read("examples/sounds/pluck.flac")
        >>> analyser = tw.StreamAnalyser(clip.sample_rate_hz, ["loudness_rms", "onset"])
        >>> analyser.names, analyser.framing.hop
        (('loudness_rms_dbfs', 'onset_strength_db'), 512)
        >>> sound = clip.mono()
        >>> analyser.push(sound[:1_000]).shape  # [n_new, columns]: one hop is complete, 488 samples wait
        (1, 2)
        >>> analyser.push(sound[1_000:2_000]).shape
        (2, 2)
        >>> analyser.flush().shape  # the sound ends: the last hop is filled up with silence
        (1, 2)
        >>> tw.StreamAnalyser(48_000, "loudness_rms", channels="each", n_channels=2).names
        ('left_loudness_rms_dbfs', 'right_loudness_rms_dbfs')
    """

    def __init__(
        self,
        sample_rate_hz: int,
        descriptors: str | Iterable[str],
        *,
        window: int | None = None,
        hop: int | None = None,
        channels: str = MIX,
        n_channels: int = 1,
    ) -> None:
        self.framing = framing(sample_rate_hz, window, hop)
        self._chosen = select(descriptors)
        self._channels, self._n_channels = channels, check_whole(n_channels, "n_channels", 1, MAX_CHANNELS)
        check_channels(channels, n_channels)
        self.descriptors = heard_descriptors(self._chosen, channels, n_channels)
        self.names = tuple(column for one in self.descriptors for column in one.columns)
        self.reset()
        self._listen(np.zeros((1, n_channels, self.framing.hop), np.float32))
        self.reset()

    @property
    def cancelled_frames(self) -> int:
        """In how many frames of the last `push` or `flush` the channels of a mix cancel each other."""
        return self._cancelled_frames

    def reset(self) -> None:
        """Forget everything heard; the next block begins a new sound."""
        self._listener = Listener(self.framing, self._chosen)
        self._waiting: NDArray[np.float32] | None = None
        self._sounds: tuple[int, ...] | None = None
        self._cancelled_frames = 0

    def take_over(self, rows: NDArray[np.intp], other: StreamAnalyser) -> None:
        """Let some of several sounds end, and others go on in their place where another analyser has them.

        Args:
            rows: Which ones of these sounds end, one for each sound of the other, in its order.
            other: Hears the same descriptors in the same way, and is of no use afterwards.

        Raises:
            UsageError: The two hear differently, have not heard anything, or a hop is not complete.
        """
        ours, theirs = ((one.framing, one.names, one._n_channels) for one in (self, other))
        if ours != theirs:
            raise UsageError(f"an analyser takes over from one that hears the same; got {theirs} for {ours}")
        for one in (self, other):
            if one._waiting is None or one._waiting.shape[-1] or not one._sounds:
                raise UsageError(
                    "an analyser takes over between two hops of several sounds; got one in the middle of a "
                    "hop, of one sound or before the first; push whole hops of [batch, frames]"
                )
        if other._sounds != (len(rows),):
            raise UsageError(f"every sound has one row to go on in; got {len(rows)} rows for {other._sounds}")
        self._listener.take_over(np.asarray(rows, np.intp), other._listener)

    def push(self, block: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
        """Hear the next samples.

        Args:
            block: `[frames]` of one sound, or `[batch, frames]` to follow several at once; with `n_channels`
                above 1 `[channels, frames]` or `[batch, channels, frames]`. Any number of frames.

        Returns:
            `[n_new, columns]`, or `[batch, n_new, columns]`: one row to each hop that is now complete.

        Raises:
            AudioError: Samples that are not finite or not at all within full scale; the block is not heard.
            UsageError: The number of sounds is not that of the blocks before, or that of channels not
                `n_channels`.
        """
        sounds, shape = self._sounds_of(block)
        waiting = sounds[..., :0] if self._waiting is None else self._waiting
        waiting = np.concatenate([waiting, sounds], axis=-1)
        ready = waiting.shape[-1] // self.framing.hop * self.framing.hop
        self._waiting, self._sounds = waiting[..., ready:].copy(), shape
        values = self._listen(waiting[..., :ready])
        return values if shape else values[0]

    def flush(self) -> NDArray[np.float32]:
        """End the sound: fill the last hop with silence, and forget everything.

        Returns:
            As `push`, with one row where samples were waiting for their hop to complete, with none elsewhere.
        """
        waiting = self._waiting
        cancelled = 0
        if waiting is None or waiting.shape[-1] == 0:
            values = np.empty((*(self._sounds or ()), 0, len(self.names)), np.float32)
        else:
            silence = ((0, 0), (0, 0), (0, self.framing.hop - waiting.shape[-1]))
            values = self._listen(np.pad(waiting, silence))
            values = values if self._sounds else values[0]
            cancelled = self._cancelled_frames
        self.reset()
        self._cancelled_frames = cancelled
        return values

    def _sounds_of(self, block: NDArray[np.floating[Any]]) -> tuple[NDArray[np.float32], tuple[int, ...]]:
        """A block as `[batch, channels, frames]`, and its axes before those: `(batch,)` or none."""
        block = np.asarray(block)
        one = block.ndim == (1 if self._n_channels == 1 else 2)
        sounds = valid_sounds(block[np.newaxis] if one else block)
        if sounds.shape[1] != self._n_channels:
            raise UsageError(
                f"every sound has as many channels as n_channels says, {self._n_channels}; "
                f"got a block of shape {block.shape}"
            )
        shape = () if one else (len(sounds),)
        if self._sounds not in (None, shape):
            raise UsageError(
                f"every block holds the same sounds; got a block of shape {block.shape} after others of "
                f"{self._sounds[0] if self._sounds else 'one'}; reset() first"
            )
        return sounds, shape

    def _listen(self, sounds: NDArray[np.float32]) -> NDArray[np.float32]:
        """Values of whole hops of `[batch, channels, frames]`, `[batch, n_new, columns]`."""
        values = self._listener.listen(heard_sounds(sounds, self._channels))
        self._cancelled_frames = self._listener.cancelled_frames
        return side_by_side(values, len(sounds))
