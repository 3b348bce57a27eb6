import numpy as np
import pytest
from gymnasium.vector.utils import batch_space

from tonewright.errors import UnknownNameError, UsageError
from tonewright.improvising.actions import ACTION_VIEWS, Actions

MOVES = np.array([[-1, 0, 1], [1, 1, 1], [0, 0, 0], [-1, -1, -1]], np.float32)


@pytest.mark.parametrize("view", ACTION_VIEWS)
def test_whole_moves_have_an_action_in_every_view(view):
    actions = Actions(view, 3)
    taken = actions.of(MOVES)
    assert batch_space(actions.space, 4).contains(taken)
    np.testing.assert_array_equal(actions.moves(taken), MOVES)


def test_joint_actions_are_all_combinations_once():
    actions = Actions("joint", 3)
    assert actions.space.n == 27
    moves = actions.moves(np.arange(27))
    assert len(np.unique(moves, axis=0)) == 27
    np.testing.assert_array_equal(moves[0], [-1, -1, -1])
    np.testing.assert_array_equal(moves[1], [-1, -1, 0])  # the last control is the fastest digit
    np.testing.assert_array_equal(moves[13], [0, 0, 0])


@pytest.mark.parametrize("view", ["each", "joint"])
def test_the_nearest_whole_move_is_taken(view):
    actions = Actions(view, 3)
    np.testing.assert_array_equal(actions.moves(actions.of(np.array([[-7.0, 0.4, 0.6]]))), [[-1, 0, 1]])


def test_continuous_moves_are_clipped_only():
    actions = Actions("continuous", 2)
    np.testing.assert_array_equal(actions.of(np.array([[0.25, -3.0]])), np.array([[0.25, -1.0]], np.float32))


def test_what_there_is_not():
    with pytest.raises(UnknownNameError, match="no action_view is called 'eech'; did you mean 'each'"):
        Actions("eech", 2)
    with pytest.raises(UsageError, match=r"up to nine controls.*got 10; choose 'each'"):
        Actions("joint", 10)
    assert Actions("joint", 9).space.n == 19_683
