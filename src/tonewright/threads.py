"""Who may use how many threads: compiled kernels over rows, BLAS, and processes that are started.

Numba's own parallel loops are not used: on its `workqueue` layer, the one that is always there, two Python
threads that meet in them end the process. Kernels here are serial and release the GIL; `map_rows` shares
their rows among threads of Python's own, as many callers at once as there are.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from contextvars import ContextVar, copy_context
from typing import Any

_SHARES = 8
"""Parts of the rows for each thread: rows differ several times in what they cost."""
SINGLE_THREADED = dict.fromkeys(
    ("NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"), "1"
)
"""Environment variables of a process that is to use one thread."""
_limit: ContextVar[int | None] = ContextVar("most threads of compiled kernels", default=None)


def available_threads() -> int:
    """How many compiled kernels may use: NUMBA_NUM_THREADS or the cores, limited by `numba_threads`."""
    limit = _limit.get()
    if limit == 1:  # as in live use, where every microsecond counts
        return 1
    return _configured() if limit is None else min(limit, _configured())


@contextmanager
def numba_threads(most: int) -> Iterator[None]:
    """Let compiled kernels that are called in this context use at most so many threads, 1 or more."""
    outer = _limit.get()
    token = _limit.set(most if outer is None else min(most, outer))
    try:
        yield
    finally:
        _limit.reset(token)


def map_rows(
    work: Callable[[int, int, int], Any], rows: int, workers: int | None = None, *, block: int = 1
) -> None:
    """Share rows among threads, the calling one included; returns when all are done.

    Args:
        work: Called with (first, last, worker) for rows first … last − 1. It releases the GIL for most of
            its time, as a Numba kernel compiled with `nogil=True` does. No two calls with the same `worker`
            run at once, so that each worker may have a scratch of its own.
        rows: How many there are.
        workers: Threads, numbered from 0; as many as are available if not given.
        block: Rows that stay together: `first` is always a multiple of it.

    Raises:
        Exception: What `work` raised; some rows may then be left out.
    """
    blocks = -(-rows // block)
    workers = min(available_threads() if workers is None else workers, blocks)
    if workers <= 1:
        if rows:
            work(0, rows, 0)
        return
    share = block * max(1, -(-blocks // (workers * _SHARES)))
    begins = iter(range(0, rows, share))  # one iterator for all: whoever is done takes the next

    def take(worker: int) -> None:
        try:
            for first in begins:
                work(first, min(first + share, rows), worker)
        except BaseException:
            for _ in begins:  # nothing is left for the others
                pass
            raise

    helpers: list[Future[None]] = []
    # At the end of the process no thread can be started any more: those there are do everything.
    with suppress(RuntimeError):
        for worker in range(1, workers):
            helpers.append(_pool().submit(copy_context().run, take, worker))
    try:
        take(0)
    finally:
        # A helper that has not begun has nothing to do any more: nobody waits in vain for a busy pool.
        running = [helper for helper in helpers if not helper.cancel()]
        failures = [failure for failure in (helper.exception() for helper in running) if failure]
    if failures:
        raise failures[0]


@contextmanager
def blas_on_one_thread() -> Iterator[None]:
    """Keep NumPy's matrix products on one thread.

    On a busy machine the threads of BLAS wait for each other: 8 times the time of a search, measured.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="blas"):
        yield


@contextmanager
def torch_on_one_thread() -> Iterator[None]:
    """Keep torch on one thread: the last bit of its sums depends on how many there are."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@contextmanager
def single_threaded_children() -> Iterator[None]:
    """Processes that begin meanwhile use one thread: threads of several would wait for each other."""
    before = {name: os.environ.get(name) for name in SINGLE_THREADED}
    os.environ.update(SINGLE_THREADED)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _configured() -> int:
    named = os.environ.get("NUMBA_NUM_THREADS", "")
    return int(named) if named.isdecimal() and int(named) else _cores()


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


_lock = threading.Lock()
_threads: ThreadPoolExecutor | None = None


def _pool() -> ThreadPoolExecutor:
    """Threads that stay, made when they are first needed: starting some for each batch would cost more."""
    global _threads
    with _lock:
        if _threads is None:
            _threads = ThreadPoolExecutor(max(1, _cores()), thread_name_prefix="tonewright")
        return _threads


def _forget() -> None:
    """In a forked process there are no threads but the one that forked."""
    global _threads, _lock
    _threads, _lock = None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
