import numpy as np

from tonewright.improvising.environment import ImproviseEnv
from tonewright.improvising.hearing import FRAMING, HOP
from tonewright.improvising.playing.baselines import baseline
from tonewright.improvising.playing.performing import perform
from tonewright.improvising.reward import reward

from .. import settings

CHANGES = {"features_keep": settings.HEARD, "training_mode": "dynamic", "max_episode_steps": 1000}


def test_every_hop_is_kept_and_everybody_follows_the_same() -> None:
    env = ImproviseEnv(4, table=settings.table(), hops_per_step=3, **CHANGES)
    first, second = (perform(env, baseline(name, env), 31) for name in ("hold", "random"))
    for played in (first, second):
        assert played.controls.shape == (4, 34, 2)  # whole steps of three hops, after the beginning
        assert played.own.shape == played.target.shape == (4, 34, len(played.columns))
        np.testing.assert_array_equal(
            played.rewards, reward(played.distances, "closeness", env.config.reward_scale)
        )
    np.testing.assert_array_equal(first.target, second.target)
    np.testing.assert_array_equal(first.controls[:, 0], second.controls[:, 0])
    assert (first.controls == first.controls[:, :1]).all()
    again = perform(env, baseline("random", env), 31)
    np.testing.assert_array_equal(again.controls, second.controls)


def test_the_sound_is_what_the_agent_heard_of_itself() -> None:
    env = ImproviseEnv(2, hearing="render", **CHANGES)
    played = perform(env, baseline("limited", env), 200)
    synth = env.setting.synth
    sound = played.sound(synth, 1)
    assert len(sound) == played.controls.shape[1] * HOP
    # RMS of the last window, measured here, is the level that was heard in the loop.
    level = played.columns.index("loudness_rms_dbfs")
    scales = env.setting.scales
    for hop in (50, 120, 200):
        end = (hop + 1) * HOP
        rms = np.sqrt((sound[end - FRAMING.window : end].astype(np.float64) ** 2).mean())
        heard = played.own[1, hop, level] * scales.spreads[level] + scales.medians[level]
        if -60 < heard < 0 and abs(played.own[1, hop, level]) < 3:
            assert abs(20 * np.log10(rms) - heard) < 0.5  # the phase is another
