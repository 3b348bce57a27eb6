"""PortAudio, and the sound cards that it knows."""

from __future__ import annotations

from typing import Any

from tonewright.errors import DeviceError, MissingExtraError

DEFAULT = "default"
"""The name of the system's own device."""


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
