"""Between the points of a table, and the nearest point: against closed forms and brute force."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from tonewright.errors import UnknownNameError, UsageError
from tonewright.improvising.lookup.interpolation import Interpolator
from tonewright.improvising.lookup.points import choose_points
from tonewright.threads import numba_threads


def multilinear(params):
    """A function that is linear in each control, and a constant."""
    product = np.prod(1 + params, axis=1)
    return np.stack([product, 2 - 3 * params[:, 0], np.full(len(params), 0.25)], axis=1)


@pytest.mark.parametrize(("count", "grid"), [(1, 7), (2, 9), (3, 6), (4, 3), (6, 2)])
def test_grid_is_exact_at_its_points_and_linear_between(made, count, grid):
    table = made(count, multilinear, grid=grid)
    look_up = Interpolator(table)
    assert look_up.columns == table.columns
    assert (look_up(table.params) == table.means).all()
    anywhere = np.random.default_rng(0).random((2_000, count), dtype=np.float32)
    assert look_up(anywhere) == pytest.approx(multilinear(anywhere.astype(float)), rel=3e-6, abs=3e-6)


def test_half_way_between_two_points_is_their_mean(made):
    table = made(2, lambda p: np.sin(9 * p), grid=5)
    between = np.array([[0.5, 0.125]], np.float32)
    low, high = (np.flatnonzero((table.params == one).all(axis=1))[0] for one in ([0.5, 0], [0.5, 0.25]))
    assert Interpolator(table)(between)[0] == pytest.approx(
        (table.means[low] + table.means[high]) / 2, abs=1e-6
    )


def test_points_of_unlike_axes(made, space):
    """Axes of 4 and 10 values, as those of integer controls are."""
    table = made(2, multilinear, grid=4)
    points = choose_points(space(2, c0="integer"), grid=10)
    means = multilinear(points.params.astype(float)).astype(np.float32)
    table = replace(table, grid=points.grid, params=points.params, means=means, sounding=means[:, 0])
    assert (Interpolator(table)(points.params) == table.means).all()


@pytest.mark.parametrize(("count", "sobol", "worst"), [(1, 200, 0.001), (2, 500, 0.02), (4, 2_000, 0.13)])
def test_sobol_follows_a_smooth_function(made, count, sobol, worst):
    """Far better than the nearest point does; errors are in deviations of the function."""

    def smooth(params):
        return np.stack([np.sin(2 * params.sum(axis=1)), params[:, 0] ** 2], axis=1)

    table = made(count, smooth, sobol=sobol)
    anywhere = np.random.default_rng(0).random((1_000, count), dtype=np.float32)
    truth = smooth(anywhere.astype(float))
    error = np.abs(Interpolator(table)(anywhere) - truth) / truth.std(axis=0)
    assert np.percentile(error, 95, axis=0).max() < worst
    apart = ((anywhere[:, None] - table.params[None]) ** 2).sum(axis=2)
    nearest = np.abs(table.means[apart.argmin(axis=1)] - truth) / truth.std(axis=0)
    assert np.median(error) < 0.3 * np.median(nearest)


def test_sobol_stays_within_the_values_of_the_table(made):
    """A plane that is fitted to a step would go beyond both of its sides."""
    table = made(3, lambda p: np.where(p[:, :1] > 0.5, 1.0, 0.0), sobol=300)
    values = Interpolator(table)(np.random.default_rng(0).random((2_000, 3), dtype=np.float32))
    assert values.min() >= -1e-6
    assert values.max() <= 1 + 1e-6
    assert ((values > 0.01) & (values < 0.99)).any()


def test_sobol_of_many_controls_is_exact_at_its_points(made):
    table = made(9, lambda p: p @ np.arange(18).reshape(9, 2), sobol=300)
    assert (Interpolator(table)(table.params) == table.means).all()


def test_sobol_of_few_points(made):
    """Fewer than a plane is fitted to: both ends of the one control, and one between."""
    table = made(1, lambda p: 3 * p, sobol=1)
    ends = Interpolator(table)(np.array([[0], [1]], np.float32))
    assert ends[:, 0] == pytest.approx([0, 3], abs=1e-3)


def test_columns_and_spreads_by_name(made):
    table = made(2, multilinear, grid=4)
    some = Interpolator(table, ["column_2", "column_0"], of="spreads")(table.params)
    assert (some == table.spreads[:, [2, 0]]).all()


def test_same_values_whatever_the_batch_and_the_threads(made):
    params = np.random.default_rng(0).random((3_000, 3), dtype=np.float32)
    for layout in ({"grid": 5}, {"sobol": 60}):
        look_up = Interpolator(made(3, multilinear, **layout))
        all_at_once = look_up(params)
        with numba_threads(1):
            one_by_one = np.concatenate([look_up(params[i : i + 7]) for i in range(0, 3_000, 7)])
        assert (all_at_once == one_by_one).all()


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ([[0.5]], r"\[batch, 2\]; got shape \(1, 1\)"),
        ([0.5, 0.5], r"got shape \(2,\)"),
        ([[0.5, 1.01]], r"lie in \[0, 1\]"),
        ([[0.5, np.nan]], r"lie in \[0, 1\]"),
    ],
)
def test_no_point_of_the_controls_is_refused(made, params, told):
    with pytest.raises(UsageError, match=told):
        Interpolator(made(2, multilinear, grid=3))(params)


def test_unknown_column_is_refused(made):
    with pytest.raises(UnknownNameError, match="no column of the table is called 'column_9'"):
        Interpolator(made(2, multilinear, grid=3), ["column_9"])


def test_all_corners_of_a_cell_count(made):
    """The middle of a cell is the mean of its corners, in four controls."""
    table = made(4, lambda p: np.random.default_rng(1).standard_normal((len(p), 3)), grid=2)
    assert len(table) == len(list(itertools.product((0, 1), repeat=4)))
    middle = Interpolator(table)(np.full((1, 4), 0.5, np.float32))
    assert middle[0] == pytest.approx(table.means.mean(axis=0), abs=1e-6)
