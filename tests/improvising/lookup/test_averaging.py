"""Which frames count, and what is made of them: against sounds of which that is known."""

import numpy as np
import pytest

from tonewright.features import hear
from tonewright.improvising.hearing import DESCRIPTORS, FRAMING
from tonewright.improvising.lookup.averaging import SETTLE_S, Averager

RATE_HZ = FRAMING.sample_rate_hz
TIME_S = np.arange(round(0.8 * RATE_HZ)) / RATE_HZ


def tone(frequency_hz, amplitude=0.5):
    return (amplitude * np.sin(2 * np.pi * frequency_hz * TIME_S)).astype(np.float32)


def averaged(sound, descriptors=DESCRIPTORS):
    """Means and spreads by column, and the share of frames that sound."""
    averager = Averager(FRAMING, descriptors)
    means, spreads, share = averager(np.atleast_2d(sound))
    names = [column for one in averager.descriptors for column in one.columns]
    assert means.shape == spreads.shape == (len(np.atleast_2d(sound)), len(names))
    assert np.isfinite(means).all()
    assert np.isfinite(spreads).all()
    assert (spreads >= 0).all()
    return (
        dict(zip(names, means[0].tolist(), strict=True)),
        dict(zip(names, spreads[0].tolist(), strict=True)),
        share[0],
    )


def test_steady_tone_reads_as_every_one_of_its_frames():
    sound = tone(440)
    means, spreads, share = averaged(sound)
    assert share == 1
    assert means["pitch_f0_hz"] == pytest.approx(440, rel=1e-4)
    assert means["loudness_rms_dbfs"] == pytest.approx(20 * np.log10(0.5) - 3.01, abs=0.05)
    assert means["sinusoid_01_hz"] == pytest.approx(440, rel=1e-3)
    assert means["chroma_a"] == pytest.approx(1, abs=5e-3)
    heard = hear(sound, RATE_HZ, DESCRIPTORS, window=FRAMING.window, hop=FRAMING.hop)
    for i, name in enumerate(heard.names):
        settled = heard.values[0, 90:-1, i].astype(float)  # momentary loudness has a window of 69 hops
        assert means[name] == pytest.approx(settled.mean(), abs=0.1 * np.ptp(settled) + 1e-4), name
        assert spreads[name] <= np.ptp(settled) + 1e-4, name


def test_attack_does_not_count():
    """A burst that ends `SETTLE_S` after the beginning leaves no trace in any column."""
    sound = tone(440)
    burst = np.where(TIME_S < SETTLE_S - 1 / RATE_HZ, 0.9 * np.sign(sound), 0).astype(np.float32)
    with_attack, without = averaged(burst + tone(330)), averaged(tone(330))
    for name, value in without[0].items():
        # The filter of momentary loudness rings on.
        assert with_attack[0][name] == pytest.approx(value, abs=2e-3 if "momentary" in name else 1e-5), name


def test_last_hop_is_not_filled_with_silence():
    sound = tone(440)[: round(0.5 * RATE_HZ)]
    assert len(sound) % FRAMING.hop
    assert averaged(sound)[1]["loudness_rms_dbfs"] < 0.05


def test_silence_reads_as_silence():
    means, spreads, share = averaged(np.zeros(len(TIME_S), np.float32))
    assert share == 0
    assert means["loudness_rms_dbfs"] == means["sinusoid_01_dbfs"] == -100
    for name in ("pitch_f0_hz", "spectral_centroid_hz", "chroma_a", "sinusoid_01_hz", "zero_crossing_rate"):
        assert means[name] == 0, name
    assert max(spreads.values()) == 0


def test_gaps_count_for_loudness_and_not_for_brightness():
    """Half of the frames are silent: the level is a mean of both, the timbre that of the tone."""
    gate = (TIME_S // 0.1 % 2 == 0).astype(np.float32)
    means, spreads, share = averaged(tone(2_000) * gate)
    steady = averaged(tone(2_000))[0]
    assert 0.4 < share < 0.75
    level = share * steady["loudness_rms_dbfs"] + (1 - share) * -100
    assert means["loudness_rms_dbfs"] == pytest.approx(level, abs=8)
    assert spreads["loudness_rms_dbfs"] > 30
    assert means["spectral_centroid_hz"] == pytest.approx(2_000, rel=0.1)
    assert means["pitch_f0_hz"] == pytest.approx(2_000, rel=0.01)
    assert means["sinusoid_01_hz"] == pytest.approx(2_000, rel=0.05)


def test_pitch_is_that_of_the_frames_that_have_one():
    """0 Hz in a third of the frames does not pull the mean down; where most have none, there is none."""
    noise = np.random.default_rng(0).uniform(-0.3, 0.3, len(TIME_S)).astype(np.float32)
    third = (TIME_S // 0.1 % 3 == 2).astype(np.float32)
    assert averaged(np.where(third, noise, tone(300)))[0]["pitch_f0_hz"] == pytest.approx(300, rel=0.01)
    means, spreads, _ = averaged(noise)
    assert means["pitch_f0_hz"] == spreads["pitch_f0_hz"] == 0
    assert means["pitch_confidence"] < 0.3


def test_spread_is_the_deviation_over_time():
    """A level that goes up and down by sine, 4 times a second and ±6 dB, deviates by 6/√2."""
    sound = tone(1_000, 0.25) * 10 ** (6 * np.sin(2 * np.pi * 10 * TIME_S) / 20)
    settled = averaged(sound.astype(np.float32), ["loudness_rms"])[1]["loudness_rms_dbfs"]
    assert settled == pytest.approx(6 / np.sqrt(2), rel=0.1)


def test_slopes_are_averaged_over_all_frames():
    rising = tone(500, 0.05) * 10 ** (20 * TIME_S / 20)  # 20 dB a second
    means, _, _ = averaged(rising.astype(np.float32), ["loudness_rms_delta"])
    assert means["loudness_rms_dbfs_delta"] == pytest.approx(20, rel=0.02)


def test_values_do_not_depend_on_the_batch():
    rng = np.random.default_rng(0)
    sounds = np.stack([tone(f) + rng.uniform(-0.1, 0.1, len(TIME_S)) for f in rng.uniform(60, 3_000, 20)])
    sounds = sounds.astype(np.float32)
    averager = Averager(FRAMING, DESCRIPTORS)
    together = averager(sounds)
    for row in (0, 7, 19):
        alone = averager(sounds[row : row + 1])
        for one, all_of_them in zip(alone, together, strict=True):
            assert (one[0] == all_of_them[row]).all()


def test_least_seconds_gives_one_settled_frame():
    for descriptors, least in ((["loudness_rms"], 0.12), (["loudness"], 0.46), (DESCRIPTORS, 0.46)):
        averager = Averager(FRAMING, descriptors)
        assert averager.least_seconds == pytest.approx(least, abs=0.02)
        frames = round(averager.least_seconds * RATE_HZ)
        assert averager(tone(440)[None, :frames])[2] == 1
