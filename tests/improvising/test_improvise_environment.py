from dataclasses import replace

import gymnasium as gym
import numpy as np
import pytest

from tonewright.errors import UnknownNameError, UsageError
from tonewright.features.selection import select
from tonewright.improvising.corpus.corpus import Contents, Measured
from tonewright.improvising.corpus.files import write_corpus
from tonewright.improvising.environment import ImproviseEnv
from tonewright.improvising.episode_config import ImproviseConfig
from tonewright.improvising.following.phrases import Phrase
from tonewright.improvising.lookup.files import write_table
from tonewright.improvising.playing.baselines import at_random, baseline, limited
from tonewright.improvising.reward import reward

from .settings import COLUMNS, corpus, played, table

N = 16
CONFIG = ImproviseConfig(
    features_keep=("loudness_rms", "pitch", "spectral_flatness"),
    features_reward=("loudness_rms", "pitch_f0"),
    max_episode_steps=300,
)
TAKES = (("train", played(2000, seed=1)), ("test", played(90, seed=2)), ("test", played(40, seed=3)))


def env(rows=N, *, table_of=None, recorded=True, **changes):
    given = {"corpus": corpus(*TAKES)} if recorded else {}
    own = {name: changes.pop(name) for name in ("split", "phrases", "autoreset_mode") if name in changes}
    return ImproviseEnv(rows, CONFIG, table=table_of or table(side=33), **given, **own, **changes)


def run(one, policy, steps=200):
    """Mean reward, and all infos, of a policy."""
    observations, info = one.reset(seed=0)
    rewards, infos = [], [info]
    for _ in range(steps):
        observations, earned, terminated, _, info = one.step(policy(one, observations))
        assert not terminated.any()
        rewards.append(earned)
        infos.append(info)
    return np.array(rewards), infos


def test_what_is_seen():
    one = env(history=3)
    observations, _ = one.reset(seed=0)
    assert {key: value.shape[1:] for key, value in observations.items()} == {
        "own": (4,),
        "target": (4,),
        "difference": (4,),
        "own_changes": (3, 4),
        "target_changes": (3, 4),
        "controls": (2,),
    }
    seen = [observations]
    for _ in range(40):
        seen.append(one.step(one.action_space.sample())[0])
    for observations in seen:
        np.testing.assert_array_equal(
            observations["difference"], observations["target"] - observations["own"]
        )
    # Changes of 1, 2 and 4 hops: a step has two of them.
    for step in range(10, 40):
        for lag, then in ((1, step - 1), (2, step - 2)):
            for side in ("own", "target"):
                np.testing.assert_array_equal(
                    seen[step][f"{side}_changes"][:, lag], seen[step][side] - seen[then][side]
                )


def test_what_only_counts_is_not_seen():
    one = env(features_keep=("loudness_rms",))
    observations, _ = one.reset(seed=0)
    assert observations["own"].shape == (N, 1)
    assert one.reward_columns == ("loudness_rms_dbfs", "pitch_f0_hz")


def test_without_history_there_is_none():
    assert "own_changes" not in env(history=0).reset(seed=0)[0]


@pytest.mark.parametrize("kind", ["closeness", "linear", "cubic"])
def test_the_reward_is_made_of_what_info_tells(kind):
    one = env(reward_type=kind, hops_per_step=1, training_mode="static", target_noise=0.0)
    rewards, infos = run(one, at_random(), 60)
    for earned, info in zip(rewards, infos[1:], strict=True):
        np.testing.assert_allclose(earned, reward(info["distance"], kind, 0.5), rtol=1e-6)
        assert info["errors"].shape == (N, 2)
        # Loudness always counts, and where the target has a pitch, that counts as much.
        both = one.targets.presence[:, 1] > 0.999
        expected = np.sqrt(np.square(info["errors"][both]).mean(axis=1))
        np.testing.assert_allclose(info["distance"][both], expected, rtol=0.01)


