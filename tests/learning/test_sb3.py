"""Our environments as those of Stable-Baselines3, against its own vector environment."""

import subprocess
import sys

import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.vector import AutoresetMode
from gymnasium.wrappers import FlattenObservation

from tonewright.errors import UsageError
from tonewright.learning import BatchEnv, SingleEnv
from tonewright.learning.probes import CopyProbe, CreditProbe, HybridProbe, MaskProbe

pytest.importorskip("stable_baselines3")

from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import DummyVecEnv

from tonewright.learning.sb3 import FlatActions, Nudges, SB3VecEnv

N = 4


class Reach(BatchEnv):
    """Go to 0, by moves of at most 1 along two axes; there it ends."""

    def __init__(self, num_envs=1, *, max_episode_steps=3, **kwargs):
        place, move = spaces.Dict({"place": spaces.Box(-9, 9, (2,))}), spaces.Box(-1, 1, (2,))
        super().__init__(num_envs, place, move, max_episode_steps=max_episode_steps, **kwargs)
        self.place = np.zeros((num_envs, 2), np.float32)

    def distance(self):
        return np.abs(self.place).max(axis=1)

    def _begin(self, rows):
        for row in rows:
            self.place[row] = self.rngs[row].uniform(-1, 1, 2)

    def _advance(self, actions, rows):
        self.place[rows] += actions[rows]
        return -self.distance(), self.distance() < 0.3

    def _observe(self):
        return {"place": self.place.copy()}

    def _info(self):
        return {"distance": self.distance()}


class TestStep:
    @pytest.mark.parametrize("make", [Reach, CopyProbe, CreditProbe, MaskProbe])
    def test_says_what_its_own_says_around_single_environments(self, make):
        ours = SB3VecEnv(make(N, max_episode_steps=3))
        theirs = DummyVecEnv([lambda: FlattenObservation(SingleEnv(make, max_episode_steps=3))] * N)
        for env in (ours, theirs):
            env.seed(7)
        np.testing.assert_array_equal(ours.reset(), theirs.reset())
        ours.action_space.seed(1)
        for _ in range(12):
            actions = np.stack([ours.action_space.sample() for _ in range(N)])
            *mine, infos = ours.step(actions)
            *others, other_infos = theirs.step(actions)
            for array, other in zip(mine, others, strict=True):
                np.testing.assert_array_equal(array, other)
                assert array.dtype == other.dtype
            for info, other in zip(infos, other_infos, strict=True):
                np.testing.assert_equal(info, other)
        for info, other in zip(ours.reset_infos, theirs.reset_infos, strict=True):
            np.testing.assert_equal(info, other)

    def test_time_is_told_from_an_end(self):
        env = SB3VecEnv(MaskProbe(1, max_episode_steps=2))
        env.reset()
        ends = [env.step(np.array([pair])) for pair in ([0, 0], [0, 0], [2, 0])]
        assert [dones[0] for _, _, dones, _ in ends] == [False, True, True]
        assert [infos[0]["TimeLimit.truncated"] for *_, infos in ends] == [False, True, False]
        assert ["terminal_observation" in infos[0] for *_, infos in ends] == [False, True, True]

    def test_a_seed_is_used_once(self):
        env = SB3VecEnv(CopyProbe(64))
        env.seed(3)
        first, second = env.reset(), env.reset()
        assert (first != second).any()
        env.seed(3)
        np.testing.assert_array_equal(env.reset(), first)

    @pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.DISABLED])
    def test_refuses_other_autoreset_modes(self, mode):
        with pytest.raises(UsageError, match=f"autoreset_mode 'SameStep'; got '{mode.value}'"):
            SB3VecEnv(CopyProbe(N, autoreset_mode=mode))


class TestWholeBatch:
    def test_attributes_and_methods_are_those_of_the_batch(self):
        env = SB3VecEnv(Reach(N))
        env.reset()
        assert env.get_attr("max_episode_steps") == [3] * N
        assert env.get_attr("max_episode_steps", [0, 2]) == [3, 3]
        env.set_attr("max_episode_steps", 5)
        assert env.env.max_episode_steps == 5
        (distances,) = env.env_method("distance", indices=1)
        np.testing.assert_array_equal(distances, env.env.distance())
        assert env.env_is_wrapped(Monitor) == [False] * N
        assert not env.has_attr("missing")

    def test_closes_it(self):
        env = SB3VecEnv(Reach(N))
        env.close()
        assert env.env.closed


class TestFlatActions:
    @pytest.mark.parametrize(
        "space", [spaces.Discrete(3), spaces.Box(-2, 5, (2,)), spaces.MultiDiscrete([2, 3])], ids=str
    )
    def test_leaves_simple_spaces_alone(self, space):
        actions = np.array([space.sample()])
        flat = FlatActions(space)
        assert flat.space is space
        assert flat.to_env(actions) is actions

    def test_the_largest_number_picks_the_module(self):
        flat = FlatActions(HybridProbe().single_action_space)
        assert flat.space == spaces.Box(-1, 1, (5,))
        actions = flat.to_env(np.array([[0.1, -1, 0.2, 0.5, -1], [0, 1, 0, 0.25, 1]], np.float32))
        assert actions["module"].tolist() == [2, 1]
        assert actions["deltas"].tolist() == [[0.5, -1], [0.25, 1]]

    def test_nested_parts_follow_each_other(self):
        parts = [spaces.MultiDiscrete([2, 3]), spaces.Dict({"gain": spaces.Box(0, 8, (1,))})]
        flat = FlatActions(spaces.Tuple(parts))
        assert flat.space.shape == (6,)
        pair, rest = flat.to_env(np.array([[0, 1, 0, 0, 1, 0.5]], np.float32))
        assert pair.tolist() == [[1, 2]]
        assert rest["gain"].tolist() == [[6]]


class TestNudges:
    def test_each_moves_one_dimension_one_way(self):
        nudges = Nudges(spaces.Box(-1, 1, (2,)), 0.25)
        assert nudges.space == spaces.Discrete(4)
        moves = nudges.to_env(np.arange(4))
        assert moves.tolist() == [[-0.25, 0], [0.25, 0], [0, -0.25], [0, 0.25]]
        assert moves.dtype == np.float32

    def test_reach_the_environment(self):
        env = SB3VecEnv(Reach(N), Nudges(Reach().single_action_space, 0.5))
        before = env.reset()
        env.env._begin = lambda rows: None  # what ends stays where it is
        after = env.step(np.arange(4))[0]
        np.testing.assert_allclose(after - before, [[-0.5, 0], [0.5, 0], [0, -0.5], [0, 0.5]], atol=1e-6)

    @pytest.mark.parametrize("space", [spaces.Discrete(2), spaces.Box(-1, 1, (2, 2))], ids=str)
    def test_refuse_other_spaces(self, space):
        with pytest.raises(UsageError, match="need a Box action space of one axis"):
            Nudges(space, 0.1)

    @pytest.mark.parametrize("step", [0, -0.1, 1.5, float("nan")])
    def test_refuse_steps_out_of_bounds(self, step):
        with pytest.raises(UsageError, match=f"above 0 and stay within .*; got step={step}"):
            Nudges(spaces.Box(-1, 1, (2,)), step)


def test_importing_it_stays_light():
    code = "import sys, tonewright.learning.sb3; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("name", ["SB3VecEnv", "train_sb3"])
def test_a_missing_library_is_named(name):
    code = f"import sys; sys.modules['stable_baselines3'] = None; from tonewright.learning.sb3 import {name}"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "pip install -c constraints.txt -e '.[train]'" in run.stderr
