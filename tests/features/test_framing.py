from __future__ import annotations

import numpy as np
import pytest

from tonewright.errors import UsageError
from tonewright.features.framing import Framing, default_window, framing


@pytest.mark.parametrize(
    ("rate_hz", "window"),
    [
        (8_000, 512),
        (16_000, 1024),
        (22_050, 1024),
        (25_600, 1024),
        (44_100, 2048),
        (48_000, 2048),
        (96_000, 4096),
    ],
)
def test_default_window_is_the_power_of_two_that_spans_40_ms(rate_hz: int, window: int):
    assert default_window(rate_hz) == window
    assert framing(rate_hz) == Framing(rate_hz, window, window // 4)


def test_bins_are_25_hz_or_finer_at_every_rate():
    assert all(framing(rate_hz).bin_hz <= 25.0 for rate_hz in range(4_000, 200_000, 50))


def test_the_hop_follows_the_window():
    assert framing(16_000, window=600).hop == 150
    assert framing(16_000, hop=100).window == 1024


@pytest.mark.parametrize(("frames", "count"), [(0, 0), (1, 1), (256, 1), (257, 2), (8000, 32)])
def test_the_last_hop_may_be_incomplete(frames: int, count: int):
    assert framing(16_000).frame_count(frames) == count


@pytest.mark.parametrize("rate_hz", [0, -1, 3_999, 768_001, 44_100.0, "44100", None, float("nan")])
def test_sample_rates_that_are_none(rate_hz: object):
    with pytest.raises(UsageError, match=r"^sample_rate_hz is a whole number from 4,000 to 768,000; got"):
        framing(rate_hz)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("lengths", "message"),
    [
        ({"window": 63}, "window is a whole number from 64 to 65,536; got 63"),
        ({"window": 1 << 17}, "window is .*; got 131072"),
        ({"window": 512.0}, "window is .*; got 512.0"),
        ({"hop": 0}, "hop is a whole number from 1 to 1,024; got 0"),
        ({"hop": 1025}, "hop is .*; got 1025"),
        ({"window": 100, "hop": 101}, "hop is a whole number from 1 to 100; got 101"),
    ],
)
def test_lengths_out_of_range(lengths: dict[str, int], message: str):
    with pytest.raises(UsageError, match=message):
        framing(16_000, **lengths)


def test_numpy_integers_are_whole_numbers():
    assert framing(np.int32(16_000), np.int64(512), np.int16(64)) == Framing(16_000, 512, 64)
