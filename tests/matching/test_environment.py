import pickle

import gymnasium as gym
import numpy as np
import pytest

from tonewright.distances import training_loss
from tonewright.errors import UnknownNameError, UsageError
from tonewright.matching.environment import GUARDS, MatchEnv
from tonewright.matching.episode_config import EpisodeConfig
from tonewright.matching.episodes import Drawn
from tonewright.matching.networks.starts import Proposed

N = 8


def split(env: MatchEnv, flat: np.ndarray) -> object:
    if env.config.action_view == "all":
        return flat
    return {"module": flat[:, 0].astype(int), "deltas": flat[:, 1:]}


def still(env: MatchEnv) -> object:
    """The action that changes nothing."""
    return split(env, np.zeros((env.num_envs, 5 if env.config.action_view == "modules" else 24), np.float32))


@pytest.mark.parametrize("view", ["modules", "all"])
def test_who_knows_the_preset_reaches_it(view: str) -> None:
    env = MatchEnv(N, action_view=view, autoreset_mode="Disabled")
    _, info = env.reset(seed=0)
    start, earned, counts = info["loss"], np.zeros(N), np.ones(N, bool)
    for _ in range(40):
        _, rewards, terminated, truncated, info = env.step(split(env, info["demonstration"]))
        assert not truncated.any()
        earned += rewards * counts
        # Improvement from start to end, and the bonus.
        ends = counts & terminated
        np.testing.assert_allclose(earned[ends], (start - info["loss"] + 0.5)[ends], atol=1e-5)
        counts &= ~terminated
        if not counts.any():
            break
        if terminated.any():
            _, info = env.reset(options={"reset_mask": terminated})
    assert not counts.any()


def test_the_loss_is_that_of_what_is_rendered() -> None:
    env = MatchEnv(N)
    _, info = env.reset(seed=1)
    for _ in range(3):
        _, _, _, _, info = env.step(env.action_space.sample())
    expected = training_loss(env.target.audio, env.render(), 16_000)
    np.testing.assert_allclose(info["loss"], expected.total, rtol=1e-5)


def test_the_parts_of_the_reward_add_up_to_it_and_the_guards_are_those_of_the_loss() -> None:
    env = MatchEnv(N, autoreset_mode="NextStep")
    env.reset(seed=2)
    env.action_space.seed(0)
    guards = None
    for _ in range(5):
        _, rewards, _, _, info = env.step(env.action_space.sample())
        parts = info["reward_improvement"] + info["reward_guards"] + info["reward_bonus"]
        np.testing.assert_array_equal(rewards, parts.astype(np.float32))
        terms = training_loss(env.target.audio, env.render(), 16_000)
        now = sum(env.loss.weights.shares()[name] * terms[name] for name in GUARDS)
        if guards is not None:
            np.testing.assert_allclose(info["reward_guards"], guards - now, atol=1e-6)
        guards = now


def test_doing_nothing_earns_nothing_until_time_is_up() -> None:
    env = MatchEnv(N, max_episode_steps=4, autoreset_mode="Disabled")
    _, info = env.reset(seed=3)
    start = info["loss"]
    for step in range(4):
        _, rewards, terminated, truncated, info = env.step(still(env))
        np.testing.assert_array_equal(rewards, 0.0)
        np.testing.assert_array_equal(info["loss"], start)
        assert not terminated.any()
        assert truncated.all() == (step == 3)


def test_an_observation_tells_both_sounds_and_their_difference() -> None:
    env = MatchEnv(N)
    observation, info = env.reset(seed=4)
    np.testing.assert_allclose(
        observation["difference"], observation["current"] - observation["target"], atol=1e-6
    )
    neutral = env.synth.controls.snap(env.synth.controls.defaults())
    np.testing.assert_array_equal(observation["controls"], np.tile(neutral, (N, 1)))
    np.testing.assert_array_equal(observation["steps_left"], 1.0)
    weights = np.array(list(env.loss.weights.shares().values()))
    np.testing.assert_allclose(observation["loss_terms"] @ weights, info["loss"], atol=1e-5)


def test_a_warm_start_begins_where_it_is_told() -> None:
    def cheat(drawn: Drawn, rngs: list[np.random.Generator]) -> np.ndarray:
        return drawn.params

    env = MatchEnv(N, warm_start=cheat)
    observation, info = env.reset(seed=5)
    np.testing.assert_array_equal(info["loss"], 0.0)
    np.testing.assert_array_equal(observation["difference"], 0.0)
    _, rewards, terminated, _, _ = env.step(still(env))
    assert terminated.all()
    np.testing.assert_allclose(rewards, 0.5)


