import numpy as np
import pytest
from gymnasium import spaces

from tonewright.errors import UsageError
from tonewright.learning.held_out import play_episodes
from tonewright.learning.vector import BatchEnv


class Countdown(BatchEnv):
    """Row i ends by itself after i + 1 steps if that is allowed; each step earns its number, from 1."""

    def __init__(self, num_envs, max_episode_steps=100, **options):
        space = spaces.Box(0, 1000, (1,))
        super().__init__(num_envs, space, spaces.Discrete(2), max_episode_steps=max_episode_steps, **options)
        self.done = np.zeros(num_envs)
        self.episodes = np.zeros(num_envs)

    def _begin(self, rows):
        self.done[rows] = 0
        self.episodes[rows] += 1

    def _advance(self, actions, rows):
        self.done[rows] += 1
        return self.done.copy(), self.done >= np.arange(self.num_envs) + 1

    def _observe(self):
        return self.done[:, None].astype(np.float32)

    def _info(self):
        return {"done": self.done.copy(), "episode": self.episodes.copy()}


def act(observations):
    return np.zeros((len(observations), 1), np.float32)


def test_the_first_episode_of_each_row_counts_and_no_other():
    env = Countdown(5)
    played = play_episodes(env, act, env.reset(seed=0))
    np.testing.assert_array_equal(played.steps, [1, 2, 3, 4, 5])
    np.testing.assert_array_equal(played.returns, [1, 3, 6, 10, 15])
    assert played.terminated.all()
    np.testing.assert_array_equal(played.first["done"], np.zeros(5))
    np.testing.assert_array_equal(played.last["done"], [1, 2, 3, 4, 5])
    np.testing.assert_array_equal(played.last["episode"], np.ones(5))
    assert set(played.last) == {"done", "episode"}


def test_an_end_by_time_is_no_end_of_its_own():
    env = Countdown(5, max_episode_steps=3)
    played = play_episodes(env, act, env.reset(seed=0))
    np.testing.assert_array_equal(played.steps, [1, 2, 3, 3, 3])
    np.testing.assert_array_equal(played.terminated, [True, True, True, False, False])
    np.testing.assert_array_equal(played.last["done"], [1, 2, 3, 3, 3])


@pytest.mark.parametrize("mode", ["NextStep", "Disabled"])
def test_other_autoreset_modes_are_refused(mode):
    env = Countdown(2, autoreset_mode=mode)
    with pytest.raises(UsageError, match="need autoreset mode 'SameStep'; got"):
        play_episodes(env, act, env.reset(seed=0))
