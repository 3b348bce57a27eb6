"""MSS against librosa, and where its definition can be followed by hand."""

from __future__ import annotations

import librosa
import numpy as np
import pytest

from tonewright.distances import mss

NOISE = (0.1 * np.random.default_rng(0).standard_normal((3, 2, 16000))).astype(np.float32)


def with_librosa(a: np.ndarray, b: np.ndarray, rate_hz: int) -> float:
    """The definition for one pair `[channels, frames]`, in librosa's words."""
    scales = []
    for window_ms, hop_ms, n_mels in ((10, 5, 32), (25, 10, 64), (100, 50, 128)):
        x, y = (
            librosa.power_to_db(
                librosa.feature.melspectrogram(
                    y=sound,
                    sr=rate_hz,
                    n_fft=int(window_ms * rate_hz / 1000),
                    hop_length=int(hop_ms * rate_hz / 1000),
                    n_mels=n_mels,
                ),
                ref=np.max,
            )
            for sound in (a, b)
        )
        scales.append(np.abs(x - y).mean())
    return float(np.mean(scales))


@pytest.mark.parametrize("rate_hz", [22050, 44100, 48000])
def test_agrees_with_librosa(rate_hz: int):
    quiet = NOISE * np.linspace(1, 0, 16000, dtype=np.float32) ** 4
    expected = [with_librosa(a, b, rate_hz) for a, b in zip(NOISE, quiet, strict=True)]
    np.testing.assert_allclose(mss(NOISE, quiet, rate_hz), expected, rtol=1e-5)


def test_every_sound_has_its_own_reference_level():
    loud = NOISE * np.array([1.0, 0.1, 3.0], np.float32)[:, None, None]
    np.testing.assert_allclose(mss(NOISE, loud, 44100), 0.0, atol=1e-4)


def test_nothing_lies_further_below_the_peak_than_80_db():
    click = np.zeros((1, 16000), np.float32)
    click[0, 8000] = 1.0
    # Silence is at its own peak everywhere; the click is at −80 dB wherever no window sees it.
    assert 75.0 < mss(click, 0 * click, 16000)[0] < 80.0