def test_a_warm_start_from_the_estimator_begins_far_nearer() -> None:
    settings = {"num_envs": 32, "seconds": 1.0, "notes": (48.0, 72.0), "gates_seconds": (0.5, 1.0)}
    warm = MatchEnv(**settings, warm_start=Proposed())
    cold = MatchEnv(**settings)
    _, of_cold = cold.reset(seed=4)
    _, of_warm = warm.reset(seed=4)
    np.testing.assert_array_equal(warm.target.params, cold.target.params)
    assert of_warm["loss"].mean() < 0.75 * of_cold["loss"].mean()
    controls = warm.params.copy()
    again = pickle.loads(pickle.dumps(warm))
    again.reset(seed=4)
    np.testing.assert_array_equal(again.params, controls)


def test_a_warm_start_leaves_neutral_what_its_stage_does_not_expose() -> None:
    env = MatchEnv(N, seconds=0.2, warm_start=Proposed(), stage="oscillators")
    env.reset(seed=4)
    exposed = env.stage.exposed(env.synth)
    neutral = env.synth.controls.snap(env.synth.controls.defaults())
    np.testing.assert_array_equal(env.params[:, ~exposed], np.tile(neutral[~exposed], (N, 1)))
    assert (env.params[:, exposed] != neutral[exposed]).any(axis=1).all()


def test_a_stage_holds_still_what_it_does_not_expose() -> None:
    env = MatchEnv(N, stage="oscillators", action_view="all", max_episode_steps=1000)
    assert env.stage_names == ["oscillators", "filter", "envelopes", "lfo"]
    assert env.exposed_modules.sum() == 5
    env.reset(seed=6)
    env.action_space.seed(1)
    for _ in range(5):
        env.step(env.action_space.sample())
    exposed = env.stage.exposed(env.synth)
    neutral = env.synth.controls.snap(env.synth.controls.defaults())
    np.testing.assert_array_equal(env.params[:, ~exposed], np.tile(neutral[~exposed], (N, 1)))
    np.testing.assert_array_equal(env.target.params[:, ~exposed], np.tile(neutral[~exposed], (N, 1)))
    env.set_stage("filter")
    assert env.exposed_modules.sum() == 6


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"seconds": 5.0}, "seconds is a number from 0.05 to 4; got 5.0"),
        ({"targets": "nowhere"}, "folder of sounds"),
    ],
)
def test_nonsense_is_refused(wrong: dict[str, object], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        MatchEnv(2, **wrong)


def test_a_configuration_and_fields_by_name_lead_to_the_same_episodes() -> None:
    config = EpisodeConfig(seconds=0.2, stage="filter", max_episode_steps=3, start_near=1.0)
    by_name = gym.make_vec(
        "tonewright/Match-v0", num_envs=2, seconds=0.2, stage="filter", max_episode_steps=3, start_near=1.0
    )
    changed = MatchEnv(
        2, EpisodeConfig(seconds=4.0, stage="filter", start_near=1.0), seconds=0.2, max_episode_steps=3
    )
    expected, _ = MatchEnv(2, config).reset(seed=1)
    for env in (by_name, changed):
        assert env.config == config
        observations, _ = env.reset(seed=1)
        for name, values in expected.items():
            np.testing.assert_array_equal(observations[name], values)


def test_an_unknown_stage_is_refused() -> None:
    with pytest.raises(UnknownNameError):
        MatchEnv(2, stage="everything")


def test_episodes_may_start_near_the_target() -> None:
    env = MatchEnv(64, start_near=0.5)
    observation, info = env.reset(seed=7)
    neutral = env.synth.controls.snap(env.synth.controls.defaults())
    from_neutral = (observation["controls"] == neutral).all(axis=1)
    assert 20 < from_neutral.sum() < 44
    off = np.abs(env.params - env.target.params).mean(axis=1)[~from_neutral]
    assert off.min() < 0.03
    assert off.max() > 0.1
    assert info["loss"][~from_neutral].mean() < info["loss"][from_neutral].mean()


def test_starts_near_the_target_leave_alone_what_a_stage_does_not_expose() -> None:
    env = MatchEnv(32, start_near=1.0, stage="oscillators")
    env.reset(seed=8)
    hidden = ~env.stage.exposed(env.synth)
    np.testing.assert_array_equal(env.params[:, hidden], env.target.params[:, hidden])
    assert not np.array_equal(env.params, env.target.params)


def test_what_is_heard_ends_with_the_target() -> None:
    env = MatchEnv(16, durations_s=(0.1, 0.3))
    env.reset(seed=9)
    for row, sound in enumerate(env.render()):
        end = round(env.target.seconds[row] * 16_000)
        assert sound[: end - 160].any()
        assert not sound[end:].any()


def test_the_controls_of_the_best_sound_are_told() -> None:
    env = MatchEnv(N, action_view="all", max_episode_steps=6)
    _, info = env.reset(seed=10)
    env.action_space.seed(3)
    target = env.target.take(range(N))
    for _ in range(6):
        _, _, _, truncated, info = env.step(env.action_space.sample())
    assert truncated.all()
    last = info["final_info"]
    sounds = env.sounds(last["best_controls"], target)
    np.testing.assert_allclose(
        training_loss(target.audio, sounds, 16_000).total, last["best_loss"], rtol=1e-5
    )
