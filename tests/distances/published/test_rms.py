"""Cosine of envelopes: closed forms and librosa's envelope."""

from __future__ import annotations

import librosa
import numpy as np

from tonewright.distances import rms

RATE_HZ = 16000
NOISE = (0.1 * np.random.default_rng(0).standard_normal((2, 4 * RATE_HZ))).astype(np.float32)
T = np.linspace(0, 1, 4 * RATE_HZ, dtype=np.float32)


def test_agrees_with_librosas_envelope():
    a, b = NOISE[0] * T, NOISE[1]
    x, y = (librosa.feature.rms(y=sound, frame_length=800, hop_length=400)[0] for sound in (a, b))
    np.testing.assert_allclose(rms(a, b, RATE_HZ), x @ y / np.linalg.norm(x) / np.linalg.norm(y), rtol=1e-5)


def test_a_ramp_against_a_constant_is_half_the_square_root_of_three():
    np.testing.assert_allclose(
        rms(np.sign(NOISE[0]), np.sign(NOISE[1]) * T, RATE_HZ), np.sqrt(3) / 2, rtol=5e-3
    )


def test_sounds_that_never_meet_are_unlike():
    early, late = np.where(T < 0.45, NOISE[0], 0), np.where(T > 0.55, NOISE[1], 0)
    np.testing.assert_array_equal(rms(early, late, RATE_HZ), [0.0])


def test_silence_is_like_silence_and_nothing_else():
    silence = 0 * NOISE
    np.testing.assert_array_equal(rms(silence, silence, RATE_HZ), [1.0, 1.0])
    np.testing.assert_array_equal(rms(NOISE, silence, RATE_HZ), [0.0, 0.0])
