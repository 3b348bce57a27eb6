"""A session in real time: one thread hears, decides and plays a hop whenever one is due."""

from __future__ import annotations

import gc
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

import numpy as np
from numpy.typing import NDArray

from tonewright.errors import TonewrightError, UsageError
from tonewright.improvising.hearing import HOP, HOP_S
from tonewright.improvising.session.clock import Deadlines
from tonewright.improvising.session.commands import Command, Timed
from tonewright.improvising.session.performer import Performer
from tonewright.improvising.session.recording import Recorder
from tonewright.improvising.session.sinks import Sink
from tonewright.improvising.session.sources import Source
from tonewright.improvising.session.ticking import Ticks
from tonewright.threads import numba_threads
from tonewright.wording import duration, quantity

STALL_S = 0.05
"""What nothing comes from for so long has stalled."""
_HOP_NS = round(HOP_S * 1e9)
_STALL_HOPS = round(STALL_S / HOP_S)
_SWITCH_S = 0.0005
"""How long another thread may keep the one that plays waiting; Python's own 5 ms are a whole hop."""
_OVERRIDDEN = frozenset({"stance", "dial", "freeze", "mute", "away", "panic"})
"""Commands of which the last before a hop is all that counts."""
_TAIL = np.linspace(1.0, 0.0, 64, endpoint=False, dtype=np.float32)


class Session:
    """Plays until it is stopped or what it hears has ended, whatever happens meanwhile.

    Args:
        performer: Who plays.
        ticks: When a hop is due.
        source: What the musician plays.
        sinks: Where to.
        score: What the agent is told and when, in the order of time.
        recorder: Keeps both sides, if there is one.
        tell: Called from the playing thread with what happened, in words; must not wait.

    Attributes:
        work: How long each hop took, as deviations from 0.
        hops: How many were played.
        stalls: How often nothing came for `STALL_S`, ticks or what is heard.
        failures: Hops in which hearing, deciding or playing failed; the controls were held.
        done: `[(hop, command)]` carried out before that hop, in order.
    """

    def __init__(
        self,
        performer: Performer,
        ticks: Ticks,
        source: Source,
        sinks: Sequence[Sink],
        *,
        score: Sequence[Timed] = (),
        recorder: Recorder | None = None,
        tell: Callable[[str], None] = lambda words: None,
    ) -> None:
        self.performer, self.source = performer, source
        self._ticks, self._sinks, self._recorder, self.tell = ticks, sinks, recorder, tell
        self._score = deque(score)
        self._told: deque[Command] = deque()
        self._stopped = False
        self._silence = np.zeros(HOP, np.float32)
        self._last = np.float32(0.0)
        self._missed = self._came = 0
        self._waiting_s = 0.0
        self.work = Deadlines(_HOP_NS)
        self.hops = self.stalls = self.failures = 0
        self.done: list[tuple[int, Command]] = []

    def command(self, command: Command) -> None:
        """Tell the agent something, from any thread; it is carried out before the next hop."""
        self._told.append(command)

    def stop(self) -> None:
        """End after the present hop; from any thread."""
        self._stopped = True

    def run(self, seconds: float | None = None) -> None:
        """Play for so long, or until it is stopped or what it hears has ended."""
        most = None if seconds is None else round(seconds / HOP_S)
        with _undisturbed(), numba_threads(1):
            while not (self._stopped or self.source.ended or (most is not None and self.hops >= most)):
                due = self._ticks.wait(STALL_S)
                if due:
                    if self._waiting_s:
                        gone_s = time.monotonic() - self._waiting_s
                        self._waiting_s = 0.0
                        self.tell(f"it goes on, after {duration(gone_s, 2)}")
                    self._next(due)
                elif self.hops and not self._waiting_s:
                    self._waiting_s = time.monotonic() - STALL_S
                    self._stalled("no sound goes in or out")
        left = len(self._score)
        if left:
            self.tell(f"{quantity(left, 'command')} of the score came after the end")

    def _next(self, due: int) -> None:
        begun_ns = time.monotonic_ns()
        heard = None
        try:
            heard = self._heard(due)
            self._carry_out()
            played = self.performer.play()
        except Exception as error:  # whatever it is, the show goes on
            played = self._held(error)
        self._last = played[-1]
        for sink in self._sinks:
            sink.take(played, self.performer.params[0], self.performer.level)
        if self._recorder:
            self._recorder.give(self._silence if heard is None else heard, played)
        self.hops += 1
        self.work.count(time.monotonic_ns() - begun_ns)

    def _heard(self, due: int) -> NDArray[np.float32] | None:
        heard = self.source.hear(due, self.performer.musician)
        if self.source.came != self._came:
            self._came, self._missed = self.source.came, 0
            if self.performer.away:
                self._told.append(Command("away", False))
                self.tell("the musician is heard again")
        else:
            self._missed += 1
            if self._missed == _STALL_HOPS and not self.performer.away:
                self._told.append(Command("away", True))
                self._stalled("nothing is heard of the musician")
        return heard

    def _held(self, error: Exception) -> NDArray[np.float32]:
        """In place of a hop that failed: the last sample, faded out."""
        self.failures += 1
        if self.failures == 1:
            self.tell(f"{error or type(error).__name__}; the controls are held")
        with suppress(TonewrightError):  # it will be tried again
            self.performer.recover()
        played = self._silence.copy()
        played[: len(_TAIL)] = self._last * _TAIL
        return played

    def _carry_out(self) -> None:
        until_s = (self.hops + 1) * HOP_S
        while self._score and self._score[0].at_s < until_s:
            self._told.append(self._score.popleft().command)
        told = [self._told.popleft() for _ in range(len(self._told))]
        last = {one.do: number for number, one in enumerate(told)}
        for number, command in enumerate(told):
            if command.do in _OVERRIDDEN and last[command.do] != number:
                continue  # a flood of them is one
            try:
                self.performer.command(command)
                self.done.append((self.hops, command))
            except UsageError as error:
                self.tell(str(error))

    def _stalled(self, what: str) -> None:
        self.stalls += 1
        self.tell(f"{what} for {1000 * STALL_S:.0f} ms; waiting")


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Keep from a playing thread what would make it wait."""
    # The collector stops everything for milliseconds; nothing that a hop makes is part of a circle.
    gc.collect()
    gc.freeze()
    gc.disable()
    before_s = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_S)
    try:
        yield
    finally:
        sys.setswitchinterval(before_s)
        gc.enable()
        gc.unfreeze()
