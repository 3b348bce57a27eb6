"""A generator in a process of its own, which is watched, and replaced when it dies or hangs."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any

from tonewright.errors import GenerationError, UsageError, system_reason
from tonewright.files import StrPath
from tonewright.prompting.generators.base import Generation, Request, Setting
from tonewright.prompting.serving.errors import UnavailableError
from tonewright.prompting.serving.limits import Limits
from tonewright.prompting.serving.process import work

_END_S = 5.0
_LONGEST_PAUSE_S = 30.0


class DiedError(GenerationError):
    """The process died, hung or broke, and is replaced."""


class Worker:
    """A generator in another process; one thread uses it, and any may close it.

    Args:
        generator: Registered name.
        model: Its weights.
        limits: How long it may take.

    Attributes:
        name: What the generator calls itself.
        settings: Its settings.
        replaced: How often the process was replaced.
        missing: Why there is no process; None while there is one.
        pid: Number of the process; None while there is none.

    Raises:
        UsageError: There is no such generator.
        GenerationError: It cannot be loaded.
    """

    def __init__(self, generator: str, model: StrPath | None, limits: Limits) -> None:
        self._what, self._limits = (generator, model), limits
        self.name, self.settings = generator, dict[str, Setting]()
        self.replaced = 0
        self.missing: str | None = "it is being loaded"
        self.pid: int | None = None
        self._failures, self._again_s = 0, 0.0
        self._closed = False
        self._lock = threading.Lock()  # whoever closes does not miss a process that is being started
        self._process: SpawnProcess | None = None
        self._pipe: Connection | None = None
        try:
            self._start()
        except DiedError as death:
            raise GenerationError(f"{generator} cannot be loaded: {death}") from None

    def generate(self, requests: Sequence[Request]) -> list[Generation]:
        """Render a batch.

        Raises:
            UsageError: The generator refuses it.
            GenerationError: The generator fails at it.
            DiedError: The process died of it, or did not answer in time.
            UnavailableError: There is no process, and none can be started now.
        """
        self.revive()
        if self.missing is not None:
            raise UnavailableError(f"{self.name} is not there: {self.missing}; try again later")
        found: list[Generation] = self._answer(self._limits.hung_s, requests)
        return [
            replace(made, request=replace(made.request, init_audio=asked.init_audio))
            for made, asked in zip(found, requests, strict=True)
        ]

    def revive(self) -> None:
        """Replace the process if it is not alive; after failures not at once."""
        if self._process is not None and self._process.is_alive():
            return
        if self._process is not None:
            self._bury("it ended")
        if self._closed or time.monotonic() < self._again_s:
            return
        try:
            self._start()
            self.replaced += 1
            self._failures = 0
        except (UsageError, GenerationError) as error:
            self.missing = str(error)
            self._failures += 1
            self._again_s = time.monotonic() + min(_LONGEST_PAUSE_S, 0.5 * 2**self._failures)

    def close(self) -> None:
        """End the process, whatever it is at."""
        with self._lock:
            self._closed = True
            if self._process is not None:
                self._process.kill()

    def drop(self, reason: str) -> None:
        """End the process, and let go of it; called by the thread that uses it."""
        if self._process is not None:
            self._process.kill()
            self._bury(reason)

    def _start(self) -> None:
        context = get_context("spawn")  # a fork would copy threads and locks in whatever state they are
        try:
            ours, theirs = context.Pipe()
            with theirs:  # closed here once the process has it, so that its end is seen when that dies
                process = context.Process(target=work, args=(theirs, *self._what), daemon=True)
                self._begin(process, ours)
        except OSError as error:
            raise GenerationError(f"no process can be started: {system_reason(error)}") from None
        self.name, settings = self._answer(self._limits.load_s)
        self.settings = dict[str, Setting](settings)
        self.missing, self.pid = None, process.pid

    def _begin(self, process: SpawnProcess, pipe: Connection) -> None:
        with self._lock:
            if self._closed:
                raise UnavailableError("the server ends")
            with _without_ctrl_c():
                process.start()
            self._process, self._pipe = process, pipe

    def _answer(self, patience_s: float, requests: Sequence[Request] | None = None) -> Any:
        """What the process says, after it was given requests."""
        assert self._process is not None
        assert self._pipe is not None
        answer: tuple[str, Any] | None = None
        with _killed_after(self._process, patience_s) as late, suppress(EOFError, OSError):
            if requests is not None:
                self._pipe.send(list(requests))
            answer = self._pipe.recv()
        if answer is None:
            reason = self._bury("it died")
            raise DiedError(f"it did not answer within {patience_s:g} s" if late() else reason)
        told, what = answer
        if told in ("ready", "made"):
            return what
        if told == "broken" or requests is None:
            self._bury(what)
        if told == "broken":
            raise DiedError(what)
        raise UsageError(what) if told == "usage" else GenerationError(what)

    def _bury(self, reason: str) -> str:
        """Let go of a process that is dead or dies, and tell why."""
        process, pipe = self._process, self._pipe
        assert process is not None
        assert pipe is not None
        process.join(_END_S)  # what broke ends by itself
        process.kill()
        process.join()
        code = process.exitcode or 0
        if code:
            ended = f"signal {-code}" if code < 0 else f"exit code {code}"
            reason = f"{reason} ({ended})"
        self.missing, self.pid = reason, None
        with self._lock:
            self._process = self._pipe = None
        pipe.close()
        process.close()
        return reason


@contextmanager
def _killed_after(process: SpawnProcess, seconds: float) -> Iterator[Callable[[], bool]]:
    """Kill a process unless the body ends in time, which also ends a body that waits for it.

    Yields:
        Tells whether it was.
    """
    late = threading.Event()

    def kill() -> None:
        late.set()
        process.kill()

    timer = threading.Timer(seconds, kill)
    timer.daemon = True
    timer.start()
    try:
        yield late.is_set
    finally:
        timer.cancel()
        timer.join()


@contextmanager
def _without_ctrl_c() -> Iterator[None]:
    """Have processes that are begun inherit a blocked SIGINT: Ctrl-C is for the server, which ends them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing.resource_tracker import ensure_running

    ensure_running()  # it would unblock the signal again, were it begun with the process
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