def test_a_long_step_earns_the_mean_of_its_hops():
    short = env(hops_per_step=1, action_view="each", training_mode="dynamic")
    long = env(hops_per_step=4, action_view="each", training_mode="dynamic")
    for one in (short, long):
        one.reset(seed=3)
        one.action_space.seed(0)
    for _ in range(20):
        action = long.action_space.sample()
        _, earned, *_ = long.step(action)
        apart = [short.step(action)[1] for _ in range(4)]
        np.testing.assert_allclose(earned, np.mean(apart, axis=0), rtol=1e-5)
        np.testing.assert_array_equal(long.params, short.params)


def test_controls_move_by_the_step_size_and_stay_in_range():
    one = env(step_size=0.04, hops_per_step=2, action_view="each")
    one.reset(seed=0)
    before = one.params.copy()
    observations, *_ = one.step(np.tile([2, 0], (N, 1)))
    np.testing.assert_allclose(one.params[:, 0], np.minimum(before[:, 0] + 0.08, 1.0), atol=1e-6)
    np.testing.assert_allclose(one.params[:, 1], np.maximum(before[:, 1] - 0.08, 0.0), atol=1e-6)
    np.testing.assert_array_equal(observations["controls"], one.params)
    for _ in range(20):
        one.step(np.tile([2, 0], (N, 1)))
    np.testing.assert_array_equal(one.params, np.tile([1.0, 0.0], (N, 1)))


def test_the_views_are_of_the_same_moves():
    ends = []
    for view in ("joint", "each", "continuous"):
        one = env(action_view=view)
        one.reset(seed=0)
        rng = np.random.default_rng(0)
        for _ in range(10):
            *_, info = one.step(one.actions.of(rng.integers(-1, 2, (N, 2)).astype(np.float32)))
        ends.append((one.params.copy(), info["distance"]))
    for params, distance in ends[1:]:
        np.testing.assert_array_equal(params, ends[0][0])
        np.testing.assert_array_equal(distance, ends[0][1])


def test_time_limits_truncate_and_never_terminate():
    one = env(max_episode_steps=5, autoreset_mode="Disabled")
    one.reset(seed=0)
    for step in range(1, 6):
        _, _, terminated, truncated, _ = one.step(one.action_space.sample())
        assert not terminated.any()
        assert truncated.all() == (step == 5)


def test_episodes_differ_and_come_again_with_their_seed():
    one = env(recorded=False)
    first, _ = one.reset(seed=0)
    assert np.unique(first["controls"], axis=0).shape == (N, 2)
    second, _ = one.reset()
    assert not np.array_equal(first["controls"], second["controls"])
    assert not np.array_equal(first["target"], second["target"])
    again, _ = one.reset(seed=0)
    np.testing.assert_array_equal(first["target"], again["target"])


def test_training_never_plays_what_is_held_out():
    loud = np.full_like(TAKES[1][1], 0.0)
    loud[:, 0], loud[:, 1:] = -1.0, [4000.0, 1.0, 9000.0, 0.0]
    held_out = corpus(TAKES[0], ("validation", loud), ("test", loud))
    one = ImproviseEnv(
        N, CONFIG, table=table(), corpus=held_out, training_mode="corpus", max_episode_steps=20
    )
    assert len(one.targets._recorded.values) == 2000
    other = ImproviseEnv(N, CONFIG, table=table(), corpus=held_out, training_mode="corpus", split="test")
    assert one.setting.scales == other.setting.scales
    np.testing.assert_array_equal(
        other.reset(seed=0)[0]["target"][:, 0], other.targets._recorded.values[0, 0]
    )


def test_given_phrases_are_played_in_order():
    phrases = [Phrase(name, COLUMNS, frames) for name, (_, frames) in zip("ab", TAKES[1:], strict=True)]
    one = env(rows=3, phrases=phrases, hops_per_step=1)
    observations, info = one.reset(seed=5)
    np.testing.assert_array_equal(info["recording"], [0, 1, 0])
    recorded = one.setting.phrases(phrases)
    for hop in range(1, 40):
        observations, _, _, _, info = one.step(np.zeros((3, 2), np.float32))
        np.testing.assert_array_equal(observations["target"][0], recorded.values[hop, :4])
        np.testing.assert_array_equal(observations["target"][1], recorded.values[90 + hop, :4])
    assert (info["recording"] == [0, 1, 0]).all()
    # The second one has 40 frames, after which any other follows.
    one.step(np.zeros((3, 2), np.float32))
    assert one.targets.places[1] in one.targets._recorded.firsts


