import numpy as np
import pytest

from tonewright.errors import UnknownNameError, UsageError
from tonewright.improvising.reward import REWARD_TYPES, reward, weigh

DISTANCES = np.linspace(0, 50, 2001)


@pytest.mark.parametrize(
    ("kind", "half", "lowest"), [("closeness", 0.5, 0.0), ("linear", 0.5, 0.0), ("cubic", 0.0, -1.0)]
)
def test_bounds(kind, half, lowest):
    rewards = reward(DISTANCES, kind, 0.7)
    assert rewards[0] == 1.0
    assert (np.diff(rewards) <= 0).all()
    assert (rewards >= lowest).all()
    assert reward(np.array([0.7]), kind, 0.7)[0] == pytest.approx(half)
    assert reward(np.array([1e9]), kind, 0.7)[0] == pytest.approx(lowest, abs=1e-6)


def test_closed_forms():
    distance = np.array([0.0, 0.1, 0.5, 1.0])
    np.testing.assert_allclose(reward(distance, "closeness", 0.5), 1 / (1 + distance / 0.5))
    np.testing.assert_allclose(reward(distance, "linear", 0.5), 1 - distance)
    np.testing.assert_allclose(reward(distance, "cubic", 0.5), 8 * (0.5 - distance) ** 3)


def test_far_away_only_closeness_has_a_slope():
    far = {kind: np.ptp(reward(np.array([5.0, 6.0]), kind, 0.5)) for kind in REWARD_TYPES}
    assert far["closeness"] > 0.01
    assert far["linear"] == far["cubic"] == 0.0


def test_unknown_types_and_impossible_distances():
    with pytest.raises(UnknownNameError, match="did you mean 'cubic'"):
        reward(DISTANCES, "cubik", 0.5)
    with pytest.raises(UsageError, match="a distance is 0 or more"):
        reward(np.array([np.nan]), "cubic", 0.5)


def weighed(target, own, presence=None, weights=None, noise=0.0, rows=None, own_presence=None):
    target, own = np.atleast_2d(target).astype(np.float32), np.atleast_2d(own).astype(np.float32)
    batch, width = target.shape
    presence = np.ones_like(target) if presence is None else np.atleast_2d(presence).astype(np.float32)
    own_there = np.ones_like(target) if own_presence is None else np.float32(np.atleast_2d(own_presence))
    weights = np.ones(width) if weights is None else np.array(weights, float)
    errors, distance = np.full((batch, width), 9.0, np.float32), np.full(batch, 9.0)
    rows = np.arange(batch) if rows is None else np.array(rows)
    states = np.arange(batch, dtype=np.uint64)
    parts = target, own, presence, own_there
    weigh(rows, np.arange(width), *parts, weights, states, noise, errors, distance)
    return distance, errors


def test_the_distance_is_a_weighted_root_mean_square():
    distance, errors = weighed([1.0, 2.0], [0.0, 4.0], weights=[3.0, 1.0])
    assert distance[0] == pytest.approx(np.sqrt((3 * 1 + 1 * 4) / 4))
    np.testing.assert_allclose(errors, [[1.0, 2.0]])


def test_what_the_target_does_not_have_does_not_count():
    distance, errors = weighed([[1.0, 2.0], [1.0, 2.0]], [[0.0, 5.0]] * 2, [[1.0, 0.0], [0.0, 0.0]])
    np.testing.assert_allclose(distance, [1.0, 0.0])
    np.testing.assert_allclose(errors, [[1.0, 0.0], [0.0, 0.0]])


def test_half_there_counts_half():
    distance, _ = weighed([1.0, 1.0], [0.0, 1.0], [0.5, 1.0])
    assert distance[0] == pytest.approx(np.sqrt(0.5 / 1.5))


def test_what_the_target_has_and_the_agent_has_not_is_a_miss():
    """Whatever the agent had last: a pitch that was touched, and left for noise."""
    distance, errors = weighed([[1.0, 2.0]] * 2, [[1.0, 2.0]] * 2, own_presence=[[0.0, 0.4], [0.4, 1.0]])
    np.testing.assert_allclose(distance, [1.0, 0.0])  # √((√2² + 0²) / 2)
    np.testing.assert_allclose(errors, [[np.sqrt(2.0), 0.0], [0.0, 0.0]], rtol=1e-6)
    assert not weighed([1.0], [0.0], presence=[0.0], own_presence=[0.0])[0].any()


def test_other_rows_are_left_alone():
    distance, errors = weighed(np.zeros((3, 1)), np.ones((3, 1)), rows=[1])
    np.testing.assert_allclose(distance, [9.0, 1.0, 9.0])
    np.testing.assert_allclose(errors[:, 0], [9.0, 1.0, 9.0])


def test_noise_is_one_dimension_more():
    same = np.zeros((50_000, 3))
    distance, _ = weighed(same, same, noise=0.6)
    # Its difference is that of two even numbers, variance 1/6, times its weight.
    assert np.mean(distance**2) == pytest.approx(0.6**2 / 6 / 3.6, rel=0.03)
    assert np.unique(distance).size > 49_000
    assert not weighed(same, same)[0].any()
