import math

import numpy as np
import pytest

from tonewright.checks import check_number, check_range, check_whole
from tonewright.errors import UsageError


@pytest.mark.parametrize("value", [3, np.int8(3), np.uint64(3)])
def test_whole_numbers_of_any_type_become_int(value) -> None:
    checked = check_whole(value, "steps", 1, 3)
    assert checked == 3
    assert type(checked) is int


@pytest.mark.parametrize("value", [2, 2.5, np.float32(2), np.int16(2)])
def test_numbers_of_any_type_become_float(value) -> None:
    checked = check_number(value, "weight", 2, 2.5)
    assert checked == value
    assert type(checked) is float


@pytest.mark.parametrize("value", [10**400, -(10**400), math.nan, math.inf, "1", None, True])
def test_what_is_no_finite_number_is_refused(value) -> None:
    with pytest.raises(UsageError, match="weight is a number from 0; got"):
        check_number(value, "weight", 0)


def test_ranges_are_two_numbers_in_order() -> None:
    assert check_range([0, np.float32(0.5)], "gates", 0, 1) == (0.0, 0.5)
    assert check_range((3, 3), "notes", 0, 127) == (3.0, 3.0)
    for wrong in ((), (1,), (1, 2, 3), (2, 1), (0, 1), (1, 128), ("a", 2), 5, (1, math.nan), (1, 10**400)):
        with pytest.raises(
            UsageError, match="notes are two numbers above 0 and up to 127, the smaller one first"
        ):
            check_range(wrong, "notes", 0, 127, above=True)


def test_bounds_are_part_of_the_range_unless_it_lies_above() -> None:
    assert check_whole(1, "steps", 1, 1) == 1
    assert check_whole(10**30, "seed", 0) == 10**30
    assert check_number(0, "weight", 0, 0) == 0.0
    assert check_number(1e-300, "rate", 0, above=True) == 1e-300
    assert check_number(-1e300, "level_db") == -1e300


@pytest.mark.parametrize(
    ("value", "bounds", "rule"),
    [
        (0, (1,), "steps is a whole number from 1; got 0"),
        (100, (4_000, 384_000), "steps is a whole number from 4,000 to 384,000; got 100"),
        (384_001, (4_000, 384_000), "steps is a whole number from 4,000 to 384,000; got 384001"),
        (1.0, (1, 2), "steps is a whole number from 1 to 2; got 1.0"),
        (True, (1, 2), "steps is a whole number from 1 to 2; got True"),
        ("1", (1, 2), "steps is a whole number from 1 to 2; got '1'"),
        (None, (-3, 2), "steps is a whole number from -3 to 2; got None"),
        (math.nan, (1,), "steps is a whole number from 1; got nan"),
        (math.inf, (1,), "steps is a whole number from 1; got inf"),
    ],
)
def test_what_is_no_whole_number_in_range_is_refused(value, bounds, rule) -> None:
    with pytest.raises(UsageError) as caught:
        check_whole(value, "steps", *bounds)
    assert str(caught.value) == rule


@pytest.mark.parametrize(
    ("value", "bounds", "above", "rule"),
    [
        (-0.1, (0,), False, "weight is a number from 0; got -0.1"),
        (0, (0,), True, "weight is a number above 0; got 0"),
        (1.5, (0, 1), False, "weight is a number from 0 to 1; got 1.5"),
        (1.5, (0, 1), True, "weight is a number above 0 and up to 1; got 1.5"),
        (1.5, (-math.inf, 1), False, "weight is a number to 1; got 1.5"),
        (math.nan, (0, 1), False, "weight is a number from 0 to 1; got nan"),
        (math.inf, (0,), False, "weight is a number from 0; got inf"),
        (-math.inf, (), False, "weight is a number that is finite; got -inf"),
        ("1", (0,), False, "weight is a number from 0; got '1'"),
        (None, (0,), False, "weight is a number from 0; got None"),
        (False, (0,), False, "weight is a number from 0; got False"),
        (1j, (0,), False, "weight is a number from 0; got 1j"),
    ],
)
def test_what_is_no_number_in_range_is_refused(value, bounds, above, rule) -> None:
    with pytest.raises(UsageError) as caught:
        check_number(value, "weight", *bounds, above=above)
    assert str(caught.value) == rule
