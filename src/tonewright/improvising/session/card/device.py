"""A sound card, held by a process of its own."""

from __future__ import annotations

import json
import mmap
import os
import select
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tonewright.errors import DeviceError, MissingExtraError
from tonewright.improvising.hearing import SAMPLE_RATE_HZ
from tonewright.improvising.session.card.exchange import SIZE, Exchange

_IN_MEMORY = Path("/dev/shm")
_PATIENCE_S = 15.0
_BELLS = 64


class Device:
    """A sound card, one way or both.

    Args:
        input: Its name, a part of it, its number or `portaudio.DEFAULT`; None to hear nothing.
        output: Likewise; None to play nothing.

    Attributes:
        exchange: Where its hops go to and come from.

    Raises:
        DeviceError: There is none, or it does not play at the rate of agents.
        MissingExtraError: sounddevice is not installed.
    """

    def __init__(self, input: str | None, output: str | None) -> None:
        # Not imported here: PortAudio would end this process, too, where a server that it found has gone.
        if find_spec("sounddevice") is None:
            raise MissingExtraError("sounddevice", "live", "playing live")
        self._named = input, output
        folder = _IN_MEMORY if os.access(_IN_MEMORY, os.W_OK) else None
        number, self._path = tempfile.mkstemp(prefix="tonewright-", dir=folder)
        with os.fdopen(number, "r+b") as file:
            file.truncate(SIZE)
            self._memory = mmap.mmap(file.fileno(), SIZE)
        self.exchange = Exchange(memoryview(self._memory))
        self._bell = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._bell.bind(("127.0.0.1", 0))
        self._bell.setblocking(False)
        self._process: subprocess.Popen[bytes] | None = None
        self.latency_s: list[float] = []
        try:
            self._start()
        except BaseException:
            self.close()
            raise

    @property
    def active(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.poll() is None

    def reopen(self) -> bool:
        """Try to go on after it has gone; whether it does."""
        try:
            self._start()
        except DeviceError:
            return False
        return True

    def wait(self, seconds: float) -> None:
        """Wait for the next callback, so long at most."""
        if select.select([self._bell], [], [], seconds)[0]:
            try:
                for _ in range(_BELLS):
                    self._bell.recv(16)
            except BlockingIOError:
                pass

    def close(self) -> None:
        """End."""
        self._end()
        self._bell.close()
        Path(self._path).unlink(missing_ok=True)

    def _start(self) -> None:
        self._end()
        input, output = self._named
        asked = {
            "input": input,
            "output": output,
            "memory": self._path,
            "port": self._bell.getsockname()[1],
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tonewright.improvising.session.card.process", json.dumps(asked)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # where ALSA and JACK tell of all that they tried
            start_new_session=True,  # Ctrl-C is for this process
        )
        told = self._told(self._process)
        if "latency_s" in told:
            self.latency_s = told["latency_s"]
            return
        self._end()
        named = " and ".join(repr(one) for one in dict.fromkeys(self._named) if one is not None)
        why = told.get("reason", "it does not answer")
        remedy = "choose one of those that `tonewright play --devices` lists"
        if "sample rate" in why:
            remedy = f"set it to that rate, or {remedy}"
        reason = told.get("error") or f"cannot open {named} at {SAMPLE_RATE_HZ:,} Hz: {why}; {remedy}"
        raise DeviceError(reason)

    def _told(self, process: subprocess.Popen[bytes]) -> dict[str, Any]:
        assert process.stdout is not None
        if os.name == "posix" and not select.select([process.stdout], [], [], _PATIENCE_S)[0]:
            return {}
        try:
            told: dict[str, Any] = json.loads(process.stdout.readline() or b"{}")
        except ValueError:
            return {}
        return told

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        assert process.stdout is not None
        with suppress(OSError):
            process.stdin.close()
        try:
            process.wait(2.0)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
