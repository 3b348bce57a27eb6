"""`StreamAnalyser`: descriptors of sound as it arrives."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tonewright.errors import UsageError
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

    Attributes:
        framing: The sample rate, window and hop in use.
        descriptors: What is measured, in the order of the columns.
        names: The name of each column.

    Raises:
        UnknownNameError: A name is neither a descriptor nor a category.
        UsageError: A length is out of its range.

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
    """

    def __init__(
        self,
        sample_rate_hz: int,
        descriptors: str | Iterable[str],
        *,
        window: int | None = None,
        hop: int | None = None,
    ) -> None:
        self.framing = framing(sample_rate_hz, window, hop)
        self.descriptors = select(descriptors)
        self.names = tuple(column for one in self.descriptors for column in one.columns)
        Listener(self.framing, self.descriptors).listen(np.zeros((1, self.framing.hop), np.float32))
        self.reset()

    def reset(self) -> None:
        """Forget everything heard; the next block begins a new sound."""
        self._listener = Listener(self.framing, self.descriptors)
        self._waiting: NDArray[np.float32] | None = None

    def push(self, block: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
        """Hear the next samples.

        Args:
            block: `[frames]`, or `[batch, frames]` to follow several sounds at once; any number of frames.

        Returns:
            `[n_new, columns]`, or `[batch, n_new, columns]`: one row to each hop that is now complete.

        Raises:
            AudioError: Samples that are not finite or not at all within full scale; the block is not heard.
            UsageError: The number of sounds is not that of the blocks before.
        """
        samples = valid_sounds(block)
        waiting = samples[..., :0] if self._waiting is None else self._waiting
        if samples.shape[:-1] != waiting.shape[:-1]:
            raise UsageError(
                f"every block holds the same sounds; got {samples.shape} after {waiting.shape}, reset() first"
            )
        waiting = np.concatenate([waiting, samples], axis=-1)
        ready = waiting.shape[-1] // self.framing.hop * self.framing.hop
        self._waiting = waiting[..., ready:].copy()
        values = self._listener.listen(np.atleast_2d(waiting[..., :ready]))
        return values[0] if waiting.ndim == 1 else values

    def flush(self) -> NDArray[np.float32]:
        """End the sound: fill the last hop with silence, and forget everything.

        Returns:
            As `push`, with one row where samples were waiting for their hop to complete, with none elsewhere.
        """
        waiting = self._waiting
        if waiting is None or waiting.shape[-1] == 0:
            rows = (0,) if waiting is None or waiting.ndim == 1 else (len(waiting), 0)
            values = np.empty((*rows, len(self.names)), np.float32)
        else:
            silence = np.zeros((*waiting.shape[:-1], self.framing.hop - waiting.shape[-1]), np.float32)
            values = self.push(silence)
        self.reset()
        return values
