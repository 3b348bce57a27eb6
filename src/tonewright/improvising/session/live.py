"""A session in real time: one thread hears, decides and plays a hop whenever one comes in."""

from __future__ import annotations

import gc
import time
from collections import deque
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from tonewright.errors import TonewrightError, UsageError
from tonewright.improvising.hearing import HOP, HOP_S
from tonewright.improvising.session.clock import Deadlines
from tonewright.improvising.session.commands import Command, Timed
from tonewright.improvising.session.exchange import Exchange
from tonewright.improvising.session.performer import Performer
from tonewright.improvising.session.recording import Recorder

STALL_S = 0.05
"""Without a hop for so long the input has stalled."""
_HOP_NS = round(HOP_S * 1e9)


class LiveSession:
    """Plays until it is stopped, whatever happens to its input.

    Args:
        performer: Who plays.
        exchange: Where hops come from and go to.
        score: What it is told and when, in the order of time.
        recorder: Keeps both sides, if there is one.
        tell: Called from the playing thread with what happened, in words; must not wait.

    Attributes:
        work: How long each hop took, as deviations from 0.
        hops: How many were played.
        stalls: How often no hop came for `STALL_S`.
        failures: Hops in which hearing, deciding or playing failed; the controls were held.
        not_finite: Hops that came in with NaN or infinity, and were heard as silence.
        done: `[(hop, command)]` carried out, in order.
    """

    def __init__(
        self,
        performer: Performer,
        exchange: Exchange,
        *,
        score: Sequence[Timed] = (),
        recorder: Recorder | None = None,
        tell: Callable[[str], None] = lambda words: None,
    ) -> None:
        self._performer, self._exchange, self._recorder, self._tell = performer, exchange, recorder, tell
        self._score = deque(score)
        self._told: deque[Command] = deque()
        self._stopped = False
        self._silence = np.zeros(HOP, np.float32)
        self.work = Deadlines(_HOP_NS)
        self.hops = self.stalls = self.failures = self.not_finite = 0
        self.done: list[tuple[int, Command]] = []

    def command(self, command: Command) -> None:
        """Tell it something, from any thread; it is carried out before the next hop."""
        self._told.append(command)

    def stop(self) -> None:
        """End after the present hop; from any thread."""
        self._stopped = True
        self._exchange.came.set()

    def run(self, seconds: float | None = None) -> None:
        """Play for so long, in time of the input, or until it is stopped."""
        most = None if seconds is None else round(seconds / HOP_S)
        # The collector stops everything for milliseconds; nothing that a hop makes is part of a circle.
        gc.collect()
        gc.freeze()
        gc.disable()
        try:
            while not self._stopped and (most is None or self.hops < most):
                self._next()
        finally:
            gc.enable()
            gc.unfreeze()

    def _next(self) -> None:
        came = self._exchange.came
        if not came.wait(STALL_S):
            self.stalls += 1
            self._tell(f"no sound came for {1000 * STALL_S:.0f} ms; waiting")
            came.wait()
        came.clear()
        block = self._exchange.newest()
        if block is None:
            return
        begun_ns = time.monotonic_ns()
        self._carry_out()
        if not np.isfinite(block).all():
            self.not_finite += 1
            block = self._silence
        heard = block.copy() if self._recorder else block  # the ring goes on
        played = self._played(block)
        self._exchange.play(played)
        if self._recorder:
            self._recorder.give(heard, played)
        self.hops += 1
        self.work.count(time.monotonic_ns() - begun_ns)

    def _played(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        try:
            return self._performer.hop(block)
        except TonewrightError as error:
            self.failures += 1
            if self.failures == 1:
                self._tell(f"{error}; holding")
            return self._silence

    def _carry_out(self) -> None:
        until_s = (self.hops + 1) * HOP_S
        while self._score and self._score[0].at_s < until_s:
            self._told.append(self._score.popleft().command)
        while self._told:
            command = self._told.popleft()
            try:
                self._performer.command(command)
                self.done.append((self.hops, command))
            except UsageError as error:
                self._tell(str(error))
