"""How controls glide: the step response of two low-passes, and where it ends."""

import numpy as np
import pytest

from tonewright.synths.gliding import GLIDE_S, arrived, glide, glide_share

RATES_HZ = (2_756.25, 8_000, 44_100, 192_000)


def glided(begin, steps, rate_hz):
    """What is heard after each of so many steps, the first of each target counted with it: `[steps, D]`."""
    now = np.repeat(np.array([begin], float), 2, axis=0)
    heard = []
    for target, count in steps:
        for _ in range(count):
            glide(np.array(target, float), now, glide_share(rate_hz))
            heard.append(now[1].copy())
    return np.array(heard)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_the_step_response_has_its_closed_form(rate_hz):
    """1 − (1 + t/τ)·e^(−t/τ), to the step that a discrete one is early: within 2 % of a step at most."""
    steps = round(0.02 * rate_hz)
    heard = glided([0, 1], [([1, 0.25], steps)], rate_hz)
    lag = np.exp(-1 / (GLIDE_S * rate_hz))
    n = np.arange(1, steps + 1)
    discrete = 1 - lag**n * (1 + n * (1 - lag))
    np.testing.assert_allclose(heard[:, 0], discrete, atol=1e-12)
    np.testing.assert_allclose(heard[:, 1], 1 - 0.75 * discrete, atol=1e-12)
    t = n / rate_hz / GLIDE_S
    np.testing.assert_allclose(heard[:, 0], 1 - (1 + t) * np.exp(-t), atol=0.2 / (GLIDE_S * rate_hz))


def test_nine_tenths_take_7_8_ms():
    heard = glided([0], [([1], 1_000)], 44_100)[:, 0]
    assert np.searchsorted(heard, 0.9) / 44_100 == pytest.approx(0.0078, abs=0.0001)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_it_arrives_exactly_and_overshoots_nothing(rate_hz):
    heard = glided([0.3, 0.3, 0.7], [([1.0, 0.0, 0.7], round(0.05 * rate_hz))], rate_hz)
    assert (np.diff(heard[:, 0]) >= 0).all()
    assert (np.diff(heard[:, 1]) <= 0).all()
    np.testing.assert_array_equal(heard[-1], [1.0, 0.0, 0.7])
    np.testing.assert_array_equal(heard[:, 2], 0.7)


def test_turned_again_on_the_way_it_goes_on_from_where_it_is():
    """The response is linear: the sum of those to each step."""
    heard = glided([0], [([1], 90), ([0.2], 300)], 44_100)[:, 0]
    first, second = (glided([0], [([step], 390)], 44_100)[:, 0] for step in (1, -0.8))
    expected = first + np.concatenate([np.zeros(90), second[:300]])
    np.testing.assert_allclose(heard, expected, atol=2e-7)
    # Its slope has no jump: none above what the curvature makes of a sample.
    assert np.abs(np.diff(heard, 2)).max() < 1.1 * glide_share(44_100) ** 2


def test_it_tells_what_moves():
    target, now = np.array([0.5, 0.25]), np.array([[0.5, 0.25], [0.5, 0.25]])
    assert arrived(target, now)
    assert not glide(target, now, 0.1)
    for column in range(2):
        for row in range(2):
            moved = now.copy()
            moved[row, column] += 0.01
            assert not arrived(target, moved)
            assert glide(target, moved, 0.1)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_a_share_is_what_a_low_pass_goes_in_a_step(rate_hz):
    assert (1 - glide_share(rate_hz)) ** (GLIDE_S * rate_hz) == pytest.approx(np.exp(-1))
