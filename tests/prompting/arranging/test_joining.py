import numpy as np
import pytest

from tonewright.prompting.arranging.joining import (
    best_lag,
    correlation,
    correlations,
    crossfade,
    gains,
    level_db,
)


def hiss(frames, seed=0):
    return np.random.default_rng(seed).standard_normal((2, frames)).astype(np.float32)


@pytest.mark.parametrize("alike", [-0.8, 0.0, 0.4, 1.0])
def test_gains_are_power_complementary_for_their_correlation(alike):
    out, into = gains(1_000, alike)
    np.testing.assert_allclose(out**2 + into**2 + 2 * alike * out * into, 1.0)
    assert (out[0], into[0]) == (1.0, 0.0)
    assert into[-1] > 0.99
    assert np.all(np.diff(into) > -1e-12) or alike < 0


def test_alike_sounds_fade_linearly_and_others_with_equal_power():
    same_out, same_in = gains(500, 1.0)
    np.testing.assert_allclose(same_out + same_in, 1.0)
    sound = hiss(500)
    np.testing.assert_allclose(crossfade(sound, sound), sound, atol=1e-6)
    out, into = gains(500, 0.0)
    np.testing.assert_allclose(out**2 + into**2, 1.0)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.9, -0.5])
def test_the_level_of_a_crossfade_stays_where_it_was(share):
    one, other = hiss(200_000), hiss(200_000, 1)
    other = np.float32(share) * one + np.float32(np.sqrt(1 - share**2)) * other
    assert correlation(one, other) == pytest.approx(share, abs=0.01)
    faded = crossfade(one, other)
    parts_db = [level_db(part) for part in np.array_split(faded, 20, axis=1)]
    assert np.abs(parts_db).max() < 0.2


def test_a_sound_is_found_where_it_is():
    long = hiss(5_000)
    assert best_lag(long[:, 1_234:2_234], long) == (1_234, pytest.approx(1.0))
    found = correlations(long[:, :1_000], long)
    assert len(found) == 4_001
    assert np.abs(found[1:]).max() < 0.2
    assert not correlations(np.zeros((2, 10), np.float32), long).any()
    assert correlation(np.zeros((2, 9), np.float32), hiss(9)) == 0.0


def test_levels_are_decibels_of_full_scale():
    assert level_db(np.full((2, 100), 0.1, np.float32)) == pytest.approx(-20, abs=1e-5)
    assert level_db(np.zeros((2, 100), np.float32)) == -120
