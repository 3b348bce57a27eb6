"""Hops between a sound card's callback and the thread that plays, in memory that two processes share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tonewright.improvising.hearing import HOP, HOP_S

_SLOTS = 32
_TAIL = np.linspace(1.0, 0.0, 64, endpoint=False, dtype=np.float32)
_HEAD = 1.0 - _TAIL
_COUNTERS = (
    "given",
    "heard",
    "played",
    "taken",
    "calls",
    "dropped",
    "underruns",
    "overruns",
    "troubles",
    "burst",
)
_HEADER = 8 * len(_COUNTERS)
_AT_ONCE_S = 0.25 * HOP_S
"""Callbacks that follow each other so soon are of one block of the card."""
_BLOCKS = 9
SIZE = _HEADER + 2 * _SLOTS * HOP * 4
"""Bytes that it takes."""


class Bursts:
    """How many callbacks of a card come at once, by when they came.

    The median of some blocks: what a busy machine holds up and lets go at once is no longer block.
    """

    def __init__(self) -> None:
        self._sizes = [1] * _BLOCKS
        self._blocks = 0
        self._size, self._last_s = 0, -1.0
        self.known = False

    def called(self, now_s: float) -> int:
        """A callback came: how many come at once, usually; `known` from `_BLOCKS` blocks on."""
        if now_s - self._last_s >= _AT_ONCE_S and self._size:
            self._sizes[self._blocks % _BLOCKS] = self._size
            self._blocks += 1
            self._size = 0
            self.known = self.known or self._blocks >= _BLOCKS
        self._size, self._last_s = self._size + 1, now_s
        return sorted(self._sizes)[_BLOCKS // 2]


class Exchange:
    """Two rings of hops: what comes in, and what goes out.

    The callback gives and takes; the player takes the newest hops that came in, and gives the next ones that
    go out. A card whose own blocks are longer than a hop calls in bursts, several times at once: all hops of
    the newest burst are heard, one after the other.

    Neither allocates, locks or waits for the other: each counter is written by one side alone.

    Args:
        memory: `SIZE` bytes, zeros at first; its own, if the callback is in the same process.
    """

    def __init__(self, memory: memoryview | bytearray | None = None) -> None:
        memory = bytearray(SIZE) if memory is None else memory
        self._count = np.frombuffer(memory, np.int64, len(_COUNTERS))
        rings = np.frombuffer(memory, np.float32, offset=_HEADER)
        self._in, self._out = rings.reshape(2, _SLOTS, HOP)
        self._last = np.float32(0.0)
        self._broken = False

    @property
    def calls(self) -> int:
        """How often the callback was there."""
        return int(self._count[4])

    @property
    def dropped(self) -> int:
        """Hops that came in and were never heard, because a newer one was there."""
        return int(self._count[5])

    @property
    def underruns(self) -> int:
        """Hops that had to go out before there was one; the last sample faded out in their place."""
        return int(self._count[6])

    @property
    def overruns(self) -> int:
        """Hops to go out that came when the ring was full."""
        return int(self._count[7])

    @property
    def troubles(self) -> int:
        """How often the system told the callback that samples were lost."""
        return int(self._count[8])

    @property
    def burst(self) -> int:
        """How many callbacks come at once."""
        return max(1, int(self._count[9]))

    # The callback's side

    def give_in(self, block: NDArray[np.float32]) -> None:
        """A hop came in, `[hop]`."""
        given = int(self._count[0])
        self._in[given % _SLOTS] = block
        self._count[0] = given + 1

    def take_out(self, block: NDArray[np.float32]) -> None:
        """Fill a hop that goes out, `[hop]`."""
        played, taken = int(self._count[2]), int(self._count[3])
        if taken < played:
            block[:] = self._out[taken % _SLOTS]
            self._count[3] = taken + 1
            if self._broken:  # no click where sound comes back
                block[: len(_TAIL)] *= _HEAD
                self._broken = False
        else:
            block[:] = 0.0
            block[: len(_TAIL)] = self._last * _TAIL
            self._broken = played > 0
            self._count[6] += self._broken
        self._last = block[-1]

    def called(self, trouble: bool = False, burst: int = 1) -> None:
        """The callback is done, one of so many at once: the player may go on."""
        self._count[8] += trouble
        self._count[9] = min(burst, _SLOTS // 2)
        self._count[4] += 1

    # The player's side

    def begin(self) -> None:
        """What came in so far was before the session."""
        self._count[1] = self._count[0]

    def newest(self) -> NDArray[np.float32] | None:
        """The next hop of the newest burst that was not heard yet, `[hop]`; None if there is none."""
        given, heard = int(self._count[0]), int(self._count[1])
        if given == heard:
            return None
        missed = max(0, given - heard - self.burst)
        self._count[5] += missed
        self._count[1] = heard + missed + 1
        block: NDArray[np.float32] = self._in[(heard + missed) % _SLOTS]
        return block

    def play(self, block: NDArray[np.float32]) -> None:
        """Give the next hop that goes out, `[hop]`."""
        played = int(self._count[2])
        if played - int(self._count[3]) >= _SLOTS:
            self._count[7] += 1
            return
        self._out[played % _SLOTS] = block
        self._count[2] = played + 1
