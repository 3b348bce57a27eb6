"""One process of Pd that plays a patch live: started, spoken to, listened to, and ended."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from tonewright.errors import SynthError, system_reason
from tonewright.synths.pd.complaints import Complaints
from tonewright.synths.pd.host import LOOPBACK, PING, host_patch
from tonewright.synths.pd.patch import Patch
from tonewright.synths.pd.program import Program

ANSWERS_S = 1.0
"""What does not answer a ping for so long is stuck."""
_OPTIONS = ("-nogui", "-noprefs", "-nomidi", "-noadc", "-nrt", "-jackname", "tonewright")
_ENDS_S = 1.0
_FILE = "host.pd"


class HostedPd:
    """A Pd that plays a patch through its own audio output.

    Args:
        program: The Pd to run.
        patch: What is played.
        box: What to write in its box.
        folder: Where to write the host patch.
        options: Of Pd: its audio, libraries, paths.
        seed: See `host_patch`.

    Attributes:
        answered: Whether it has answered a ping: then the patch is loaded.

    Raises:
        SynthError: It cannot be started.
    """

    def __init__(
        self, program: Program, patch: Patch, box: str, folder: Path, options: Sequence[str], seed: int
    ) -> None:
        self._complaints = Complaints(str(patch.path), str(patch.path.with_suffix(".json")), program.version)
        self.answered = False
        self._asked_s: float | None = None
        opened = ExitStack()
        try:
            self._socket = opened.enter_context(_bound())
            with _bound() as free:
                self._to = free.getsockname()
            text = host_patch(box, patch.outlets, self._to[1], self._socket.getsockname()[1], seed)
            (folder / _FILE).write_bytes(text.encode(errors="surrogateescape"))
            # In a session of its own, so that Ctrl-C is for Tonewright alone, which then ends Pd.
            self._process = subprocess.Popen(
                [program.path, *_OPTIONS, *options, "-open", _FILE],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            opened.close()
            raise SynthError(
                f"cannot start Pd: {system_reason(error)}; check {program.path!r}, space and limits"
            ) from None
        assert self._process.stderr is not None
        self._said = self._process.stderr.fileno()
        os.set_blocking(self._said, False)
        self._poll = select.poll()
        self._poll.register(self._said, select.POLLIN)
        self._poll.register(self._socket, select.POLLIN)
        self._mute = False

    @property
    def pid(self) -> int:
        """Id of the process."""
        return self._process.pid

    @property
    def fault(self) -> str:
        """Why the patch cannot be played, in words with a remedy; empty if it can."""
        return self._complaints.fault

    @property
    def silence(self) -> str:
        """Why no sound goes out, as Pd says; empty if it does."""
        return self._complaints.silence

    @property
    def said(self) -> str:
        """The last few lines that Pd has said; empty if it is content."""
        return self._complaints.recent

    @property
    def trouble(self) -> str:
        """What is wrong with the process, in words; empty if nothing is."""
        code = self._process.poll()
        if code is not None:
            return (
                f"has ended ({f'signal {signal.Signals(-code).name}' if code < 0 else f'exit code {code}'})"
            )
        if self.silence:
            return f"has no audio output (it says: {self.silence})"
        if self.answered and self._asked_s is not None and time.monotonic() > self._asked_s + ANSWERS_S:
            return f"has not answered for {ANSWERS_S:g} s"
        return ""

    def send(self, messages: str) -> None:
        """Send messages without waiting; what is lost is lost."""
        with suppress(OSError):
            self._socket.sendto(messages.encode(), self._to)

    def ping(self, messages: str = "") -> None:
        """Ask for an answer, and send some messages with it."""
        if self._asked_s is None:
            self._asked_s = time.monotonic()
        self.send(PING + messages)

    def listen(self, seconds: float) -> None:
        """Hear what it says and answers, for so long, or until it ends."""
        until_s = time.monotonic() + seconds
        while True:
            left_s = until_s - time.monotonic()
            ready = dict(self._poll.poll(max(0.0, 1000 * left_s)))
            if self._socket.fileno() in ready:
                self._take_answers()
            if self._said in ready:
                self._hear()
            if left_s <= 0 or self._mute:
                break

    def await_answer(self, seconds: float) -> bool:
        """Wait until the patch is loaded, has failed, or time is over; whether it is loaded."""
        until_s = time.monotonic() + seconds
        while time.monotonic() < until_s and not (self.answered or self.fault or self.trouble):
            self.ping()
            self.listen(0.02)
        self.listen(0.0)  # what it has said before it answered
        return self.answered and not (self.fault or self.trouble)

    def close(self, *, at_once: bool = False) -> None:
        """End it, for sure; without a chance to say goodbye if it must be over at once."""
        if not at_once:
            self._signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_ENDS_S)
        self._signal(signal.SIGKILL)
        self._process.wait()
        if self._process.stderr is not None:
            self._process.stderr.close()
        self._socket.close()

    def _signal(self, number: signal.Signals) -> None:
        if self._process.poll() is None:  # else the id may be that of another process by now
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)

    def _take_answers(self) -> None:
        with suppress(OSError):  # there are no more
            while self._socket.recv(64):
                self.answered, self._asked_s = True, None

    def _hear(self) -> None:
        with suppress(BlockingIOError):
            said = os.read(self._said, 1 << 16)
            self._complaints.hear(said)
            if not said:
                self._poll.unregister(self._said)
                self._mute = True


def _bound() -> socket.socket:
    """A socket at a port of its own."""
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.setblocking(False)
    one.bind((LOOPBACK, 0))
    return one
