"""The three autoreset modes, truncation, seeds and info, held against sequences worked out by hand."""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode
from gymnasium.wrappers.vector import RecordEpisodeStatistics

from tonewright.errors import UsageError
from tonewright.learning import BatchEnv, SingleEnv


class Countdown(BatchEnv):
    """Row r ends by itself after r + 2 steps; it observes (episode, step) and earns what it does."""

    def __init__(self, num_envs=2, *, max_episode_steps=100, **kwargs):
        spaces = gym.spaces.Box(0, 100, (2,)), gym.spaces.Box(-1, 1, ())
        super().__init__(num_envs, *spaces, max_episode_steps=max_episode_steps, **kwargs)
        self.episode = np.zeros(num_envs)
        self.begun, self.acted = [], []

    def _begin(self, rows):
        self.begun.append(rows.tolist())
        self.episode[rows] += 1

    def _advance(self, actions, rows):
        self.acted.append(rows.tolist())
        return actions.astype(float), self.elapsed + 1 == np.arange(self.num_envs) + 2

    def _observe(self):
        return np.stack([self.episode, self.elapsed], axis=1).astype(np.float32)

    def _info(self):
        return {"step": self.elapsed.copy()}


ONES = np.ones(2, np.float32)


def told(observations):
    """Observations as text: row by row, episode and step."""
    return " ".join(f"{episode:.0f}.{step:.0f}" for episode, step in observations)


class TestSameStep:
    def test_a_row_that_ends_begins_at_once(self):
        env = Countdown(autoreset_mode=AutoresetMode.SAME_STEP)
        assert told(env.reset()[0]) == "1.0 1.0"
        steps = [env.step(ONES) for _ in range(4)]
        assert [told(step[0]) for step in steps] == ["1.1 1.1", "2.0 1.2", "2.1 2.0", "3.0 2.1"]
        assert [step[2].tolist() for step in steps] == [
            [False, False],
            [True, False],
            [False, True],
            [True, False],
        ]
        assert all((step[1] == 1).all() for step in steps)

    def test_the_end_is_in_the_info(self):
        env = Countdown()
        env.reset()
        assert env.step(ONES)[4].keys() == {"step", "_step"}
        info = env.step(ONES)[4]
        assert told(info["final_obs"][:1]) == "1.2"
        assert info["_final_obs"].tolist() == info["_final_info"].tolist() == [True, False]
        assert info["final_info"]["step"][0] == 2
        assert info["final_info"]["_step"].tolist() == [True, False]
        assert info["step"].tolist() == [0, 2]
        assert info["_step"].tolist() == [True, True]

    def test_is_the_default(self):
        assert Countdown().metadata["autoreset_mode"] is AutoresetMode.SAME_STEP


class TestNextStep:
    def test_the_step_after_the_end_begins(self):
        env = Countdown(autoreset_mode=AutoresetMode.NEXT_STEP)
        env.reset()
        steps = [env.step(ONES) for _ in range(5)]
        assert [told(step[0]) for step in steps] == ["1.1 1.1", "1.2 1.2", "2.0 1.3", "2.1 2.0", "2.2 2.1"]
        assert [step[1].tolist() for step in steps] == [[1, 1], [1, 1], [0, 1], [1, 0], [1, 1]]
        assert [step[2].tolist() for step in steps[1:4]] == [[True, False], [False, True], [False, False]]
        assert not any("final_obs" in step[4] for step in steps)

    def test_rows_that_begin_do_not_act(self):
        env = Countdown(autoreset_mode=AutoresetMode.NEXT_STEP)
        env.reset()
        for _ in range(4):
            env.step(ONES)
        assert env.acted == [[0, 1], [0, 1], [1], [0]]
        assert env.begun == [[0, 1], [0], [1]]

    def test_a_step_may_be_all_beginning(self):
        env = Countdown(1, autoreset_mode=AutoresetMode.NEXT_STEP)
        env.reset()
        steps = [env.step(ONES[:1]) for _ in range(3)]
        assert [told(step[0]) for step in steps] == ["1.1", "1.2", "2.0"]
        assert env.acted == [[0], [0]]


class TestDisabled:
    def test_the_caller_begins(self):
        env = Countdown(autoreset_mode=AutoresetMode.DISABLED)
        env.reset()
        env.step(ONES)
        observations, _, terminated, _, _ = env.step(ONES)
        assert told(observations) == "1.2 1.2"
        observations, info = env.reset(options={"reset_mask": terminated})
        assert told(observations) == "2.0 1.2"
        assert info["_step"].tolist() == [True, False]
        assert told(env.step(ONES)[0]) == "2.1 1.3"

    def test_it_must_do_so(self):
        env = Countdown(autoreset_mode=AutoresetMode.DISABLED)
        env.reset()
        env.step(ONES)
        env.step(ONES)
        with pytest.raises(UsageError, match=r"the episodes of rows \[0\] are over; reset those rows"):
            env.step(ONES)
        env.reset(options={"reset_mask": np.array([False, True])})
        with pytest.raises(UsageError, match=r"rows \[0\]"):
            env.step(ONES)


class TestTruncation:
    def test_time_ends_rows_that_did_not_end(self):
        env = Countdown(3, max_episode_steps=3)
        env.reset()
        ones = np.ones(3, np.float32)
        steps = [env.step(ones) for _ in range(3)]
        assert steps[1][2].tolist() == [True, False, False]
        assert steps[2][2].tolist() == [False, True, False]  # an end in the last step is no truncation
        assert steps[2][3].tolist() == [False, False, True]
        assert env.elapsed.tolist() == [1, 0, 0]


