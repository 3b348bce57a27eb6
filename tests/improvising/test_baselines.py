import numpy as np
import pytest

from tonewright.errors import UsageError
from tonewright.improvising.baselines import Follow, Hold, RandomMoves
from tonewright.improvising.environment import ImproviseEnv
from tonewright.improvising.episode_config import ImproviseConfig

from .settings import table

TABLE = table(side=9)
CONFIG = ImproviseConfig(
    features_keep=("loudness_rms", "pitch_f0"),
    features_reward=("loudness_rms", "pitch_f0"),
    training_mode="static",
    target_noise=0.0,
    hops_per_step=1,
)


def env(**changes):
    one = ImproviseEnv(32, CONFIG, table=TABLE, **changes)
    one.reset(seed=0)
    return one


def test_holding_moves_nothing():
    one = env(action_view="each")
    before = one.params.copy()
    one.step(Hold().act(one, {}))
    np.testing.assert_array_equal(one.params, before)


def test_random_moves_come_again_with_their_seed():
    one = env()
    moves = RandomMoves(3).act(one, {})
    np.testing.assert_array_equal(moves, RandomMoves(3).act(one, {}))
    assert not np.array_equal(moves, RandomMoves(4).act(one, {}))
    assert -1 <= moves.min() < -0.8
    assert 0.8 < moves.max() <= 1


def test_the_goal_is_the_nearest_point_as_the_reward_hears_it():
    one = env()
    goals = Follow().goals(one)
    counted = one.setting.counted
    own = ImproviseEnv(len(TABLE), CONFIG, table=TABLE).own
    own.begin(np.arange(len(TABLE)), TABLE.params, np.zeros(len(TABLE), np.uint64))
    off = own.values[None, :, counted] - one.targets.values[:, None, counted]
    distances = np.sum(one.targets.presence[:, None, counted] * off**2, axis=2)
    nearest = TABLE.params[distances.argmin(axis=1)]
    audible = one.targets.presence[:, 1] > 0.9
    np.testing.assert_array_equal(goals[audible], nearest[audible])


def test_a_step_goes_the_share_of_the_way_that_the_gain_says():
    one = env(step_size=1.0)
    goals, before = Follow().goals(one), one.params.copy()
    one.step(Follow(0.25).act(one, {}))
    np.testing.assert_allclose(one.params, before + 0.25 * (goals - before), atol=1e-6)
    one.step(Follow(1.0).act(one, {}))
    np.testing.assert_allclose(one.params, goals, atol=1e-6)


def test_several_hops_go_as_far_as_one_after_the_other():
    one = env(step_size=1.0, hops_per_step=2)
    goals, before = Follow().goals(one), one.params.copy()
    one.step(Follow(0.5).act(one, {}))
    np.testing.assert_allclose(one.params, before + 0.75 * (goals - before), atol=1e-6)


def test_the_step_size_limits_whoever_knows_the_way():
    one = env(step_size=0.05)
    before = one.params.copy()
    one.step(Follow().act(one, {}))
    assert np.abs(one.params - before).max() == pytest.approx(0.05, abs=1e-6)


@pytest.mark.parametrize("view", ["each", "joint"])
def test_they_act_in_every_view(view):
    one = env(action_view=view)
    goals = Follow().goals(one)
    for _ in range(40):
        one.step(Follow().act(one, {}))
    # As near as whole steps of 0.05 come.
    assert np.abs(one.params - goals).max() <= 0.025 + 1e-6


@pytest.mark.parametrize("gain", [0.0, 1.5, float("nan")])
def test_impossible_gains(gain):
    with pytest.raises(UsageError, match="gain is a number above 0 and up to 1"):
        Follow(gain)


def test_one_policy_may_follow_several_tables():
    policy, first, second = Follow(), env(), env(features_reward=("loudness_rms",))
    goals = policy.goals(first)
    policy.goals(second)
    np.testing.assert_array_equal(policy.goals(first), goals)
