import numpy as np
import pytest

from tonewright.improvising.lookup.map.choosing import spread_out


def reach(points, taken):
    """Farthest distance of any point from the nearest that is taken."""
    away = np.linalg.norm(points[:, None] - points[taken], axis=2)
    return away.min(axis=1).max()


def grid(values, dimensions):
    axes = np.meshgrid(*[np.linspace(0, 1, values)] * dimensions, indexing="ij")
    return np.stack(axes, axis=-1).reshape(-1, dimensions).astype(np.float32)


def test_chosen_points_cover_better_than_chance():
    rng = np.random.default_rng(0)
    points = rng.random((3_000, 3), dtype=np.float32)
    ours = reach(points, spread_out(points, 200))
    by_chance = [reach(points, rng.choice(3_000, 200, replace=False)) for _ in range(10)]
    assert ours < 0.75 * min(by_chance)


def test_of_a_square_its_corners_and_its_middle_are_taken():
    assert spread_out(grid(3, 2), 5).tolist() == [0, 2, 4, 6, 8]


def test_a_grid_is_thinned_evenly_everywhere():
    points = grid(12, 3)
    taken = points[spread_out(points, 400)]
    octants = np.unique((taken > 0.5) @ [4, 2, 1], return_counts=True)[1]
    assert len(octants) == 8
    assert octants.min() >= 40  # 50 each if perfectly even
    assert octants.max() <= 60


def test_rows_are_ascending_and_taken_once():
    taken = spread_out(np.zeros((50, 2), np.float32), 20)  # points that all lie at one place
    assert (np.diff(taken) > 0).all()
    assert len(taken) == 20


@pytest.mark.parametrize("count", [9, 10, 1_000])
def test_fewer_points_than_asked_for_are_all_taken(count):
    assert spread_out(grid(3, 2), count).tolist() == list(range(9))


def test_the_seed_decides():
    points = grid(12, 2)
    np.testing.assert_array_equal(spread_out(points, 30, 1), spread_out(points, 30, 1))
    assert spread_out(points, 30, 1).tolist() != spread_out(points, 30, 2).tolist()
