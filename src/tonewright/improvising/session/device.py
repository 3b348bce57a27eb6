"""A sound card, or what stands for one, by PortAudio."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tonewright.errors import DeviceError, MissingExtraError
from tonewright.improvising.hearing import HOP, SAMPLE_RATE_HZ
from tonewright.improvising.session.exchange import Exchange


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


class Device:
    """An open device, both ways.

    Args:
        exchange: Where its hops go to and come from.
        input: Its name, a part of it or its number; the system's own if None.
        output: Likewise.
        channels: How many are played on, each the same.

    Raises:
        DeviceError: There is none, or it does not play at 44.1 kHz.
        MissingExtraError: sounddevice is not installed.
    """

    def __init__(
        self,
        exchange: Exchange,
        input: str | int | None = None,
        output: str | int | None = None,
        channels: int = 2,
    ) -> None:
        library = sounddevice()
        self._exchange = exchange
        self._heard = np.zeros(HOP, np.float32)
        self._played = np.zeros(HOP, np.float32)
        self.flags = 0
        try:
            self._stream = library.Stream(
                samplerate=SAMPLE_RATE_HZ,
                blocksize=HOP,
                device=(input, output),
                channels=(1, channels),
                dtype="float32",
                latency="low",
                callback=self._call,
            )
        except (library.PortAudioError, ValueError) as error:
            raise DeviceError(
                f"a device plays at {SAMPLE_RATE_HZ:,} Hz both ways; got {error}; choose another, of those"
                " that `tonewright play --devices` lists"
            ) from None

    def start(self) -> None:
        """Let hops come and go."""
        self._stream.start()

    def close(self) -> None:
        """End."""
        self._stream.close()

    @property
    def active(self) -> bool:
        """Whether it still runs."""
        return bool(self._stream.active)

    def _call(
        self, heard: NDArray[np.float32], played: NDArray[np.float32], frames: int, times: Any, status: Any
    ) -> None:
        if status:
            self.flags += 1
        self._heard[:] = heard[:, 0]
        self._exchange.give_in(self._heard)
        self._exchange.take_out(self._played)
        played[:] = self._played[:, None]