class TestReset:
    def test_keeps_generators_without_a_seed(self):
        env = Countdown()
        env.reset(seed=3)
        drawn = [rng.random() for rng in env.rngs]
        assert drawn == [np.random.default_rng(3 + row).random() for row in range(2)]
        rngs = env.np_random
        env.reset()
        assert env.np_random == rngs

    def test_seeds_only_rows_that_begin(self):
        env = Countdown()
        env.reset(seed=3)
        env.reset(seed=7, options={"reset_mask": np.array([True, False])})
        assert [rng.random() for rng in env.rngs] == [np.random.default_rng(seed).random() for seed in (7, 4)]

    def test_leaves_the_callers_options_alone(self):
        options = {"reset_mask": np.array([True, True])}
        Countdown().reset(options=options)
        assert options.keys() == {"reset_mask"}

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"seed": [1, 2, 3]}, "a seed for each of 2 rows is needed; got 3"),
            ({"options": {"mask": 1}}, "one option, 'reset_mask'; got 'mask'"),
            (
                {"options": {"reset_mask": [True, False]}},
                r"bool array of shape \(2,\); got \[True, False\]",
            ),
            ({"options": {"reset_mask": np.ones(2)}}, "must be a bool array"),
            ({"options": {"reset_mask": np.ones(3, bool)}}, "must be a bool array"),
            ({"options": {"reset_mask": np.zeros(2, bool)}}, r"must mark a row.*; got rows \[\]"),
        ],
    )
    def test_refuses_what_does_not_fit(self, arguments, message):
        env = Countdown()
        env.reset()
        with pytest.raises(UsageError, match=message):
            env.reset(**arguments)

    def test_begins_every_row_at_first(self):
        with pytest.raises(UsageError, match="the first reset every row; got rows"):
            Countdown().reset(options={"reset_mask": np.array([True, False])})


class TestStep:
    def test_needs_a_reset(self):
        with pytest.raises(UsageError, match="call reset before step"):
            Countdown().step(ONES)

    @pytest.mark.parametrize(
        ("actions", "got"),
        [
            (np.ones(3, np.float32), r"float32 \[3\] from 1 to 1"),
            (np.ones(2), r"float64 \[2\] from 1 to 1"),
            (np.array([0, np.nan], np.float32), r"float32 \[2\] from nan to nan"),
            (np.array([0, 2], np.float32), r"float32 \[2\] from 0 to 2"),
            (
                {"a": ONES, "b": (ONES, None)},
                r"\{a: float32 \[2\] from 1 to 1, b: \(float32 .*, NoneType None\)\}",
            ),
        ],
        ids=["rows", "dtype", "nan", "range", "kind"],
    )
    @pytest.mark.filterwarnings("ignore:.*Casting input x to numpy array:UserWarning")
    def test_refuses_actions_outside_the_space(self, actions, got):
        env = Countdown()
        env.reset()
        with pytest.raises(UsageError, match=rf"2 rows of Box\(-1.0, 1.0, \(\), float32\); got {got}"):
            env.step(actions)
        assert env.acted == []


class TestConstructor:
    @pytest.mark.parametrize("name", ["num_envs", "max_episode_steps"])
    def test_refuses_sizes_below_one(self, name):
        with pytest.raises(UsageError, match=f"{name} is a whole number from 1; got 0"):
            Countdown(**{name: 0})

    def test_takes_a_mode_by_name(self):
        assert Countdown(autoreset_mode="NextStep").autoreset_mode is AutoresetMode.NEXT_STEP
        with pytest.raises(UsageError, match="one of 'NextStep', 'SameStep', 'Disabled'; got 'next'"):
            Countdown(autoreset_mode="next")


class TestSingleEnv:
    def test_is_one_row(self):
        env = SingleEnv(Countdown, max_episode_steps=1)
        observation, info = env.reset(seed=5)
        assert observation.tolist() == [1, 0]
        assert info == {"step": 0}
        observation, *outcome = env.step(0.5)
        assert observation.tolist() == [1, 1]
        assert outcome == [0.5, False, True, {"step": 1}]
        with pytest.raises(UsageError, match=r"the episodes of rows \[0\] are over"):
            env.step(0.5)

    def test_draws_from_its_own_generator(self):
        env = SingleEnv(Countdown)
        env.reset(seed=5)
        assert env.batch.rngs[0] is env.np_random
        assert env.np_random_seed == 5
        env.np_random = generator = np.random.default_rng(9)
        env.reset()
        assert env.batch.rngs[0] is generator

    def test_closes_its_batch(self):
        env = SingleEnv(Countdown)
        env.close()
        assert env.batch.closed


@pytest.mark.parametrize("mode", [AutoresetMode.SAME_STEP, AutoresetMode.NEXT_STEP])
def test_gymnasiums_wrappers_understand_it(mode):
    env = RecordEpisodeStatistics(Countdown(autoreset_mode=mode))
    env.reset()
    lengths = []
    for _ in range(8):
        info = env.step(ONES)[4]
        lengths += info["episode"]["l"][info["_episode"]].tolist() if "episode" in info else []
    assert sorted(set(lengths)) == [2, 3]
