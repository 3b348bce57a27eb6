"""Training examples made by a thread while a network learns from others."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from typing import Generic, TypeVar

import numpy as np

Batch = TypeVar("Batch")

_AHEAD = 4  # batches made ahead
_RECENT = 128  # batches that are learned from again
HELD_OUT = 2**31
"""Number of the first batch that is kept for measuring; training never gets there."""


class Supply(Generic[Batch]):
    """Batches of examples for one update after the other, made by a thread while the network learns.

    Where making examples costs more than learning from them, a batch is learned from several times: when it
    is new, and at random among the last 128 batches. Which batch an update gets depends on the seed and its
    number alone, so that a run that is resumed learns what one that was never interrupted does.

    Args:
        draw: Makes a batch from a generator of its own.
        seed: Of the run.
        first: The first update.
        reuse: How often each batch is learned from.
    """

    def __init__(
        self, draw: Callable[[np.random.Generator], Batch], seed: int, first: int, *, reuse: int
    ) -> None:
        self._draw, self._seed, self._first, self._reuse = draw, seed, first, reuse
        self._recent: deque[Batch] = deque(maxlen=_RECENT)
        self._queue: queue.Queue[Batch | Exception] = queue.Queue(_AHEAD)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._make, daemon=True)

    def __enter__(self) -> Iterator[Batch]:
        self._thread.start()
        return self._batches()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        while self._thread.is_alive():
            with suppress(queue.Empty):  # it may be waiting for room
                self._queue.get(timeout=0.1)

    @property
    def _next_new(self) -> int:
        """Number of the first batch that no update before the first has seen."""
        return -(-self._first // self._reuse)

    def _make(self) -> None:
        number = max(0, self._next_new - _RECENT)
        while not self._over.is_set():
            rng = np.random.default_rng([self._seed, number])
            try:
                self._queue.put(self._draw(rng))
            except Exception as error:  # raised again where the batches are taken
                self._queue.put(error)
                return
            number += 1

    def _take(self) -> None:
        drawn = self._queue.get()
        if isinstance(drawn, Exception):
            raise drawn
        self._recent.append(drawn)

    def _batches(self) -> Iterator[Batch]:
        for _ in range(min(_RECENT, self._next_new)):  # what an uninterrupted run would remember
            self._take()
        for update in count(self._first):
            if update % self._reuse == 0:
                self._take()
                yield self._recent[-1]
            else:
                rng = np.random.default_rng([self._seed, HELD_OUT, update])
                yield self._recent[rng.integers(len(self._recent))]
