import numpy as np

from tonewright.improvising.listening.nearest import NearestPoints


def test_against_brute_force():
    rng = np.random.default_rng(0)
    points, target = rng.standard_normal((1500, 13)), rng.standard_normal((700, 13))
    counts = rng.uniform(0, 2, (700, 13)) * (rng.random((700, 13)) < 0.7)
    presence = rng.uniform(0.3, 1, points.shape) * (rng.random(points.shape) < 0.8)
    differences = np.where(presence > 0, target[:, None] - points, np.sqrt(2))
    squares = (counts[:, None] * differences**2).sum(axis=2)
    found = NearestPoints(points, presence)(target, counts)
    np.testing.assert_allclose(squares[np.arange(700), found], squares.min(axis=1), atol=1e-4)
    assert (found == squares.argmin(axis=1)).mean() > 0.99


def test_every_point_is_nearest_to_itself():
    axis = np.linspace(-3, 3, 90)
    points = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
    found = NearestPoints(points, np.ones_like(points))(points, np.ones_like(points))
    np.testing.assert_array_equal(found, np.arange(len(points)))


def test_what_does_not_count_makes_no_difference_and_of_equals_the_first_is_found():
    points = np.array([[0.0, 5.0], [0.0, -5.0], [1.0, 0.0]])
    find = NearestPoints(points, np.ones_like(points))
    assert find(np.array([[0.1, 0.0]]), np.array([[1.0, 0.0]])).tolist() == [0]
