from __future__ import annotations

import numpy as np
import pytest

from tonewright.features import hear

RATE_HZ, HOP = 16_000, 256


def test_a_steady_rise_has_its_slope():
    # 60 dB a second, from −80 dB on.
    samples = np.cos(np.pi / 2 * np.arange(32_000)) * 10 ** (60.0 * np.arange(32_000) / RATE_HZ / 20 - 4)
    table = hear(samples, RATE_HZ, ["loudness_rms", "loudness_rms_delta"])
    assert table.units == ("dBFS", "dBFS/s")
    np.testing.assert_allclose(table["loudness_rms_delta"][0, 12:-1], 60.0, atol=0.01)


def test_slopes_are_the_least_squares_line_through_five_frames():
    samples = 0.1 * np.random.default_rng(0).standard_normal(8192)
    table = hear(samples, RATE_HZ, ["mfcc", "mfcc_delta"])
    expected = np.polyfit(np.arange(5) * HOP / RATE_HZ, table["mfcc"][0, 10:15].astype(np.float64), 1)[0]
    np.testing.assert_allclose(table["mfcc_delta"][0, 14], expected, rtol=1e-4)


def test_slopes_begin_at_zero():
    samples = 0.1 * np.random.default_rng(0).standard_normal(8192)
    slopes = hear(samples, RATE_HZ, "all_delta").values
    np.testing.assert_array_equal(slopes[:, 0], 0.0)
    assert np.abs(slopes[:, 1]).max() > 0


def test_slopes_do_not_depend_on_the_hop():
    chirp = np.sin(2 * np.pi * np.cumsum(np.linspace(500, 2500, 32_000)) / RATE_HZ)
    slopes = [
        hear(chirp, RATE_HZ, "spectral_centroid_delta", hop=hop).values[0, 40:-40].mean()
        for hop in (128, 256)
    ]
    assert slopes[0] == pytest.approx(1000.0, rel=0.01)
    assert slopes[1] == pytest.approx(1000.0, rel=0.01)


def test_a_slope_can_be_asked_for_without_its_base():
    samples = 0.1 * np.random.default_rng(0).standard_normal(4000)
    alone = hear(samples, RATE_HZ, "onset_delta").values
    beside = hear(samples, RATE_HZ, ["onset", "onset_delta", "onset_delta_delta"])
    np.testing.assert_array_equal(alone, beside["onset_strength_delta"])
    np.testing.assert_array_equal(alone, beside["onset_delta"])
