"""What a session goes on by: the callbacks of a sound card, or a clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from tonewright.improvising.session.card.device import Device
from tonewright.improvising.session.clock import Clock


class Ticks(Protocol):
    """Tells when a hop is due."""

    def wait(self, seconds: float) -> int:
        """Wait for the next hop, so long at most: how many are due, 0 if none came."""
        ...


class CardTicks:
    """One hop to each callback of a sound card.

    Args:
        device: The card.
    """

    def __init__(self, device: Device) -> None:
        self._device = device
        self._seen = -1

    def wait(self, seconds: float) -> int:
        """See `Ticks.wait`."""
        exchange = self._device.exchange
        if self._seen < 0:
            exchange.begin()
            self._seen = exchange.calls
        if exchange.calls == self._seen:
            self._device.wait(seconds)
        due = exchange.calls - self._seen
        self._seen += due
        return due


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
