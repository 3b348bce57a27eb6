"""`Framing`: the one grid of windows and hops that every descriptor is measured on."""

from __future__ import annotations

from dataclasses import dataclass

from tonewright.checks import check_whole

# Two periods of a 50 Hz tone. The power of two above it is 1024 samples from 12.8 to 25.6 kHz and 2048 up to
# 51.2 kHz, so that bins are 25 Hz wide or less at every rate and the narrowest mel band still holds some.
_WINDOW_AT_LEAST_S = 0.040
# A Hann window moved by a quarter of its length sees every sample with the same total weight.
_HOPS_PER_WINDOW = 4

LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 4_000, 768_000
_SHORTEST_WINDOW, _LONGEST_WINDOW = 64, 65_536


@dataclass(frozen=True)
class Framing:
    """A validated sample rate, window and hop.

    Frame `k` ends with sample `(k + 1) * hop`; a window of any length reaches back from there, into silence
    where it begins before the first sample. Nothing looks ahead, so offline and live analysis are the same.

    Attributes:
        sample_rate_hz: Samples per second, 4,000 to 768,000.
        window: Length of the analysis window in samples, 64 to 65,536.
        hop: Samples from one frame to the next, 1 to `window`.

    Raises:
        UsageError: One of the three is not a whole number in its range.
    """

    sample_rate_hz: int
    window: int
    hop: int

    def __post_init__(self) -> None:
        check_whole(self.sample_rate_hz, "sample_rate_hz", LOWEST_RATE_HZ, HIGHEST_RATE_HZ)
        check_whole(self.window, "window", _SHORTEST_WINDOW, _LONGEST_WINDOW)
        check_whole(self.hop, "hop", 1, self.window)

    @property
    def bin_hz(self) -> float:
        """Distance between the bins of a transform as long as the window."""
        return self.sample_rate_hz / self.window

    def frame_count(self, frames: int) -> int:
        """How many analysis frames a sound of `frames` samples gives; the last hop is filled with silence."""
        return -(-frames // self.hop)


def default_window(sample_rate_hz: int) -> int:
    """The window used where none is given: the smallest power of two that spans 40 ms."""
    check_whole(sample_rate_hz, "sample_rate_hz", LOWEST_RATE_HZ, HIGHEST_RATE_HZ)
    return 1 << (round(_WINDOW_AT_LEAST_S * sample_rate_hz) - 1).bit_length()


def framing(sample_rate_hz: int, window: int | None = None, hop: int | None = None) -> Framing:
    """Fill in what is not given: `default_window`, and a quarter of the window as hop.

    Args:
        sample_rate_hz: Samples per second.
        window: Length of the window in samples.
        hop: Samples from one frame to the next.

    Raises:
        UsageError: One of the three is not a whole number in its range.
    """
    window = default_window(sample_rate_hz) if window is None else window
    check_whole(window, "window", _SHORTEST_WINDOW, _LONGEST_WINDOW)
    return Framing(sample_rate_hz, window, window // _HOPS_PER_WINDOW if hop is None else hop)
