"""Open Sound Control (1.0) over UDP: commands and descriptors in, controls out; the newest value wins."""

from __future__ import annotations

import errno
import heapq
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tonewright.errors import DeviceError, MissingExtraError, UsageError, system_reason
from tonewright.improvising.session.commands import COMMANDS, Command
from tonewright.improvising.session.urgency import calm

OSC = "osc"
"""As the input or output of a session: another program."""
ROOT = "/tonewright"
MUSICIAN, CONTROLS, LEVEL = f"{ROOT}/musician", f"{ROOT}/controls", f"{ROOT}/level"
"""Addresses: descriptors of the musician, a list of floats, in; controls, a list of floats in [0, 1], and how
loud they are to sound, one from 0 to 1, out."""
PING, PONG = f"{ROOT}/ping", f"{ROOT}/pong"
"""Addresses: what is sent to the first comes back from the second, to who sent it."""
LOOPBACK = "127.0.0.1"
_LARGEST = 65_536
_MOST_BYTES = 8_192
"""Of a packet that is read: what is longer would take longer to read than a hop lasts."""
_MOST_WAITING = 1_000
_LATEST_S = 60.0
_WAKES_S = 0.05
_MOST_COMPLAINTS = 30


def pythonosc() -> Any:
    """The library that reads and writes packets.

    Raises:
        MissingExtraError: It is not installed.
    """
    try:
        from pythonosc import osc_message_builder, osc_packet
    except ImportError:
        raise MissingExtraError("python-osc", "live", "Open Sound Control") from None
    return osc_packet, osc_message_builder


