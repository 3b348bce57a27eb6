"""A generator that many share: it lives in a process of its own, and is given what comes in batches."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import wait

import numpy as np

from tonewright.errors import GenerationError, UsageError
from tonewright.files import StrPath
from tonewright.prompting.generators.base import Generation, Request, Setting, complete, fit
from tonewright.prompting.serving.errors import BusyError, LateError, UnavailableError
from tonewright.prompting.serving.limits import Limits
from tonewright.prompting.serving.metrics import Metrics
from tonewright.prompting.serving.queue import Queue, Ticket
from tonewright.prompting.serving.worker import DiedError, Worker

_LOOKS_S = 0.2
_DEFAULT = Limits()


class Shared:
    """A generator for many threads at once, which satisfies the `Generator` protocol itself.

    Requests of all threads are collected and rendered together. A worker process that is killed, breaks or
    hangs is replaced, and each of its requests tried again once, alone: one that brings it down does not take
    others with it.

    Args:
        generator: Registered name.
        model: Its weights.
        limits: What it does at once.
        tell: Gets a line for people when the worker is lost.

    Attributes:
        name: What the generator calls itself.
        settings: What may be asked of it.
        model: The same.
        limits: The same.
        metrics: What was counted.

    Raises:
        UsageError: There is no such generator.
        GenerationError: It cannot be loaded.
    """

    def __init__(
        self,
        generator: str,
        model: StrPath | None = None,
        limits: Limits = _DEFAULT,
        tell: Callable[[str], None] = lambda words: None,
    ) -> None:
        self.model, self.limits, self._tell = model, limits, tell
        self.metrics = Metrics()
        self._queue = Queue(limits)
        self._closed = threading.Event()
        self._worker = Worker(generator, model, limits)
        self.name = self._worker.name
        self.settings: Mapping[str, Setting] = self._worker.settings
        self._in_work = 0
        self._thread = threading.Thread(target=self._work, name="batches", daemon=True)
        self._thread.start()

    @property
    def missing(self) -> str | None:
        """Why there is no worker now; None if there is one."""
        return self._worker.missing

    @property
    def worker_pid(self) -> int | None:
        """Number of the worker's process; None if there is none."""
        return self._worker.pid

    def generate(self, requests: Sequence[Request]) -> list[Generation]:
        """See `Generator.generate`.

        Raises:
            BusyError: Too many wait already.
            LateError: It took too long.
            UnavailableError: There is no worker now, or the server ends.
        """
        tickets = self.submit(requests)
        wait([one.future for one in tickets], self.limits.timeout_s)
        self.expire(tickets)
        return [one.future.result() for one in tickets]

    def submit(self, requests: Sequence[Request]) -> list[Ticket]:
        """Have requests wait for their batch; they are accepted together, or not at all.

        Raises:
            UsageError: One asks for what the generator cannot do, or all of them for too much.
            BusyError: Too many wait already.
            UnavailableError: The server ends.
        """
        try:
            self._check(requests)
            for one in requests:
                complete(one, self)
        except UsageError:
            self.metrics.count("refused", len(requests))
            raise
        tickets = [Ticket(one, self.limits.timeout_s, self.metrics) for one in requests]
        try:
            self._queue.put(tickets)
        except BusyError:
            self.metrics.count("full", len(requests))
            raise
        if self._closed.is_set():
            self._fail(tickets, "the server ends")
            raise UnavailableError("the server ends; ask another one")
        return tickets

    def expire(self, tickets: Sequence[Ticket]) -> None:
        """End tickets whose time is over."""
        late = LateError(f"a sound may take {self.limits.timeout_s:g} s; it took longer; ask for less")
        for one in tickets:
            one.fail("timeout", late)

    def cancel(self, tickets: Sequence[Ticket]) -> None:
        """End tickets that nobody waits for any more."""
        for one in tickets:
            one.fail("cancelled", UnavailableError("who asked for it went away"))

    def metrics_text(self) -> str:
        """What was counted, as Prometheus reads it."""
        gauges = {
            "tonewright_worker_alive": ("Whether the generator is there.", float(self.missing is None)),
            "tonewright_queue_length": ("Requests that wait for their batch.", len(self._queue)),
            "tonewright_requests_in_work": ("Requests that are being rendered.", self._in_work),
        }
        return self.metrics.text(gauges, self.replaced)

    @property
    def queue_length(self) -> int:
        """How many requests wait for their batch."""
        return len(self._queue)

    @property
    def replaced(self) -> int:
        """How often the worker was replaced."""
        return self._worker.replaced

    def close(self) -> None:
        """End the worker; what still waits is told so."""
        self._closed.set()
        self._worker.close()
        self._thread.join()

    def _check(self, requests: Sequence[Request]) -> None:
        items, most_s = self.limits.items, self.limits.most_seconds
        seconds = sum(one.seconds for one in requests)
        if not 1 <= len(requests) <= items:
            raise UsageError(f"a call has 1 to {items} requests; got {len(requests)}; make several")
        if not seconds <= most_s:
            raise UsageError(f"a call asks for up to {most_s:g} s of sound; got {seconds:g}; make several")

    def _work(self) -> None:
        while not self._closed.is_set():
            tickets = self._queue.take(_LOOKS_S)
            try:
                if tickets:
                    self._render(tickets)
                else:
                    self._worker.revive()
            except Exception as error:  # this thread is the only one: it goes on, and nobody waits for ever
                reason = " ".join(f"{type(error).__name__}: {error}".split())
                self._tell(f"the worker is lost, and replaced: {reason}")
                self._worker.drop(reason)
                self._fail(tickets, f"the server failed: {reason}")
        self._worker.drop("the server has ended")
        while left := self._queue.take(0):
            self._fail(left, "the server ends")

    def _render(self, tickets: Sequence[Ticket], again: bool = True) -> None:
        """Render a batch; what goes wrong with several at once is found out one by one."""
        now_s = time.monotonic()
        self.expire([one for one in tickets if one.until_s < now_s])
        tickets = [one for one in tickets if not one.ended]
        if self._closed.is_set():
            self._fail(tickets, "the server ends")
        if self._closed.is_set() or not tickets:
            return
        self.metrics.batch(len(tickets))
        self._in_work = len(tickets)
        try:
            made = self._worker.generate([one.request for one in tickets])
            for one, sound in zip(tickets, made, strict=True):
                one.make(sound)
        except DiedError as death:
            if self._closed.is_set():
                self._fail(tickets, "the server ends")
                return
            self._tell(f"the worker is lost, and replaced: {death}")
            if again:
                self._each(tickets, again=False)
            else:
                self._fault(tickets, f"the generator died of it twice: {death}")
        except UnavailableError as missing:
            self._fail(tickets, str(missing))
        except (UsageError, GenerationError) as error:
            if len(tickets) > 1:
                self._each(tickets, again=again)
            elif isinstance(error, UsageError):
                tickets[0].fail("refused", error)
            else:
                self._fault(tickets, str(error))
        finally:
            self._in_work = 0

    def _each(self, tickets: Sequence[Ticket], again: bool) -> None:
        for one in tickets:
            self._render([one], again)

    def _fault(self, tickets: Sequence[Ticket], fault: str) -> None:
        for one in tickets:
            silence, _ = fit(np.zeros((2, 0), np.float32), one.request.seconds)
            one.make(Generation(silence, one.request, 0, fault))

    def _fail(self, tickets: Sequence[Ticket], reason: str) -> None:
        for one in tickets:
            one.fail("unavailable", UnavailableError(reason))
