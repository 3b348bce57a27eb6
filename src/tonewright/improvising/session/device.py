"""Sound cards, or what stands for one, by PortAudio."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tonewright.errors import DeviceError, MissingExtraError
from tonewright.improvising.hearing import HOP, SAMPLE_RATE_HZ
from tonewright.improvising.session.exchange import Exchange

DEFAULT = "default"
"""The name of the system's own device."""
_MOST_CHANNELS = 2


def sounddevice() -> Any:
    """The library.

    Raises:
        MissingExtraError: It is not installed.
        DeviceError: PortAudio is missing.
    """
    try:
        import sounddevice as library
    except ImportError:
        raise MissingExtraError("sounddevice", "live", "playing live") from None
    except OSError as error:  # the library that it loads
        raise DeviceError(
            f"playing live needs PortAudio; got {error}; install it (Debian: apt-get install libportaudio2)"
        ) from None
    return library


def devices() -> list[dict[str, Any]]:
    """What sound cards there are: number, name, system, channels in and out, rate and latency of each.

    Raises:
        MissingExtraError: sounddevice is not installed.
        DeviceError: PortAudio is missing.
    """
    library = sounddevice()
    systems = [one["name"] for one in library.query_hostapis()]
    return [
        {
            "number": number,
            "name": one["name"],
            "system": systems[one["hostapi"]],
            "inputs": one["max_input_channels"],
            "outputs": one["max_output_channels"],
            "rate_hz": one["default_samplerate"],
            "input_latency_ms": 1000 * one["default_low_input_latency"],
            "output_latency_ms": 1000 * one["default_low_output_latency"],
        }
        for number, one in enumerate(library.query_devices())
    ]


class Device:
    """An open device, one way or both.

    Args:
        exchange: Where its hops go to and come from.
        input: Its name, a part of it, its number or `DEFAULT`; None to hear nothing.
        output: Likewise; None to play nothing.

    Attributes:
        troubles: How often PortAudio itself told that it lost samples.

    Raises:
        DeviceError: There is none, or it does not play at the rate of agents.
        MissingExtraError: sounddevice is not installed.
    """

    def __init__(self, exchange: Exchange, input: str | None, output: str | None) -> None:
        self._library = sounddevice()
        self._exchange = exchange
        self._named = input, output
        self._heard, self._played = np.zeros((2, HOP), np.float32)
        self.troubles = 0
        self._stream = self._open()

    def start(self) -> None:
        """Let hops come and go."""
        self._stream.start()

    def close(self) -> None:
        """End."""
        self._stream.close(ignore_errors=True)

    @property
    def active(self) -> bool:
        """Whether it still runs."""
        return bool(self._stream.active)

    def reopen(self) -> bool:
        """Try to go on after the device has gone; whether it does."""
        self.close()
        # PortAudio looks for devices when it begins, and never again.
        self._library._terminate()
        self._library._initialize()
        try:
            self._stream = self._open()
            self._stream.start()
        except (DeviceError, self._library.PortAudioError):
            return False
        return True

    def _open(self) -> Any:
        library = self._library
        kinds = {(True, True): library.Stream, (True, False): library.InputStream}
        input, output = self._named
        hears, plays = input is not None, output is not None
        try:
            found = tuple(self._find(name, side) for name, side in ((input, "input"), (output, "output")))
            channels = (1, self._channels(found[1]))
            calls = {(True, True): self._both, (True, False): self._in, (False, True): self._out}
            one_way = 0 if hears else 1
            return kinds.get((hears, plays), library.OutputStream)(
                samplerate=SAMPLE_RATE_HZ,
                blocksize=HOP,
                device=found if hears and plays else found[one_way],
                channels=channels if hears and plays else channels[one_way],
                dtype="float32",
                latency="low",
                callback=calls[hears, plays],
            )
        except (library.PortAudioError, ValueError) as error:
            named = " and ".join(repr(one) for one in dict.fromkeys(self._named) if one is not None)
            raise DeviceError(
                f"cannot open {named} at {SAMPLE_RATE_HZ:,} Hz: {' '.join(str(error).split())}; choose one of"
                " those that `tonewright play --devices` lists"
            ) from None

    def _find(self, name: str | None, side: str) -> int | None:
        if name is None or name == DEFAULT:
            return None
        found = self._library.query_devices(int(name) if name.isdecimal() else name, side)
        return int(found["index"])

    def _channels(self, output: int | None) -> int:
        if self._named[1] is None:
            return 1
        return min(_MOST_CHANNELS, self._library.query_devices(output, "output")["max_output_channels"])

    # Callbacks: those of PortAudio, on a thread of its own

    def _both(self, heard: Any, played: Any, frames: int, times: Any, status: Any) -> None:
        self.troubles += bool(status)
        self._take(heard)
        self._give(played)
        self._exchange.called()

    def _in(self, heard: Any, frames: int, times: Any, status: Any) -> None:
        self.troubles += bool(status)
        self._take(heard)
        self._exchange.called()

    def _out(self, played: Any, frames: int, times: Any, status: Any) -> None:
        self.troubles += bool(status)
        self._give(played)
        self._exchange.called()

    def _take(self, heard: NDArray[np.float32]) -> None:
        self._heard[:] = heard[:, 0]
        self._exchange.give_in(self._heard)

    def _give(self, played: NDArray[np.float32]) -> None:
        self._exchange.take_out(self._played)
        played[:] = self._played[:, None]
