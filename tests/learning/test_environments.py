"""What every registered environment promises in each autoreset mode."""

import pickle
from functools import partial

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.envs.registration import load_env_creator
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from gymnasium.vector.utils import batch_space

from tonewright.environments import environments
from tonewright.errors import UsageError
from tonewright.learning import BatchEnv, SingleEnv

N = 3
LIMIT = 4
STEPS = 12
SEED = 20
MODES = tuple(AutoresetMode)

ENVIRONMENTS = environments()
every_environment = pytest.mark.parametrize("name", ENVIRONMENTS)
every_mode = pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.value)


def make(name, mode, num_envs=N, **kwargs) -> BatchEnv:
    return gym.make_vec(
        name, num_envs=num_envs, autoreset_mode=mode, **{"max_episode_steps": LIMIT, **kwargs}
    )


def plan(env, steps):
    """Actions of a batch for each step."""
    env.action_space.seed(SEED)
    return [env.action_space.sample() for _ in range(steps)]


def leaves(value):
    """The arrays of a batch, however nested."""
    if isinstance(value, dict):
        value = tuple(value.values())
    return [leaf for part in value for leaf in leaves(part)] if isinstance(value, tuple) else [value]


def rows_of(value, rows):
    """Those rows of a batch, however nested."""
    if isinstance(value, dict):
        return {key: rows_of(part, rows) for key, part in value.items()}
    return tuple(rows_of(part, rows) for part in value) if isinstance(value, tuple) else value[rows]


def play(env, actions, **reset):
    """Everything an environment says while these actions are taken."""
    said = [env.reset(**reset)] if reset else []
    for action in actions:
        said.append(env.step(action))
        over = said[-1][2] | said[-1][3]
        if env.metadata["autoreset_mode"] is AutoresetMode.DISABLED and over.any():
            said.append(env.reset(options={"reset_mask": over}))
    return said


def same(a, b):
    """Whether two things, however nested, are equal to the bit; NaN equals NaN."""
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, tuple | list):
        return len(a) == len(b) and all(map(same, a, b))
    return np.array_equal(a, b, equal_nan=np.asarray(a).dtype.kind == "f")


