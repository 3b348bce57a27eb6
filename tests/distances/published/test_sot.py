"""SOT where the distance a spectrum has to move is known."""

from __future__ import annotations

import numpy as np
import pytest

from tonewright.distances import sot

RATE_HZ = 16000
T = np.arange(RATE_HZ) / RATE_HZ


def sine(frequency_hz: float) -> np.ndarray:
    return (0.3 * np.sin(2 * np.pi * frequency_hz * T)).astype(np.float32)


@pytest.mark.parametrize("to_hz", [1020.0, 1200.0, 2000.0, 5000.0])
def test_a_sine_moves_by_its_difference_in_frequency(to_hz: float):
    # 50 ms make bins of 20 Hz, 401 of them; the outermost frames see an onset and are a little off.
    bins = (to_hz - 1000.0) / 20.0
    np.testing.assert_allclose(sot(sine(1000.0), sine(to_hz), RATE_HZ), bins / 401, rtol=0.02)


def test_agrees_with_the_definition():
    rng = np.random.default_rng(0)
    a, b = (0.1 * rng.standard_normal((2, RATE_HZ))).astype(np.float32)
    n_fft, hop = 800, 320
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)
    cumulative = []
    for sound in (a, b):
        padded = np.pad(sound.astype(np.float64), n_fft // 2)
        frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft)[::hop]
        magnitude = np.abs(np.fft.rfft(frames * window))
        cumulative.append(np.cumsum(magnitude / magnitude.sum(axis=1, keepdims=True), axis=1))
    expected = np.abs(cumulative[0] - cumulative[1]).mean()
    np.testing.assert_allclose(sot(a, b, RATE_HZ), expected, rtol=1e-5)


def test_the_level_of_each_frame_does_not_count():
    fading = sine(1000.0) * np.exp(-3 * T).astype(np.float32)
    assert sot(sine(1000.0), fading, RATE_HZ)[0] < 1e-3


def test_silence_is_as_far_as_the_top_of_the_band():
    # All of the sine's weight is missing from its bin up: (401 − 50) of 401 bins.
    np.testing.assert_allclose(sot(sine(1000.0), 0 * sine(1000.0), RATE_HZ), 351 / 401, rtol=0.01)
