"""Many pieces of work in one process or several, each finished once: what a log holds is not done again."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import TypeVar

from tonewright.errors import TonewrightError
from tonewright.measuring.records import Key, Record, RecordLog
from tonewright.threads import single_threaded_children

Work = TypeVar("Work")
Result = TypeVar("Result")

_STOPPING = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


def finish(
    work: Sequence[Work],
    do: Callable[[Work, list[Key]], list[Record]],
    *,
    keys: Callable[[Work], Sequence[Key]],
    key: Callable[[Record], Key],
    log: RecordLog | None = None,
    workers: int = 1,
    progress: Callable[[], None] = lambda: None,
) -> list[Record]:
    """Finish pieces of work and give their records.

    Args:
        work: The pieces. For several workers they travel to other processes, and so does `do`.
        do: Gives the records of a piece, those of the keys named alone.
        keys: Keys of the records that a piece gives.
        key: Key of a record.
        log: Takes every piece when it is finished; records that are in it already are taken from there.
        workers: Processes. Several of one thread each do more than one of several threads; the results are
            the same.
        progress: Called when a piece is finished.

    Returns:
        The records, in the order of the pieces and of their keys.

    Raises:
        OutputError: The log cannot be written.
        TonewrightError: One of several processes died.
    """
    known: dict[Key, Record] = {} if log is None else dict(log.records)
    missing = []
    for piece in work:
        lacking = [one for one in keys(piece) if one not in known]
        if lacking:
            missing.append((piece, lacking))
        else:
            progress()
    for records in _results(missing, do, workers):
        known |= {key(record): record for record in records}
        if log is not None:
            log.append(records)
        progress()
    return [known[one] for piece in work for one in keys(piece)]


def _results(
    missing: Sequence[tuple[Work, list[Key]]], do: Callable[[Work, list[Key]], list[Record]], workers: int
) -> Iterator[list[Record]]:
    """Records of each piece, as they come."""
    if workers == 1 or len(missing) < 2:
        yield from (do(*one) for one in missing)
    else:
        yield from (records for _, records in do_all(missing, partial(_spread, do), workers))


def _spread(do: Callable[[Work, list[Key]], list[Record]], piece: tuple[Work, list[Key]]) -> list[Record]:
    return do(*piece)


def do_all(work: Sequence[Work], do: Callable[[Work], Result], workers: int) -> Iterator[tuple[int, Result]]:
    """Do pieces of work in several processes.

    Args:
        work: The pieces, which travel to other processes, and so does `do`.
        do: Gives the result of a piece.
        workers: Processes, of one thread each.

    Returns:
        Place of each piece, from 0, and its result, as they come.

    Raises:
        TonewrightError: One of the processes died.
    """
    # Spawned, since a fork would copy threads and locks in whatever state they are.
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    pool = ProcessPoolExecutor(min(workers, len(work)), context, _end_with_parent, (theirs,))
    try:
        with single_threaded_children(), _signals_later():
            futures: dict[Future[Result], int] = {pool.submit(do, one): i for i, one in enumerate(work)}
        for future in as_completed(futures):
            yield futures[future], future.result()
    except BrokenProcessPool:
        raise TonewrightError(
            "a worker process died, as they do when memory runs out; give fewer --workers (what is done is"
            " kept)"
        ) from None
    except BaseException:  # Ctrl-C above all: nobody waits for what the workers are at
        ours.close()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
        ours.close()


@contextmanager
def _signals_later() -> Iterator[None]:
    """Begin processes without being interrupted: those that are half begun, or import, would complain.

    What comes meanwhile is handled afterwards; the processes get no Ctrl-C before they ask for it.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "pthread_sigmask"):
        yield
        return
    received: list[int] = []
    ours = [one for one in _STOPPING if callable(signal.getsignal(one))]
    before = {one: signal.signal(one, lambda number, frame: received.append(number)) for one in ours}
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
        for one, handler in before.items():
            signal.signal(one, handler)
        for one in received[:1]:
            signal.raise_signal(one)


def _end_with_parent(parent: Connection) -> None:
    """End this worker at once when Ctrl-C comes, and when its parent ends or closes its side of the pipe.

    Else it would go on with its piece, and without a parent wait for the next one for ever.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])

    def watch() -> None:
        with suppress(EOFError, OSError):
            parent.recv()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
