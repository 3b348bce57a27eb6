"""Which keys play which sample."""

from __future__ import annotations

from dataclasses import dataclass

from tonewright.checks import check_whole
from tonewright.errors import UsageError


@dataclass(frozen=True)
class Zone:
    """Keys that share a sample.

    Attributes:
        key: MIDI note of the sample.
        low_key: Lowest key that plays it.
        high_key: Highest key that plays it.
    """

    key: int
    low_key: int
    high_key: int


def zones(low: int, high: int, step: int = 1) -> list[Zone]:
    """A sample on every `step`-th key from `low` on; every key up to `high` plays the nearest.

    Args:
        low: Lowest key, 0 to 127.
        high: Highest key, `low` to 127.
        step: Semitones from sample to sample.

    Raises:
        UsageError: Keys or step make no sense.

    Examples:
        >>> from tonewright.synths.instrument import zones
        >>> [(zone.low_key, zone.key, zone.high_key) for zone in zones(36, 43, 3)]
        [(36, 36, 37), (38, 39, 40), (41, 42, 43)]
    """
    check_whole(low, "the lowest note", 0, 127)
    check_whole(high, "the highest note", 0, 127)
    check_whole(step, "the step between notes", 1)
    if low > high:
        raise UsageError(f"notes go from the lowest to the highest; got {low} to {high}; swap them")
    keys = list(range(low, high + 1, step))
    lows = [low, *(key - (step - 1) // 2 for key in keys[1:])]
    highs = [*(above - 1 for above in lows[1:]), high]
    return [Zone(*one) for one in zip(keys, lows, highs, strict=True)]