class OscIn:
    """Listens on a port, in a thread of its own.

    Packets are read as fast as they come. Of the musician's descriptors the newest frame is kept and nothing
    else; commands are handed on in their order. What a time tag puts off is kept until then, a minute and a
    thousand messages at most.

    Args:
        host: Address to listen at; `LOOPBACK` unless others shall be heard.
        port: UDP port; 0 for any that is free.
        columns: How many numbers a frame of descriptors has.
        tell: Called with each command.

    Attributes:
        port: The port.
        frame: `[columns]` the newest descriptors; None before the first.
        frames: How many frames came.
        commands: How many commands came.
        malformed: Packets that are no OSC, or too large.
        refused: Messages to unknown addresses, or with values that make no sense.
        complain: Called with what is wrong with them, in words; with each complaint once.

    Raises:
        DeviceError: The port is in use, or not to be had.
    """

    def __init__(self, host: str, port: int, columns: int, tell: Callable[[Command], None]) -> None:
        self._packets, _ = pythonosc()
        self._columns, self._tell = columns, tell
        self._head = _padded(MUSICIAN) + _padded("," + columns * "f")
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.bind((host, port))
        except OSError as error:
            self._socket.close()
            remedy = "choose another port, or end the program that has it"
            if error.errno != errno.EADDRINUSE:
                remedy = f"name an address of this machine, {LOOPBACK} or 0.0.0.0, and a port from 1024"
            reason = system_reason(error)
            raise DeviceError(f"OSC is heard at {host}:{port}; got {reason}; {remedy}") from None
        self._socket.settimeout(_WAKES_S)
        self.port: int = self._socket.getsockname()[1]
        self.frame: NDArray[np.float32] | None = None
        self.frames = self.commands = self.malformed = self.refused = 0
        self.complain: Callable[[str], None] = lambda words: None
        self._complaints: set[str] = set()
        self._later: list[tuple[float, int, str, list[Any]]] = []
        self._order = count()
        self._ended = False
        self._thread = threading.Thread(target=self._listen, name="osc", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End."""
        self._ended = True
        self._thread.join()
        self._socket.close()

    def _listen(self) -> None:
        calm()
        while not self._ended:
            self._do_what_is_due()
            try:
                self._read(*self._socket.recvfrom(_LARGEST))
            except TimeoutError:
                continue
            except OSError:  # an answer that could not be delivered; the socket lives
                continue

    def _read(self, packet: bytes, sender: Any) -> None:
        if packet.startswith(self._head):  # the one that comes at every hop, read without the library
            frame = np.frombuffer(packet[len(self._head) :][: 4 * self._columns], ">f4").astype(np.float32)
            self._keep(frame)
            return
        if len(packet) > _MOST_BYTES:
            self.malformed += 1
            self._complain(f"a packet has {_MOST_BYTES:,} bytes at most; got a longer one")
            return
        try:
            messages = self._packets.OscPacket(packet).messages
        except Exception:  # whatever the library makes of what strangers send
            self.malformed += 1
            self._complain("a packet is Open Sound Control; got something else")
            return
        now_s = time.time()
        for timed in messages:
            address, values = timed.message.address, list(timed.message.params)
            if address == PING:
                self._answer(packet, sender)
                continue
            wait_s = timed.time - now_s
            if wait_s <= 0:
                self._do(address, values)
            elif wait_s <= _LATEST_S and len(self._later) < _MOST_WAITING:
                heapq.heappush(self._later, (timed.time, next(self._order), address, values))
            else:
                self._refuse(f"a time tag is at most {_LATEST_S:.0f} s ahead; got {wait_s:.0f} s")

    def _answer(self, packet: bytes, sender: Any) -> None:
        """Send a ping back as a pong: both words have the same length, so the packet stays what it is."""
        with suppress(OSError):
            self._socket.sendto(packet.replace(PING.encode(), PONG.encode(), 1), sender)

    def _do_what_is_due(self) -> None:
        while self._later and self._later[0][0] <= time.time():
            _, _, address, values = heapq.heappop(self._later)
            self._do(address, values)

    def _do(self, address: str, values: list[Any]) -> None:
        if address == MUSICIAN:
            self._take(values)
            return
        name = address.removeprefix(f"{ROOT}/")
        if not address.startswith(f"{ROOT}/") or name not in COMMANDS or len(values) > 1:
            self._refuse(f"an address is {MUSICIAN} or {ROOT}/ and a command; got {address[:80]!r}")
            return
        try:
            command = Command(name, values[0] if values else None)
        except UsageError as error:
            self._refuse(str(error))
            return
        self.commands += 1
        self._tell(command)

    def _take(self, values: list[Any]) -> None:
        numbers = all(isinstance(value, int | float) for value in values)
        self._keep(np.array(values if numbers else [np.nan] * len(values), np.float32))

    def _keep(self, frame: NDArray[np.float32]) -> None:
        if len(frame) != self._columns or not np.isfinite(frame).all():
            self._refuse(f"{MUSICIAN} takes {self._columns} finite numbers; got {len(frame)} values")
            return
        self.frame = frame
        self.frames += 1

    def _refuse(self, why: str) -> None:
        self.refused += 1
        self._complain(why)

    def _complain(self, why: str) -> None:
        if why not in self._complaints and len(self._complaints) < _MOST_COMPLAINTS:
            self._complaints.add(why)
            self.complain(f"Open Sound Control: {why}")


class OscOut:
    """Sends lists of floats; what cannot be sent is counted and forgotten.

    Attributes:
        failed: How many could not be sent.

    Raises:
        DeviceError: There is no such machine.
    """

    def __init__(self, host: str, port: int) -> None:
        _, self._builder = pythonosc()
        try:  # once: a name that is looked up while somebody plays makes him wait
            self._to = socket.getaddrinfo(host, port, socket.AF_INET, socket.SOCK_DGRAM)[0][4]
        except OSError as error:
            raise DeviceError(
                f"OSC is sent to {host}:{port}; got {system_reason(error)}; check the name of the machine, "
                "or give its address"
            ) from None
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self.failed = 0

    def send(self, address: str, values: NDArray[np.float32]) -> None:
        """Send a message of floats."""
        builder = self._builder.OscMessageBuilder(address)
        for value in values:
            builder.add_arg(float(value), "f")
        try:
            self._socket.sendto(builder.build().dgram, self._to)
        except OSError:
            self.failed += 1

    def close(self) -> None:
        """End."""
        self._socket.close()


def _padded(text: str) -> bytes:
    """A string as packets have it: ended by a zero, and filled up to a multiple of 4 bytes."""
    content = text.encode() + b"\0"
    return content + bytes(-len(content) % 4)
