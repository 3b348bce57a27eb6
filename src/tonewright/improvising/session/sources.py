"""Where a session hears the musician: a sound card, a file, or Open Sound Control."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tonewright.improvising.hearing import HOP
from tonewright.improvising.session.card.exchange import Exchange
from tonewright.improvising.session.ears import Ears
from tonewright.improvising.session.osc import OscIn


class Source(Protocol):
    """Gives what the musician plays, hop by hop.

    Attributes:
        came: How many hops or frames came in all: one that stands still has stalled.
        ended: Whether there is no more.
    """

    came: int
    ended: bool

    @property
    def dropped(self) -> int:
        """How many were never heard, because newer ones were there."""
        ...

    def hear(self, due: int, ears: Ears) -> NDArray[np.float32] | None:
        """Let ears hear the newest hop, `due` hops after the last; the hop `[hop]`, if it is sound."""
        ...


class CardSource:
    """A sound card.

    Args:
        exchange: Where its callback leaves what came in.

    Attributes:
        not_finite: Hops with NaN or infinity, which were heard as silence.
    """

    ended = False

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._silence = np.zeros(HOP, np.float32)
        self.came = self.not_finite = 0

    @property
    def dropped(self) -> int:
        """See `Source`."""
        return self._exchange.dropped

    def hear(self, due: int, ears: Ears) -> NDArray[np.float32] | None:
        """See `Source.hear`."""
        block = self._exchange.newest()
        if block is None:
            return None
        self.came += 1
        if not np.isfinite(block).all():
            self.not_finite += 1
            block = self._silence
        block = block.copy()  # the ring goes on
        ears.hear(block)
        return block


class FileSource:
    """A sound that is there already, played in real time.

    Args:
        sound: `[n]` at the rate of agents; the last hop is filled up with silence.
    """

    def __init__(self, sound: NDArray[np.float32]) -> None:
        hops = -(-len(sound) // HOP)
        self._hops = np.zeros((hops, HOP), np.float32)
        self._hops.reshape(-1)[: len(sound)] = sound
        self.came = self.dropped = 0
        self.ended = hops == 0

    def hear(self, due: int, ears: Ears) -> NDArray[np.float32] | None:
        """See `Source.hear`."""
        left = len(self._hops) - self.came
        skipped = min(due, left) - 1
        self.dropped += skipped
        self.came += skipped + 1
        block: NDArray[np.float32] = self._hops[self.came - 1]
        self.ended = self.came == len(self._hops)
        ears.hear(block)
        return block


class OscSource:
    """Descriptors that another program measures and sends.

    Args:
        osc: Where they come in.
    """

    ended = False

    def __init__(self, osc: OscIn) -> None:
        self._osc = osc
        self.came = self.dropped = 0

    def hear(self, due: int, ears: Ears) -> NDArray[np.float32] | None:
        """See `Source.hear`."""
        frames, frame = self._osc.frames, self._osc.frame
        if frame is not None and frames > self.came:
            self.dropped += frames - self.came - 1
            self.came = frames
            ears.take(frame)
        return None
