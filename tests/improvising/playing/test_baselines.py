import numpy as np
import pytest

from tonewright.errors import UnknownNameError
from tonewright.improvising.environment import ImproviseEnv
from tonewright.improvising.guide import Guide
from tonewright.improvising.listening.normalising import Normaliser
from tonewright.improvising.playing.baselines import BASELINES, baseline, proportional
from tonewright.improvising.playing.performing import perform

from .. import settings

KEPT = ("loudness_rms", "pitch_f0", "spectral_centroid")


@pytest.fixture(scope="module")
def env() -> ImproviseEnv:
    return ImproviseEnv(
        16, table=settings.table(side=9), features_keep=KEPT, training_mode="dynamic", target_noise=0.0,
        max_episode_steps=1000,
    )  # fmt: skip


class TestGuide:
    def test_finds_the_point_that_earns_most(self, env: ImproviseEnv) -> None:
        guide, table = Guide(env.setting), env.setting.table
        values, presence = Normaliser(env.setting.scales, table.columns)(table.means)
        sounding = np.flatnonzero(presence.min(axis=1) > 0)
        goals = guide.goals(values[sounding], presence[sounding])
        np.testing.assert_array_equal(goals, table.params[sounding])

    def test_what_the_target_does_not_have_does_not_count(self, env: ImproviseEnv) -> None:
        table = env.setting.table
        values, presence = Normaliser(env.setting.scales, table.columns)(table.means)
        there = np.zeros_like(presence)
        level = env.setting.scales.columns.index("loudness_rms_dbfs")
        there[:, level] = 1.0
        values[:, [c for c in range(values.shape[1]) if c != level]] = 3.0
        goals = Guide(env.setting).goals(values, there)
        np.testing.assert_array_equal(goals[:, 1], table.params[:, 1])  # amplitude

    def test_weights_decide(self) -> None:
        table = settings.table(side=9)
        wanted = np.array([[-2.0, 2.0]], np.float32)  # soft, and high
        goals = {}
        for weights in ((1.0, 1e-3), (1e-3, 1.0)):
            env = ImproviseEnv(
                1, table=table, features_keep=KEPT, features_reward=("loudness_rms", "pitch_f0"),
                reward_weights=weights, training_mode="static",
            )  # fmt: skip
            values = np.zeros((1, len(env.setting.scales.columns)), np.float32)
            values[:, env.setting.counted] = wanted
            goals[weights] = Guide(env.setting).goals(values, np.ones_like(values))[0]
            own = Normaliser(env.setting.scales, table.columns)(table.means)[0][:, env.setting.counted]
            squares = (np.array(env.setting.reward.weights) * (own - wanted) ** 2).sum(axis=1)
            np.testing.assert_array_equal(goals[weights], table.params[squares.argmin()])


class TestPlayers:
    def test_all_there_are(self, env: ImproviseEnv) -> None:
        for name in BASELINES:
            observations, _ = env.reset(seed=0)
            assert env.action_space.contains(baseline(name, env)(env, observations))
        with pytest.raises(UnknownNameError, match="baseline"):
            baseline("mirror", env)

    def test_the_better_informed_earn_more(self, env: ImproviseEnv) -> None:
        reward = {name: perform(env, baseline(name, env), 600).rewards.mean() for name in BASELINES}
        assert reward["hold"] < 0.5 < reward["proportional"] < reward["limited"] < reward["nearest"] + 0.01
        assert reward["random"] < 0.5

    def test_hold_holds_and_nobody_but_the_oracle_breaks_the_step_limit(self, env: ImproviseEnv) -> None:
        for name in BASELINES:
            controls = perform(env, baseline(name, env), 100).controls.astype(np.float64)
            moved = np.abs(np.diff(controls, axis=1)).max()
            limit = {"hold": 0.0, "nearest": 1.0}.get(name, env.config.step_size)
            assert moved <= limit + 1e-6, name
        assert moved > 0

    @pytest.mark.parametrize("gain", [0.1, 0.5])
    def test_a_proportional_controller_goes_a_share_of_the_way(self, env: ImproviseEnv, gain: float) -> None:
        observations, _ = env.reset(seed=4)
        goals = Guide(env.setting).goals(env.targets.values, env.targets.presence)
        actions = proportional(env, gain)(env, observations)
        np.testing.assert_allclose(
            actions, np.clip(gain * (goals - env.params) / env.reach, -1, 1), atol=1e-6
        )

    @pytest.mark.parametrize("view", ["each", "joint"])
    def test_they_play_in_every_view(self, view: str) -> None:
        env = ImproviseEnv(
            8, table=settings.table(side=9), features_keep=KEPT, training_mode="static", action_view=view,
            target_noise=0.0,
        )  # fmt: skip
        played = perform(env, baseline("limited", env), 200)
        assert played.rewards[:, -50:].mean() > 0.7
        assert played.rewards[:, :2].mean() < 0.5
