"""Asking the system to run a session before other programs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

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
