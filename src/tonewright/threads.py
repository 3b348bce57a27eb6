"""Who may use how many threads: compiled kernels over rows, BLAS, and processes that are started.

Numba's own parallel loops are not used: on its `workqueue` layer, the one that is always there, two Python
threads that meet in them end the process. Kernels here are serial and release the GIL; `map_rows` shares
their rows among threads of Python's own, as many callers at once as there are.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar, copy_context
from functools import partial
from itertools import islice
from queue import SimpleQueue
from typing import Any, TypeAlias

from tonewright.errors import UsageError

_Inbox: TypeAlias = "SimpleQueue[tuple[Callable[[], None], SimpleQueue[None]]]"

_SHARES = 8
"""Parts of the rows for each thread: rows differ several times in what they cost."""
SINGLE_THREADED = dict.fromkeys(
    ("NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"), "1"
)
"""Environment variables of a process that is to use one thread."""
_limit: ContextVar[int | None] = ContextVar("most threads of compiled kernels", default=None)


def check_environment() -> None:
    """Say in a line what libraries below would say in a traceback, or in the middle of work.

    Raises:
        UsageError: A variable of the environment has a value with which Numba or the FFT cannot start.
    """
    for name, least in (("NUMBA_NUM_THREADS", 1), ("OMP_NUM_THREADS", 0), ("DUCC0_NUM_THREADS", 0)):
        named = os.environ.get(name, "").strip()
        if not named:
            os.environ.pop(name, None)  # which Numba does not take for unset
        # OpenMP takes a number for each level of nesting, the FFT one.
        numbers = named.split(",") if name == "OMP_NUM_THREADS" else [named]
        if named and not all(one.strip().isdecimal() and int(one) >= least for one in numbers):
            raise UsageError(f"{name} is a whole number from {least}; got {named!r}; correct or unset it")
        if len(numbers) > 1:
            os.environ.setdefault("DUCC0_NUM_THREADS", numbers[0].strip())
    compiling = os.environ.get("NUMBA_DISABLE_JIT", "").strip()
    if compiling not in ("", "0"):
        raise UsageError(f"kernels run compiled only, without NUMBA_DISABLE_JIT; got {compiling!r}; unset it")


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
        block: Rows that stay together: `first` is always a multiple of it. Some 0.1 ms of work: that is what
            it costs to hand it to another thread.

    Raises:
        Exception: What `work` raised; some rows may then be left out.
    """
    blocks = -(-rows // block)
    workers = min(available_threads() if workers is None else workers, blocks)
    share = block * max(1, -(-blocks // (max(workers, 1) * _SHARES)))
    begins = iter(range(0, rows, share))  # one iterator for all: whoever is done takes the next
    failures: dict[int, BaseException | None] = {}  # by worker, once it is done

    def take(worker: int) -> None:
        failure: BaseException | None = None
        try:
            for first in begins:
                work(first, min(first + share, rows), worker)
        except BaseException as raised:
            _exhaust(begins)  # nothing is left for the others
            failure = raised
        failures[worker] = failure

    # In spite of Ctrl-C, wherever it comes: until all are done, threads work with what they were given.
    bell: SimpleQueue[None] = SimpleQueue()
    helpers: list[_Inbox] = []
    handed: list[None] = []
    interrupt: KeyboardInterrupt | None = None
    try:
        _fetch_helpers(helpers, workers - 1)
        tasks = [(partial(copy_context().run, take, worker), bell) for worker in range(1, len(helpers) + 1)]
        put: Any = SimpleQueue.put
        handed.extend(map(put, helpers, tasks))  # one step of Python: all of them or none
    except KeyboardInterrupt as early:
        _exhaust(begins)
        interrupt = early
        if not handed:
            _idle.extend(helpers)
    if not handed and not interrupt:
        if rows:
            work(0, rows, 0)
        return
    while True:
        try:
            if 0 not in failures:
                take(0)
            # Ctrl-C may take a ring with it, when it comes as `get` returns; so what counts is who is done.
            while len(failures) <= len(handed):
                bell.get()
            break
        except KeyboardInterrupt as again:
            _exhaust(begins)
            interrupt = again
    for failure in (interrupt, *failures.values()):
        if failure:
            raise failure


def _exhaust(iterator: Iterator[int]) -> None:
    deque(iterator, maxlen=0)


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
_idle: list[_Inbox] = []
_started = 0


def _fetch_helpers(helpers: list[_Inbox], most: int) -> None:
    """Add inboxes of up to so many threads that wait for work; those there are not yet are started.

    They stay, since starting some for each batch would cost more. Where all are busy, nobody waits for them.
    """
    global _started
    with suppress(IndexError):  # as many as there are, in one step of Python: Ctrl-C loses none
        helpers.extend(islice(iter(_idle.pop, None), max(most, 0)))
    while len(helpers) < most:
        with _lock:
            if _started >= _configured():
                break
            inbox: _Inbox = SimpleQueue()
            try:
                threading.Thread(target=_help, args=(inbox,), name="tonewright", daemon=True).start()
            except RuntimeError:  # the process ends, or may have no more threads
                break
            _started += 1
        helpers.append(inbox)


def _help(inbox: _Inbox) -> None:
    while True:
        work, bell = inbox.get()
        work()
        _idle.append(inbox)
        bell.put(None)
        del work, bell  # a thread that waits keeps nothing alive


def _forget() -> None:
    """In a forked process there are no threads but the one that forked."""
    global _idle, _started, _lock
    _idle, _started, _lock = [], 0, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