def test_a_random_sound_has_no_recording():
    _, info = env(training_mode="dynamic").reset(seed=0)
    assert (info["recording"] == -1).all()


def test_whoever_knows_the_table_follows_best():
    quiet = {"training_mode": "static", "target_noise": 0.0, "recorded": False}
    scores = {}
    for name in ("random", "hold", "limited"):
        one = env(**quiet)
        rewards, _ = run(one, baseline(name, one))
        scores[name] = rewards[100:].mean()
    assert scores["limited"] > 0.95
    assert scores["hold"] < 0.6
    assert scores["random"] < 0.6


def test_noise_in_the_reward_is_all_that_keeps_the_oracle_from_it():
    quiet = {"training_mode": "static", "target_noise": 0.0, "recorded": False, "side": 33}
    quiet.pop("side")
    (clean, _), (noisy, _) = (
        run(one, limited(one)) for one in (env(**quiet), env(reward_noise=1.0, **quiet))
    )
    assert clean[150:].mean() - noisy[150:].mean() > 0.1
    assert np.std(np.diff(noisy[150:], axis=0)) > 10 * np.std(np.diff(clean[150:], axis=0))


@pytest.mark.parametrize("view", ["continuous", "each", "joint"])
@pytest.mark.parametrize("kind", ["closeness", "linear", "cubic"])
def test_rewards_are_bounded(view, kind):
    rewards, infos = run(env(action_view=view, reward_type=kind, reward_noise=0.5), at_random(), 40)
    assert rewards.max() <= 1.0
    assert rewards.min() >= (-1.0 if kind == "cubic" else 0.0)
    assert all(np.isfinite(info["distance"]).all() for info in infos)


def test_rendered_and_looked_up_episodes_are_alike():
    """The same seed, the same targets and moves; the agent hears itself really, and nearly the same."""
    made = [
        ImproviseEnv(8, synth="sine", hearing=hearing, hops_per_step=1, training_mode="dynamic")
        for hearing in ("table", "render")
    ]
    assert made[0].setting.scales == made[1].setting.scales
    rewards = []
    for one in made:
        one.reset(seed=0)
        rng = np.random.default_rng(0)
        goals = np.repeat(rng.random((10, 8, 2)), 40, axis=0)
        rewards.append([one.step(one.actions.of((goal - one.params) / one.reach))[1] for goal in goals])
    np.testing.assert_array_equal(made[0].params, made[1].params)
    np.testing.assert_array_equal(made[0].targets.values, made[1].targets.values)
    looked_up, rendered = np.array(rewards)
    assert np.mean(np.abs(looked_up - rendered)) < 0.02
    assert np.corrcoef(looked_up.ravel(), rendered.ravel())[0, 1] > 0.96  # a pitch is there or not


@pytest.mark.parametrize("mode", ["SameStep", "NextStep", "Disabled"])
def test_rendering_begins_every_episode_anew(mode):
    """A row's second episode is the same whether the others begin theirs at the same time or not."""

    def second(rows, masks):
        one = ImproviseEnv(
            rows, synth="sine", hearing="render", max_episode_steps=6, autoreset_mode=mode, history=0
        )
        one.reset(seed=3)
        seen = []
        for step in range(10):
            if masks and step == 2 and rows > 1:
                one.reset(options={"reset_mask": np.arange(rows) == 1})
            observations, *_, over, _ = one.step(np.full((rows, 2), 0.3, np.float32))
            if mode == "Disabled" and over.any():
                observations, _ = one.reset(options={"reset_mask": over})
            seen.append(observations["own"][0])
        return np.array(seen)

    alone = second(1, masks=False)
    np.testing.assert_array_equal(second(3, masks=False), alone)
    np.testing.assert_array_equal(second(3, masks=True), alone)


