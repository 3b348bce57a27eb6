import numpy as np
import pytest

from tonewright.prompting.exploring.geometry import angle_deg, slerp, turned


def draws(count, size=300):
    return np.random.default_rng(0).standard_normal((count, size), dtype=np.float32)


def test_a_walk_keeps_the_norm_and_its_ends_are_exact():
    start, end = draws(2)
    end *= np.linalg.norm(start) / np.linalg.norm(end)
    np.testing.assert_array_equal(slerp(start, end, 0.0), start)
    np.testing.assert_array_equal(slerp(start, end, 1.0), end)
    whole = angle_deg(start, end)
    for share in np.linspace(0, 1, 11):
        point = slerp(start, end, float(share))
        assert np.linalg.norm(point) == pytest.approx(np.linalg.norm(start), rel=1e-6)
        assert angle_deg(start, point) == pytest.approx(share * whole, abs=1e-4)
        assert angle_deg(point, end) == pytest.approx((1 - share) * whole, abs=1e-4)


def test_norms_go_from_one_to_the_other_and_a_straight_line_would_be_shorter():
    start, end = draws(2)
    middle = slerp(start, 2 * end, 0.5)
    expected = 0.5 * (np.linalg.norm(start) + 2 * np.linalg.norm(end))
    assert np.linalg.norm(middle) == pytest.approx(expected, rel=1e-6)
    assert np.linalg.norm(0.5 * (start + end)) < 0.8 * np.linalg.norm(start)


def test_a_walk_from_a_place_to_itself_stays():
    (start,) = draws(1)
    np.testing.assert_allclose(slerp(start, start.copy(), 0.3), start, rtol=1e-6)


@pytest.mark.parametrize("degrees", [0.01, 1.0, 25.0, 90.0])
def test_neighbours_are_at_the_asked_angle_in_other_directions(degrees):
    (start,) = draws(1)
    found = [turned(start, degrees, np.random.default_rng(seed)) for seed in range(4)]
    for one in found:
        assert angle_deg(start, one) == pytest.approx(degrees, rel=1e-3)
        assert np.linalg.norm(one) == pytest.approx(np.linalg.norm(start), rel=1e-6)
    aside = [one - np.cos(np.radians(degrees)) * start for one in found]
    assert angle_deg(aside[0], aside[1]) == pytest.approx(90, abs=12)
    np.testing.assert_array_equal(found[2], turned(start, degrees, np.random.default_rng(2)))


@pytest.mark.parametrize("degrees", [0.0, 30.0, 90.0, 179.9])
def test_angles(degrees):
    one = np.array([2.0, 0.0], np.float32)
    other = 3 * np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))], np.float32)
    assert angle_deg(one, other) == pytest.approx(degrees, abs=1e-4)
