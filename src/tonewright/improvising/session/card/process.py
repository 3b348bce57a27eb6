"""The process that has the sound card: what breaks in drivers ends it alone, and nothing makes it wait.

Started by `device.Device` with one argument, a JSON object: `input`, `output` (names, or null), `memory` (the
file that an `Exchange` lies in) and `port` (a UDP port on loopback that gets a byte with every callback). It
writes one line of JSON when the card is open, or why it is not, and ends when its standard input does.
"""

from __future__ import annotations

import json
import mmap
import os
import socket
import sys
import threading
import time
from contextlib import suppress
from typing import Any

import numpy as np

from tonewright.errors import DeviceError, TonewrightError
from tonewright.improvising.hearing import HOP, SAMPLE_RATE_HZ
from tonewright.improvising.session.card.exchange import SIZE, Bursts, Exchange
from tonewright.improvising.session.card.portaudio import DEFAULT, sounddevice

_MOST_CHANNELS = 2
_LOOKS_S = 0.1
_KNOWN_WITHIN_S = 1.0


class _Card:
    """An open sound card.

    Args:
        library: sounddevice.
        exchange: Where hops go to and come from.
        bell: A connected socket.
        input: Name of the device to hear; None to hear nothing.
        output: Name of the device to play to; None to play nothing.
    """

    def __init__(
        self, library: Any, exchange: Exchange, bell: socket.socket, input: str | None, output: str | None
    ) -> None:
        self._exchange, self._bell = exchange, bell
        self.bursts = Bursts()
        self._heard, self._played = np.zeros((2, HOP), np.float32)
        hears, plays = input is not None, output is not None
        found = _find(library, input, "input"), _find(library, output, "output")
        most = library.query_devices(found[1], "output")["max_output_channels"] if plays else 1
        channels = 1, min(_MOST_CHANNELS, most)
        both, one_way = hears and plays, 0 if hears else 1
        kind = library.Stream if both else library.InputStream if hears else library.OutputStream
        self.stream = kind(
            samplerate=SAMPLE_RATE_HZ,
            blocksize=HOP,
            device=found if both else found[one_way],
            channels=channels if both else channels[one_way],
            dtype="float32",
            latency="low",
            callback=self._both if both else self._in if hears else self._out,
        )

    def _both(self, heard: Any, played: Any, frames: int, times: Any, status: Any) -> None:
        self._take(heard)
        self._give(played)
        self._ring(status)

    def _in(self, heard: Any, frames: int, times: Any, status: Any) -> None:
        self._take(heard)
        self._ring(status)

    def _out(self, played: Any, frames: int, times: Any, status: Any) -> None:
        self._give(played)
        self._ring(status)

    def _take(self, heard: Any) -> None:
        self._heard[:] = heard[:, 0]
        self._exchange.give_in(self._heard)

    def _give(self, played: Any) -> None:
        self._exchange.take_out(self._played)
        played[:] = self._played[:, None]

    def _ring(self, status: Any) -> None:
        self._exchange.called(bool(status), self.bursts.called(time.monotonic()))
        with suppress(OSError):  # nobody listens, or not quickly enough: the counter tells
            self._bell.send(b".")


def _find(library: Any, name: str | None, side: str) -> int | None:
    if name is None or name == DEFAULT:
        return None
    try:
        return int(library.query_devices(int(name) if name.isdecimal() else name, side)["index"])
    except Exception as error:  # PortAudioError, ValueError
        raise DeviceError(
            f"cannot open {name!r} as {side}: {' '.join(str(error).split())}; choose one of those that "
            "`tonewright play --devices` lists"
        ) from None


def main() -> None:
    """Open the card, and keep it until standard input ends."""
    asked = json.loads(sys.argv[1])
    bell = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    bell.connect(("127.0.0.1", asked["port"]))
    bell.setblocking(False)
    with open(asked["memory"], "r+b") as file:
        exchange = Exchange(memoryview(mmap.mmap(file.fileno(), SIZE)))
    try:
        library = sounddevice()
        card = _Card(library, exchange, bell, asked["input"], asked["output"])
        card.stream.start()
        until_s = time.monotonic() + _KNOWN_WITHIN_S
        while not card.bursts.known and time.monotonic() < until_s:
            time.sleep(_LOOKS_S / 10)
    except TonewrightError as error:
        _end({"error": str(error)}, 1)
    except Exception as error:  # PortAudioError, and what NumPy and Python say of strange names
        _end({"reason": " ".join(str(error).split())}, 1)
    print(json.dumps({"latency_s": np.atleast_1d(card.stream.latency).tolist()}), flush=True)

    def watch() -> None:
        while card.stream.active:
            time.sleep(_LOOKS_S)
        os._exit(3)

    threading.Thread(target=watch, daemon=True).start()
    sys.stdin.buffer.read()
    # At once: PortAudio ends the process with an error where the server that it played to has gone.
    os._exit(0)


def _end(told: dict[str, str], code: int) -> None:
    print(json.dumps(told), flush=True)
    os._exit(code)


if __name__ == "__main__":
    main()