def test_gymnasium_makes_it_with_nothing_on_the_disk():
    one = gym.make_vec("tonewright/Improvise-v0", num_envs=2, synth="fm", features_reward=("loudness_rms",))
    observations, _ = one.reset(seed=0)
    assert observations["controls"].shape == (2, 4)
    assert one.setting.mixture == (1.0, 1.0, 2.0)
    assert set(one.targets.kinds) <= {0, 1}  # without a corpus


def test_a_corpus_that_is_missing():
    with pytest.raises(UsageError, match="training_mode 'corpus' plays recordings alone; got no corpus"):
        ImproviseEnv(2, CONFIG, table=table(), training_mode="corpus")
    with pytest.raises(UsageError, match="training_mode 'mixed' plays recordings alone; got no corpus"):
        ImproviseEnv(2, CONFIG, table=table(), mixture=(0.0, 0.0, 1.0))


def test_table_and_corpus_may_be_named_by_their_files(tmp_path):
    write_table(tmp_path / "table.parquet", table(side=33))
    takes = corpus(*TAKES)
    measured = tuple(map(Measured.of, select(takes.descriptors)))
    contents = Contents(takes.framing, measured, takes.files, (), (34, 33, 33), 0, "1")
    write_corpus(tmp_path / "corpus.parquet", contents, lambda file: takes.values[file.rows])
    named = ImproviseEnv(
        N, CONFIG, table=tmp_path / "table.parquet", corpus=str(tmp_path / "corpus.parquet"), split="test"
    )
    assert named.config.table == str(tmp_path / "table.parquet")
    rewards = [run(one, at_random(), 50)[0] for one in (named, env(split="test"))]
    np.testing.assert_allclose(*rewards, rtol=1e-6)


def test_slopes_may_be_heard_too():
    one = ImproviseEnv(
        2,
        synth="sine",
        hearing="render",
        features_keep=("loudness_rms_delta", "chroma_a_delta"),
        features_reward=("loudness_rms",),
        hops_per_step=1,
        history=0,
    )
    assert one.setting.scales.kinds[:2] == ("linear", "linear")
    one.reset(seed=0)
    rises = [one.step(np.tile([0.0, 1.0], (2, 1)).astype(np.float32))[0]["own"] for _ in range(5)]
    assert (np.array(rises)[1:, :, 0] > 0.2).all()


def test_unknown_arguments_are_told_with_the_nearest():
    with pytest.raises(UnknownNameError, match="did you mean 'step_size'"):
        ImproviseEnv(2, stepsize=0.1)
    with pytest.raises(UnknownNameError, match="did you mean 'granular'"):
        ImproviseEnv(2, synth="granlar")
    assert replace(CONFIG, step_size=0.1).step_size == 0.1


def test_what_is_seen_is_enough_to_follow():
    """On a synth whose controls are pitch and level, a policy that reads the difference alone does well."""
    one = env(training_mode="dynamic", recorded=False)
    names = one.setting.keep.columns
    pitch, level = names.index("pitch_f0_hz"), names.index("loudness_rms_dbfs")
    # Controls of the table: four octaves of pitch, 40 dB of level.
    scale = np.array([one.setting.scales.spreads[pitch] / 4, one.setting.scales.spreads[level] / 40])
    rewards = {}
    for gain in (0.0, 0.3):
        observations, _ = one.reset(seed=0)
        earned = []
        for _ in range(200):
            off = observations["difference"][:, [pitch, level]] * scale
            observations, reward_of_step, *_ = one.step(one.actions.of(gain * off / one.reach))
            earned.append(reward_of_step.mean())
        rewards[gain] = np.mean(earned)
    followed, _ = run(one, limited(one))
    assert rewards[0.0] < 0.6
    # Three quarters of the way from holding still to the oracle.
    assert rewards[0.3] - rewards[0.0] > 0.75 * (followed.mean() - rewards[0.0])
