"""Blocks between a sound card's callback and the thread that plays: nobody waits for the other."""

from __future__ import annotations

import threading

import numpy as np
from numpy.typing import NDArray

from tonewright.improvising.hearing import HOP

_SLOTS = 8
_TAIL = np.linspace(1.0, 0.0, 64, endpoint=False, dtype=np.float32)
_HEAD = 1.0 - _TAIL


class Exchange:
    """Two rings of hops: what comes in, and what goes out.

    The callback gives and takes; the player takes the newest hop that came in, gives the next one that goes
    out, and neither allocates nor locks.

    Attributes:
        came: Set whenever the callback was there.
        calls: How often it was.
        dropped: Hops that came in and were never heard, because a newer one was there.
        underruns: Hops that had to go out before there was one; the last sample faded out in their place.
        overruns: Hops to go out that came when the ring was full.
    """

    def __init__(self) -> None:
        self._in, self._out = np.zeros((2, _SLOTS, HOP), np.float32)
        self._given = self._heard = self._played = self._taken = 0
        self._last = np.float32(0.0)
        self._broken = False
        self.came = threading.Event()
        self.calls = 0
        self.dropped = self.underruns = self.overruns = 0

    # The callback's side

    def give_in(self, block: NDArray[np.float32]) -> None:
        """A hop came in, `[hop]`."""
        self._in[self._given % _SLOTS] = block
        self._given += 1

    def called(self) -> None:
        """The callback is done: the player may go on."""
        self.calls += 1
        self.came.set()

    def take_out(self, block: NDArray[np.float32]) -> None:
        """Fill a hop that goes out, `[hop]`."""
        if self._taken < self._played:
            block[:] = self._out[self._taken % _SLOTS]
            self._taken += 1
            if self._broken:  # no click where sound comes back
                block[: len(_TAIL)] *= _HEAD
                self._broken = False
        else:
            block[:] = 0.0
            block[: len(_TAIL)] = self._last * _TAIL
            self.underruns += self._played > 0
            self._broken = self._played > 0
        self._last = block[-1]

    # The player's side

    def newest(self) -> NDArray[np.float32] | None:
        """The newest hop that came in and was not heard yet, `[hop]`; None if there is none."""
        given = self._given
        if given == self._heard:
            return None
        self.dropped += given - self._heard - 1
        self._heard = given
        block: NDArray[np.float32] = self._in[(given - 1) % _SLOTS]
        return block

    def play(self, block: NDArray[np.float32]) -> None:
        """Give the next hop that goes out, `[hop]`."""
        if self._played - self._taken >= _SLOTS:
            self.overruns += 1
            return
        self._out[self._played % _SLOTS] = block
        self._played += 1
