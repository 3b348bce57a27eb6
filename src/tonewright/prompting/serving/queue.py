"""Requests that wait for the generator."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future

from tonewright.errors import TonewrightError
from tonewright.prompting.generators.base import Generation, Request
from tonewright.prompting.serving.errors import BusyError
from tonewright.prompting.serving.limits import Limits
from tonewright.prompting.serving.metrics import Metrics


class Ticket:
    """A request on its way; it ends once, and so it is counted.

    Args:
        request: What is asked for.
        timeout_s: How long it may take.
        metrics: Where it is counted.

    Attributes:
        request: The same.
        arrived_s: When it came, on the monotonic clock.
        until_s: When nobody waits for it any more.
        future: What becomes of it.
    """

    def __init__(self, request: Request, timeout_s: float, metrics: Metrics) -> None:
        self.request = request
        self.arrived_s = time.monotonic()
        self.until_s = self.arrived_s + timeout_s
        self.future: Future[Generation] = Future()
        self._metrics, self._lock = metrics, threading.Lock()

    @property
    def ended(self) -> bool:
        """Whether nobody waits for it any more."""
        return self.future.done()

    def make(self, made: Generation) -> None:
        """End it with what was made of it, unless it has ended."""
        with self._lock:
            if not self.ended:
                outcome = "fault" if made.fault else "ok"
                self._metrics.rendered(outcome, time.monotonic() - self.arrived_s)
                self.future.set_result(made)

    def fail(self, outcome: str, error: TonewrightError) -> None:
        """End it with an error, unless it has ended."""
        with self._lock:
            if not self.ended:
                self._metrics.count(outcome)
                self.future.set_exception(error)


class Queue:
    """Tickets in the order of their coming, no more than may wait.

    Args:
        limits: How many may wait, and how they are collected.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._waiting: deque[Ticket] = deque()
        self._changed = threading.Condition()

    def __len__(self) -> int:
        with self._changed:
            return len(self._waiting)

    def put(self, tickets: Sequence[Ticket]) -> None:
        """Have all of some tickets wait, or none.

        Raises:
            BusyError: There is no room for them.
        """
        with self._changed:
            self._forget()
            if len(self._waiting) + len(tickets) > self._limits.queue:
                raise BusyError(
                    f"up to {self._limits.queue} requests wait; got {len(tickets)} more than "
                    f"{len(self._waiting)}; try again later"
                )
            self._waiting.extend(tickets)
            self._changed.notify()

    def take(self, patience_s: float) -> list[Ticket]:
        """The next batch; empty if nobody came in time.

        Args:
            patience_s: How long to wait for the first of it.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._waiting, patience_s):
                return []
            until_s = self._waiting[0].arrived_s + self._limits.collect_s
            while len(self._waiting) < self._limits.batch:
                left_s = until_s - time.monotonic()
                if left_s <= 0 or not self._changed.wait(left_s):
                    break
            self._forget()
            return [self._waiting.popleft() for _ in range(min(self._limits.batch, len(self._waiting)))]

    def _forget(self) -> None:
        """Drop what nobody waits for any more."""
        self._waiting = deque(one for one in self._waiting if not one.ended)
