"""Asking the system to run a session before other programs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_PRIORITY = 5
_NICE = -10


@contextmanager
def urgent() -> Iterator[str]:
    """Run this thread, and what it starts meanwhile, before other programs, as far as the system lets us.

    Audio users often may ask for real-time priority (Debian's group `audio` after `dpkg-reconfigure jackd2`);
    others perhaps for a lower niceness. Nobody else is told that it was refused: it is no fault.

    Yields:
        "real time", "raised" or "usual".
    """
    if not hasattr(os, "sched_setscheduler"):  # Windows, macOS
        yield "usual"
        return
    policy, param = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(_PRIORITY))
    except OSError:
        with _nicer() as got:
            yield got
        return
    try:
        yield "real time"
    finally:
        os.sched_setscheduler(0, policy, param)


def calm() -> None:
    """Take back what this thread has inherited from an urgent one: it can wait, and must make nobody wait.

    Threads of one real-time priority take turns of a tenth of a second.
    """
    if hasattr(os, "sched_setscheduler") and os.sched_getscheduler(0) != os.SCHED_OTHER:
        with suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


@contextmanager
def _nicer() -> Iterator[str]:
    before = os.getpriority(os.PRIO_PROCESS, 0)
    try:
        os.setpriority(os.PRIO_PROCESS, 0, _NICE)
    except OSError:
        yield "usual"
        return
    try:
        yield "raised"
    finally:
        os.setpriority(os.PRIO_PROCESS, 0, before)
