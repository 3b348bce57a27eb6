"""Signals that ask the process to stop: SIGTERM and SIGHUP do what Ctrl-C does."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
_BURST_S = 2.0
_PATIENCE_S = 5.0


@contextmanager
def stopped_by_signals() -> Iterator[Callable[[], int]]:
    """Have KeyboardInterrupt raised by each of the signals, but those that the process was told to ignore.

    A terminal that closes and a system that shuts down send SIGTERM and SIGHUP several times at once; what
    follows the first within two seconds changes nothing, so that the best so far is written. Ctrl-C a second
    time always ends what is being done.

    Yields:
        Gives the exit code that tells which signal came first: 128 and its number, as shells have it.
    """
    received: list[int] = []
    first_s = 0.0

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal first_s
        if received and number != signal.SIGINT and time.monotonic() < first_s + _BURST_S:
            return
        if not received:
            first_s = time.monotonic()
        received.append(number)
        raise KeyboardInterrupt

    with _received_by(stop):
        yield lambda: 128 + (received or [signal.SIGINT])[0]


@contextmanager
def asked_to_end() -> Iterator[Callable[[], bool]]:
    """Let the same signals ask for an end that takes a moment, in place of breaking into what is being done.

    What follows within `_PATIENCE_S` changes nothing, so that the end is reached; later ones break in.

    Yields:
        Tells whether one came.
    """
    first_s: list[float] = []

    def ask(number: int, frame: FrameType | None) -> None:
        if first_s and time.monotonic() > first_s[0] + _PATIENCE_S:
            raise KeyboardInterrupt
        first_s.append(time.monotonic())

    with _received_by(ask):
        yield lambda: bool(first_s)


@contextmanager
def _received_by(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Let a handler receive the signals meanwhile, but those that the process was told to ignore."""
    numbers = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]  # Windows lacks SIGHUP
    if threading.current_thread() is not threading.main_thread():
        numbers = []
    before = {one: signal.getsignal(one) for one in numbers}
    ours = [
        one for one in numbers if before[one] not in (signal.SIG_IGN, None)
    ]  # as `nohup` and shells' & ask
    for one in ours:
        signal.signal(one, handler)
    try:
        yield
    finally:
        for one in ours:
            signal.signal(one, before[one])
