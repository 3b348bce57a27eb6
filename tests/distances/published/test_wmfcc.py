"""wMFCC against librosa with the recursion written out, and its time warping by hand."""

from __future__ import annotations

import librosa
import numpy as np
import pytest

from tonewright.distances import wmfcc
from tonewright.distances.published.wmfcc import _warped_difference


def aligned_cost(cost: np.ndarray) -> float:
    """Symmetric dynamic time warping of a cost matrix, normalised by both lengths."""
    n, m = cost.shape
    total = np.full((n + 1, m + 1), np.inf)
    total[0, 0] = -cost[0, 0]  # the first cell counts once
    for i in range(n):
        for j in range(m):
            diagonal = total[i, j] + 2 * cost[i, j]
            total[i + 1, j + 1] = min(diagonal, total[i, j + 1] + cost[i, j], total[i + 1, j] + cost[i, j])
    return float(total[n, m] / (n + m))


def warped(a: list[float] | np.ndarray, b: list[float] | np.ndarray) -> float:
    """The kernel on sequences of one feature, or of rows of features."""
    x, y = (np.asarray(sequence, np.float32).reshape(len(sequence), -1) for sequence in (a, b))
    return _warped_difference(x, np.ascontiguousarray(y.T))


def test_agrees_with_librosa_and_the_recursion():
    rng = np.random.default_rng(0)
    a, b = (0.1 * rng.standard_normal((2, 2, 8000)) * np.linspace(1, 0.1, 8000)).astype(np.float32)
    x, y = (
        librosa.feature.mfcc(y=sound, sr=16000, n_mfcc=20, n_fft=800, hop_length=160, n_mels=128)
        .reshape(40, -1)
        .T.astype(np.float64)
        for sound in (a, b)
    )
    expected = aligned_cost(np.abs(x[:, None] - y[None]).mean(axis=2))
    np.testing.assert_allclose(wmfcc(a[None], b[None], 16000), expected, rtol=1e-5)


@pytest.mark.parametrize(("n", "m", "features"), [(1, 1, 3), (1, 9, 2), (9, 1, 2), (17, 23, 5), (30, 12, 40)])
def test_kernel_follows_the_recursion_at_any_two_lengths(n: int, m: int, features: int):
    rng = np.random.default_rng(n)
    a, b = rng.standard_normal((n, features)), rng.standard_normal((m, features))
    expected = aligned_cost(np.abs(a[:, None] - b[None]).mean(axis=2))
    np.testing.assert_allclose(warped(a, b), expected, rtol=1e-5)


def test_lingering_costs_nothing_and_a_constant_difference_costs_itself():
    assert warped([0, 1, 2, 3], [0, 0, 1, 1, 1, 2, 3, 3]) == 0.0
    # Every path weighs n + m in all, less the one by which the first cell counts once.
    np.testing.assert_allclose(warped([0] * 10, [3] * 15), 3 * 24 / 25, rtol=1e-6)


def test_an_onset_a_little_late_costs_little():
    t = np.arange(8000) / 16000
    note = np.where(t > 0.1, np.exp(-8 * (t - 0.1)) * np.sin(2 * np.pi * 440 * t), 0).astype(np.float32)
    late = np.roll(note, 480)
    noise = (0.1 * np.random.default_rng(0).standard_normal(8000)).astype(np.float32)
    assert wmfcc(note, late, 16000)[0] < 0.1 * wmfcc(note, noise, 16000)[0]
