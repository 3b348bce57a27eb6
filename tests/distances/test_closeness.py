from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tonewright.distances.closeness import closeness, farness
from tonewright.errors import UsageError

DISTANCES = st.floats(0.0, 1e12)
SCALES = st.floats(1e-6, 1e6)


def test_known_values() -> None:
    assert closeness(0.0, 3.0) == 1.0
    assert closeness(3.0, 3.0) == 0.5
    assert closeness(9.0, 3.0) == 0.25
    assert farness(0.0, 3.0) == 0.0
    assert farness(3.0, 3.0) == 0.5
    assert farness(9.0, 3.0) == 0.75


@given(DISTANCES, SCALES)
def test_bounded_and_complementary(distance: float, scale: float) -> None:
    near, far = closeness(distance, scale), farness(distance, scale)
    assert 0.0 <= near <= 1.0
    assert 0.0 <= far <= 1.0
    assert near + far == pytest.approx(1.0, abs=1e-15)


@given(DISTANCES, DISTANCES, SCALES)
def test_farther_is_never_closer(a: float, b: float, scale: float) -> None:
    a, b = sorted((a, b))
    assert closeness(a, scale) >= closeness(b, scale)
    assert farness(a, scale) <= np.nextafter(farness(b, scale), 2.0)  # rounded, in a quotient of two


def test_a_tiny_distance_keeps_its_digits() -> None:
    assert farness(1e-30, 2.0) == pytest.approx(5e-31, rel=1e-12)


def test_an_infinite_distance_is_as_far_as_can_be() -> None:
    assert closeness(np.inf, 1.0) == 0.0
    assert farness(np.inf, 1.0) == 1.0


def test_numbers_give_numbers_and_arrays_give_arrays() -> None:
    assert type(closeness(1.0, 1.0)) is float
    assert type(farness(1, 1.0)) is float
    grid = np.arange(6.0, dtype=np.float32).reshape(2, 3)
    assert closeness(grid, 2.0).shape == farness(grid, 2.0).shape == (2, 3)
    np.testing.assert_allclose(closeness(grid, 2.0), 2.0 / (2.0 + grid), rtol=1e-6)
    assert closeness(np.empty(0), 1.0).shape == (0,)


@pytest.mark.parametrize("distance", [-1e-9, np.nan, np.array([1.0, -2.0]), np.array([0.0, np.nan])])
def test_what_is_no_distance_is_refused(distance: float | np.ndarray) -> None:
    for function in (closeness, farness):
        with pytest.raises(UsageError, match="0 or more; got"):
            function(distance, 1.0)


@pytest.mark.parametrize("scale", [0.0, -1.0, np.inf, np.nan])
def test_what_is_no_scale_is_refused(scale: float) -> None:
    for function in (closeness, farness):
        with pytest.raises(UsageError, match="above 0; got"):
            function(1.0, scale)
