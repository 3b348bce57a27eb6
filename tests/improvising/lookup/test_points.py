"""Grids and Sobol sequences: how many points, in which order, and both ends of every control."""

import numpy as np
import pytest

from tonewright.errors import UsageError
from tonewright.improvising.lookup.points import choose_points
from tonewright.synths import synth


def test_grid_has_every_combination_and_the_last_control_fastest(space):
    points = choose_points(space(2), grid=3)
    assert points.layout == "grid"
    assert points.grid == (3, 3)
    expected = [[a, b] for a in (0, 0.5, 1) for b in (0, 0.5, 1)]
    assert points.params.dtype == np.float32
    assert points.params.tolist() == expected


def test_grid_of_other_values_for_each_control(space):
    points = choose_points(space(3), grid=(2, 5, 3))
    assert (points.grid, len(points.params)) == ((2, 5, 3), 30)
    assert [len(np.unique(column)) for column in points.params.T] == [2, 5, 3]


def test_integer_control_has_one_value_for_each_step(space):
    controls = space(2, c0="integer")
    points = choose_points(controls, grid=10)
    assert points.grid == (4, 10)
    assert np.unique(points.params[:, 0]).tolist() == pytest.approx([0, 1 / 3, 2 / 3, 1])
    assert np.unique(controls["c0"].to_physical(points.params[:, 0])).tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("count", "grid", "total"),
    [
        (1, (8160,), 8160),
        (2, (90, 90), 8100),
        (3, (20, 20, 20), 8000),
        (4, (), 8192 + 16),
        (9, (), 8192 + 18),
    ],
)
def test_about_8000_points_unless_asked_otherwise(space, count, grid, total):
    points = choose_points(space(count))
    assert (points.grid, len(points.params)) == (grid, total)
    assert points.layout == ("grid" if grid else "sobol")


def test_default_grid_of_few_steps_ends(space):
    assert choose_points(space(2, c0="integer", c1="integer")).grid == (4, 4)


@pytest.mark.parametrize("count", [1, 2, 6])
def test_sobol_ends_with_all_corners(space, count):
    points = choose_points(space(count), sobol=100).params
    assert len(points) == 100 + 2**count
    corners = points[100:]
    assert set(np.unique(corners)) == {0, 1}
    assert len(np.unique(corners, axis=0)) == 2**count


def test_sobol_of_many_controls_ends_with_both_ends_of_each(space):
    last = choose_points(space(24), sobol=10).params[10:]
    assert len(last) == 48
    assert ((last == 0).sum(axis=0) == 1).all()
    assert ((last == 1).sum(axis=0) == 1).all()
    assert ((last == 0.5).sum(axis=1) == 23).all()


def test_sobol_fills_space_more_evenly_than_chance(space):
    points = choose_points(space(3), sobol=512).params[:512]
    counts = np.histogramdd(points, bins=8, range=[(0, 1)] * 3)[0]
    assert (counts == 1).all()  # one in each of 512 cells: that is what the sequence promises


def test_sobol_follows_the_seed(space):
    one, same, other = (choose_points(space(3), sobol=50, seed=seed).params for seed in (3, 3, 4))
    assert (one == same).all()
    assert not (one[:50] == other[:50]).any()


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"grid": 3, "sobol": 9}, "got grid=3 and sobol=9"),
        ({"grid": 1}, "grid is a whole number from 2; got 1"),
        ({"grid": (3, 4)}, "one for each of 3; got 2 numbers"),
        ({"grid": (3, 4, 1)}, "grid is a whole number from 2; got 1"),
        ({"sobol": 0}, "sobol is a whole number from 1"),
        ({"sobol": 2_000_000}, "got 2000000"),
        ({"grid": 101}, "got a grid of 1,030,301; take a grid of 100 at most"),
    ],
)
def test_refused(space, asked, told):
    with pytest.raises(UsageError, match=told):
        choose_points(space(3), **asked)


def test_a_grid_that_no_number_of_values_fits_is_refused():
    with pytest.raises(UsageError, match="take a Sobol sequence"):
        choose_points(synth("serum-lite").controls, grid=2)