@every_environment
@every_mode
class TestBatch:
    def test_mode_is_declared_on_the_instance_alone(self, name, mode):
        env = make(name, mode)
        assert env.autoreset_mode is mode
        assert env.metadata["autoreset_mode"] is mode
        assert "autoreset_mode" not in type(env).metadata

    def test_speaks_in_its_spaces(self, name, mode):
        env = make(name, mode)
        assert env.observation_space == batch_space(env.single_observation_space, N)
        assert env.action_space == batch_space(env.single_action_space, N)
        for observations, *outcome in play(env, plan(env, STEPS), seed=SEED):
            assert env.observation_space.contains(observations)
            assert {leaf.dtype for leaf in leaves(observations)} == {np.dtype(np.float32)}
            if len(outcome) == 4:
                assert [array.shape for array in outcome[:3]] == [(N,)] * 3
                assert [array.dtype for array in outcome[:3]] == [np.float32, np.bool_, np.bool_]

    def test_same_seed_same_episodes(self, name, mode):
        env, twin = make(name, mode), make(name, mode)
        actions = plan(env, 50)
        said = play(env, actions, seed=SEED)
        assert same(said, play(twin, actions, seed=SEED))
        again = play(env, actions[:6], seed=SEED)
        assert same(said[: len(again)], again)
        assert not same(again, play(env, actions[:6], seed=SEED + N))

    def test_no_seed_goes_on_with_new_episodes(self, name, mode):
        env = make(name, mode)
        first, _ = env.reset(seed=SEED)
        second, _ = env.reset()
        assert not same(first, second)
        env.reset(seed=SEED)
        assert same(env.reset()[0], second)

    def test_a_list_seeds_each_row(self, name, mode):
        env = make(name, mode)
        counted = env.reset(seed=SEED)
        assert same(env.reset(seed=[SEED + row for row in range(N)]), counted)
        ahead, _ = env.reset(seed=[SEED + 1, SEED, None])
        assert same(rows_of(ahead, [1, 0]), rows_of(counted[0], [0, 1]))

    def test_a_row_is_a_batch_of_one(self, name, mode):
        env = make(name, mode)
        actions = plan(env, STEPS)
        said = play(env, actions, seed=SEED)
        for row in range(N):
            alone = make(name, mode, num_envs=1)
            own = play(alone, [rows_of(action, [row]) for action in actions], seed=SEED + row)
            outcomes = [outcome[:4] for outcome in said if len(outcome) == 5]
            own_outcomes = [outcome[:4] for outcome in own if len(outcome) == 5]
            assert same([rows_of(outcome, [row]) for outcome in outcomes], own_outcomes)

    def test_resets_like_gymnasium(self, name, mode):
        """Row by row the same as Gymnasium's own vector environment around single ones, in the same mode."""
        env = make(name, mode)
        environment = ENVIRONMENTS[name]
        single = partial(
            SingleEnv, load_env_creator(environment.batch), max_episode_steps=LIMIT, **environment.kwargs
        )
        reference = SyncVectorEnv([single] * N, autoreset_mode=mode)
        actions = plan(env, STEPS)
        for ours, theirs in zip(
            play(env, actions, seed=SEED), play(reference, actions, seed=SEED), strict=True
        ):
            assert same(ours[0], theirs[0])
            if len(ours) == 5:
                for mine, other in zip(ours[1:4], theirs[1:4], strict=True):
                    np.testing.assert_array_equal(mine, other)
            assert_same_info(ours[-1], theirs[-1])

    def test_truncation_is_not_termination(self, name, mode):
        env = make(name, mode)
        elapsed = np.zeros(N, int)
        waiting = np.zeros(N, bool)
        for outcome in play(env, plan(env, STEPS), seed=SEED):
            if len(outcome) == 2:
                continue
            _, rewards, terminated, truncated, _ = outcome
            elapsed = np.where(waiting, 0, elapsed + 1)
            assert not (terminated & truncated).any()
            np.testing.assert_array_equal(truncated, (elapsed == LIMIT) & ~terminated)
            assert (rewards[waiting] == 0).all()
            over = terminated | truncated
            elapsed[over & (mode is not AutoresetMode.NEXT_STEP)] = 0
            waiting = over & (mode is AutoresetMode.NEXT_STEP)

    def test_info_is_arrays_with_masks(self, name, mode):
        env = make(name, mode)
        for outcome in play(env, plan(env, STEPS), seed=SEED):
            info = outcome[-1]
            ended = len(outcome) == 5 and mode is AutoresetMode.SAME_STEP and (outcome[2] | outcome[3]).any()
            assert ("final_obs" in info) == ("final_info" in info) == ended
            assert_arrays_with_masks({key: value for key, value in info.items() if "final_obs" not in key})
            if ended:
                np.testing.assert_array_equal(info["_final_obs"], outcome[2] | outcome[3])
                np.testing.assert_array_equal(info["_final_info"], outcome[2] | outcome[3])
                assert env.observation_space.contains(info["final_obs"])

    def test_keeps_nothing_it_has_given(self, name, mode):
        env = make(name, mode)
        said = play(env, plan(env, 8), seed=SEED)
        arrays = [leaf for outcome in said for leaf in leaves(outcome)]
        for number, array in enumerate(arrays):
            assert not any(np.shares_memory(array, other) for other in arrays[number + 1 :])

    def test_pickled_in_the_middle_it_goes_on(self, name, mode):
        env = make(name, mode)
        actions = plan(env, STEPS)
        play(env, actions[:6], seed=SEED)
        twin = pickle.loads(pickle.dumps(env))
        assert same(play(twin, actions[6:]), play(env, actions[6:]))

    def test_resets_only_the_rows_asked_for(self, name, mode):
        env = make(name, mode)
        play(env, plan(env, 2), seed=SEED)
        before, elapsed = env._observe(), env.elapsed.copy()
        middle = np.array([False, True, False])
        after, info = env.reset(seed=99, options={"reset_mask": middle})
        assert same(rows_of(after, ~middle), rows_of(before, ~middle))
        np.testing.assert_array_equal(env.elapsed, np.where(middle, 0, elapsed))
        assert all((info[key] == middle).all() for key in info if key.startswith("_"))
        assert same(rows_of(env.reset(seed=99)[0], middle), rows_of(after, middle))

    def test_refuses_actions_outside_its_space(self, name, mode):
        env = make(name, mode)
        env.reset(seed=SEED)
        with pytest.raises(UsageError, match="actions must be 3 rows of"):
            env.step(make(name, mode, num_envs=2).action_space.sample())


@every_environment
class TestSingle:
    def test_passes_gymnasiums_checker(self, name):
        check_env(gym.make(name).unwrapped)

    def test_is_a_batch_of_one(self, name):
        env, batch = gym.make(name), gym.make_vec(name, num_envs=1, autoreset_mode=AutoresetMode.DISABLED)
        observation, _ = env.reset(seed=SEED)
        assert same(observation, rows_of(batch.reset(seed=SEED)[0], 0))
        for actions in plan(batch, 2):
            ours, theirs = env.step(rows_of(actions, 0)), batch.step(actions)
            assert same(ours[0], rows_of(theirs[0], 0))
            assert ours[1:4] == tuple(array[0] for array in theirs[1:4])

    def test_pickles(self, name):
        env = gym.make(name)
        env.reset(seed=SEED)
        twin = pickle.loads(pickle.dumps(env))
        env.action_space.seed(SEED)
        action = env.action_space.sample()
        assert same(twin.step(action), env.step(action))


def assert_arrays_with_masks(info):
    for key, value in info.items():
        mask = value if key.startswith("_") else info[f"_{key}"]
        assert mask.dtype == np.bool_
        assert mask.shape == (N,)
        if isinstance(value, dict):
            assert_arrays_with_masks(value)
        else:
            assert isinstance(value, np.ndarray)
            assert len(value) == N
            assert value.dtype != object


def assert_same_info(ours, theirs):
    """The same keys, masks and, where the masks are set, values."""
    assert ours.keys() == theirs.keys()
    for key in ours:
        if key.startswith("_"):
            np.testing.assert_array_equal(ours[key], theirs[key])
        elif key == "final_info":
            assert_same_info(ours[key], theirs[key])
        elif key == "final_obs":
            for row in np.flatnonzero(ours[f"_{key}"]):
                assert same(rows_of(ours[key], row), theirs[key][row])
        else:
            mask = ours[f"_{key}"]
            np.testing.assert_array_equal(ours[key][mask], theirs[key][mask])
