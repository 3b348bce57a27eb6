"""A process to talk to in frames: started, watched, given up."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import weakref
from collections.abc import Sequence
from contextlib import suppress
from threading import Thread
from typing import Any, BinaryIO

from tonewright.documents import short_text
from tonewright.errors import GenerationError, system_reason
from tonewright.prompting.generators.stable_audio.worker import Frame, read_frame, write_frame

_LOG_BYTES = 1 << 20
_END_S = 5.0
_OURS = ("PYTHONPATH", "PYTHONHOME")
"""Would lead the other Python to the packages of this one."""


class LateError(GenerationError):
    """No answer came in time; the process has been ended."""


class DeadError(GenerationError):
    """The process has died, or talks nonsense."""


class Link:
    """A process that answers frames with frames, one at a time.

    Args:
        command: What to run.
        ready_s: How long it may take to say the first frame.

    Attributes:
        hello: That frame.

    Raises:
        LateError: It takes longer.
        DeadError: It cannot be started, or dies before.
    """

    def __init__(self, command: Sequence[str], ready_s: float) -> None:
        self._log: BinaryIO = tempfile.TemporaryFile("a+b")  # noqa: SIM115 (closed with the process)
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                env={name: value for name, value in os.environ.items() if name not in _OURS},
            )
        except OSError as error:
            self._log.close()
            raise DeadError(f"its process cannot be started: {system_reason(error)}") from error
        self._finish = weakref.finalize(self, _end, self._process, self._log)
        self.hello = self._exchange(None, ready_s)[0]

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    def ask(self, header: dict[str, Any], payload: bytes, answer_s: float) -> Frame:
        """Send a frame and wait for the answer.

        Raises:
            LateError: It takes longer than `answer_s`.
            DeadError: The process dies, or has died.
        """
        if os.fstat(self._log.fileno()).st_size > _LOG_BYTES:
            self._log.truncate(0)  # opened to append: the process goes on at its end
        return self._exchange((header, payload), answer_s)

    def close(self) -> None:
        """End the process."""
        self._finish()

    def _exchange(self, frame: Frame | None, wait_s: float) -> Frame:
        """Send and receive in a thread: a process that hangs may not even take what is sent."""
        got: list[Frame | None] = []
        requests, answers = self._process.stdin, self._process.stdout
        assert requests is not None
        assert answers is not None

        def talk() -> None:
            try:
                if frame is not None:
                    write_frame(requests, *frame)  # type: ignore[arg-type]
                got.append(read_frame(answers))  # type: ignore[arg-type]
            except (OSError, ValueError):  # a broken pipe, or half a frame: it is dying
                got.append(None)

        thread = Thread(target=talk, name="stable-audio", daemon=True)
        thread.start()
        thread.join(wait_s)
        if thread.is_alive():
            self._process.kill()
            thread.join(_END_S)
            self.close()
            raise LateError(f"it gave no answer within {wait_s:g} s, and was ended")
        if got[0] is None:
            raise DeadError(self._last_words())
        return got[0]

    def _last_words(self) -> str:
        try:
            code = self._process.wait(1.0)
        except subprocess.TimeoutExpired:
            self.close()
            return "its process said what is no answer, and was ended"
        self._log.seek(max(0, os.fstat(self._log.fileno()).st_size - 4_096))
        lines = self._log.read().decode(errors="replace").split("\n")
        said = next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
        self.close()
        how = f"with exit code {code}" if code >= 0 else f"by {signal.Signals(-code).name}"
        memory = "; the system may have run out of memory" if code == -signal.SIGKILL else ""
        return f"its process ended {how}{memory}: {short_text(said)}"


def _end(process: subprocess.Popen[bytes], log: BinaryIO) -> None:
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with suppress(OSError):  # what could not be sent to a process that has died
                stream.close()
    try:
        process.wait(0.2)  # the end of its input ends it, unless it is at work
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    log.close()
