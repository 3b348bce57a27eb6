"""What a session goes on by: the callbacks of a sound card, or a clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from tonewright.improvising.hearing import HOP_S
from tonewright.improvising.session.card.device import Device
from tonewright.improvising.session.clock import Clock


class Ticks(Protocol):
    """Tells when a hop is due."""

    def wait(self, seconds: float) -> int:
        """Wait for the next hop, so long at most: how many are due, 0 if none came."""
        ...


class CardTicks:
    """One hop to each callback of a sound card, all hops of a burst one after the other.

    Args:
        device: The card.
    """

    def __init__(self, device: Device) -> None:
        self._device = device
        self._seen = -1
        self._pending = 0

    def wait(self, seconds: float) -> int:
        """See `Ticks.wait`."""
        exchange = self._device.exchange
        if self._seen < 0:
            exchange.begin()
            self._seen = exchange.calls
        if self._pending:
            self._pending -= 1
            return 1
        burst = exchange.burst
        until_s = time.monotonic() + max(seconds, 2 * burst * HOP_S)
        # The device wakes for callbacks that were seen already, too.
        while exchange.calls == self._seen and (left_s := until_s - time.monotonic()) > 0:
            self._device.wait(left_s)
        due = exchange.calls - self._seen
        self._seen += due
        if not due:
            return 0
        self._pending = min(due, burst) - 1
        return due - self._pending


class ClockTicks:
    """One hop to each deadline of a clock, which begins at the first.

    Args:
        clock: The clock.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._begun = False

    def wait(self, seconds: float) -> int:
        """See `Ticks.wait`; a clock never stalls."""
        if not self._begun:
            self._begun = True
            self.clock.start()
        return self.clock.wait()


class FreeTicks:
    """The next hop at once: a session from files to files, as fast as it goes.

    Args:
        progress: Called before each hop.
    """

    def __init__(self, progress: Callable[[], None] = lambda: None) -> None:
        self.progress = progress

    def wait(self, seconds: float) -> int:
        """See `Ticks.wait`."""
        self.progress()
        return 1
