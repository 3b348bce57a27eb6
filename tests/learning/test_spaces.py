import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.spaces.utils import flatdim
from gymnasium.spaces.utils import flatten as flatten_one
from gymnasium.vector.utils import batch_space, iterate

from tonewright.errors import UsageError
from tonewright.learning.spaces import action_size, flatten, observation_size, one_hot, to_env

OBSERVATIONS = {
    "box": spaces.Box(-5, 5, (2, 3)),
    "scalar": spaces.Box(-5, 5, ()),
    "bytes": spaces.Box(0, 255, (4,), np.uint8),
    "discrete": spaces.Discrete(4, start=2),
    "multi-discrete": spaces.MultiDiscrete([2, 3], start=[1, -1]),
    "multi-binary": spaces.MultiBinary(3),
    "dict": spaces.Dict({"z": spaces.Box(0, 1, (2,)), "a": spaces.Discrete(3)}, sort_keys=False),
    "tuple": spaces.Tuple([spaces.Discrete(2), spaces.Dict({"x": spaces.Box(0, 1, (1,))})]),
}
ACTIONS = {
    "box": spaces.Box(np.array([-1, 0, -4], np.float32), np.array([1, 10, -2], np.float32)),
    "matrix": spaces.Box(-2, 2, (2, 2), np.float64),
    "discrete": spaces.Discrete(4, start=2),
    "multi-discrete": spaces.MultiDiscrete([2, 3], start=[1, -1]),
    "dict": spaces.Dict({"z": spaces.Discrete(3), "a": spaces.Box(-1, 1, (2,))}, sort_keys=False),
    "tuple": spaces.Tuple([spaces.Discrete(2), spaces.Dict({"x": spaces.Box(0, 1, (1,))})]),
}


class TestFlatten:
    @pytest.mark.parametrize("space", OBSERVATIONS.values(), ids=OBSERVATIONS)
    def test_agrees_with_gymnasiums_flattening_of_one(self, space):
        batched = batch_space(space, 7)
        batched.seed(3)
        observations = batched.sample()
        flat = flatten(space, observations)
        assert flat.dtype == np.float32
        assert flat.shape == (7, observation_size(space)) == (7, flatdim(space))
        one_by_one = [flatten_one(space, one) for one in iterate(batched, observations)]
        np.testing.assert_array_equal(flat, np.array(one_by_one, np.float32))

    @pytest.mark.parametrize("measure", [observation_size, lambda space: flatten(space, ["a"])])
    def test_refuses_other_spaces(self, measure):
        with pytest.raises(UsageError, match="observations of Text cannot be flattened"):
            measure(spaces.Text(5))


class TestToEnv:
    @pytest.mark.parametrize("space", ACTIONS.values(), ids=ACTIONS)
    @pytest.mark.parametrize("value", [-1, 0, 1], ids=["low", "middle", "high"])
    def test_is_in_the_action_space(self, space, value):
        actions = np.full((5, action_size(space)), value, np.float32)
        discrete = not isinstance(space, spaces.Box)
        assert batch_space(space, 5).contains(to_env(space, np.abs(actions) if discrete else actions))

    def test_maps_to_bounds(self):
        corners = to_env(ACTIONS["box"], np.array([[-1] * 3, [0] * 3, [1] * 3], np.float32))
        np.testing.assert_array_equal(corners, [[-1, 0, -4], [0, 5, -3], [1, 10, -2]])
        assert corners.dtype == np.float32

    def test_changes_no_bit_of_a_box_from_minus_one_to_one(self):
        actions = np.random.default_rng(1).uniform(-1, 1, (100, 3)).astype(np.float32)
        np.testing.assert_array_equal(to_env(spaces.Box(-1, 1, (3,)), actions), actions)

    def test_counts_from_the_start_of_a_space(self):
        assert to_env(ACTIONS["discrete"], np.array([[0], [3]], np.float32)).tolist() == [2, 5]
        assert to_env(ACTIONS["multi-discrete"], np.array([[1, 2]], np.float32)).tolist() == [[2, 1]]

    def test_keeps_the_order_of_parts(self):
        actions = np.array([[2, 0.25, -0.5], [0, 0, 1]], np.float32)
        values = to_env(ACTIONS["dict"], actions)
        assert values["z"].tolist() == [2, 0]
        assert values["a"].tolist() == [[0.25, -0.5], [0, 1]]
        first, second = to_env(ACTIONS["tuple"], actions[:, :2])
        assert first.tolist() == [2, 0]
        assert second["x"].tolist() == [[0.625], [0.5]]

    @pytest.mark.parametrize(
        "space", [spaces.Box(-np.inf, np.inf, (2,)), spaces.Box(0, 9, (2,), np.int64), spaces.MultiBinary(2)]
    )
    def test_refuses_other_spaces(self, space):
        with pytest.raises(UsageError, match=r"actions must be .* got (Box|MultiBinary)"):
            to_env(space, np.zeros((1, 2), np.float32))

    @pytest.mark.parametrize("shape", [(2,), (2, 2)])
    def test_refuses_another_width(self, shape):
        with pytest.raises(UsageError, match=r"shape \[N, 3\]; got \[2"):
            to_env(ACTIONS["box"], np.zeros(shape, np.float32))


def test_one_hot():
    assert one_hot(np.array([2, 0]), 3).tolist() == [[0, 0, 1], [1, 0, 0]]
