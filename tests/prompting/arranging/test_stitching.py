import numpy as np
import pytest

from tonewright.errors import UsageError
from tonewright.prompting.arranging.joining import level_db
from tonewright.prompting.arranging.seams import seam_at
from tonewright.prompting.arranging.stitching import join, plan, segment_seed, stitch
from tonewright.prompting.generators.base import Request, Setting
from tonewright.prompting.listening.analysis import HOP, listen
from tonewright.prompting.rewards.quality import click_rate

from .conftest import RATE, SOUNDS, Maker, chord, drums, noise, tone

LONG_S = 21.7


def flux(samples):
    """How far the log spectrum of each frame is from the one before it, `[T]`."""
    power_db = listen(samples[None]).mel_db[0]
    return np.abs(np.diff(power_db, axis=0)).mean(axis=1)


@pytest.mark.parametrize("name", ["tone", "chord", "noise", "drums"])
def test_no_joint_is_heard(name):
    prompt = "120 BPM drum loop" if name == "drums" else "a drone"
    made = stitch(Maker(SOUNDS[name]), Request(prompt, seconds=LONG_S, seed=3))
    assert made.fault is None
    assert made.samples.shape == (2, round(LONG_S * RATE))
    assert click_rate(listen(made.samples[None]))[0] == 0
    cut = plan(LONG_S, 6.0, 120 if name == "drums" else None)
    assert len(cut.joints) >= 4
    change = flux(made.samples)
    joined = np.zeros(len(change), bool)
    for joint in cut.joints:
        joined[joint // HOP - 2 : (joint + cut.fade) // HOP + 2] = True
        assert not seam_at(made.samples, joint).clicks
    usual = np.quantile(change[~joined], 0.99)
    assert np.median(change[joined]) <= usual
    assert np.quantile(change[joined], 0.95) <= max(usual, 0.05)
    window = RATE // 2
    for joint in cut.joints:
        around = [level_db(made.samples[:, joint + k * window :][:, :window]) for k in range(-3, 3)]
        assert np.ptp(around) < 2.0, around
        assert np.abs(np.array(around) - np.mean(around)).max() < 1.0


def test_what_is_put_side_by_side_is_heard():
    """The measures of the test above tell a naive joint."""
    parts = [chord(Request("a", seed=seed), np.arange(4 * RATE) / RATE) for seed in (1, 2)]
    hard = np.concatenate(parts, axis=1).astype(np.float32)
    assert seam_at(hard, 4 * RATE).clicks
    assert click_rate(listen(hard[None]))[0] > 0


def test_segments_of_other_levels_are_matched_and_go_back_to_their_own():
    def uneven(request, time_s):
        return noise(request, time_s) * (1.0 if request.seed == 3 else 0.5)

    made = stitch(Maker(uneven), Request("a drone", seconds=9.0, seed=3))
    (joint,) = plan(9.0, 6.0).joints
    before, after = (
        level_db(made.samples[:, at : at + RATE // 4]) for at in (joint - RATE // 4, joint + RATE)
    )
    assert abs(before - after) < 1.5
    assert level_db(made.samples[:, -2_000:]) == pytest.approx(-26, abs=0.7)


def test_what_models_let_fade_at_the_ends_is_not_heard():
    def ends(request, time_s):
        return noise(request, time_s) * np.clip(np.minimum(time_s, time_s[-1] - time_s) / 0.6, 0, 1)

    made = stitch(Maker(ends), Request("a drone", seconds=LONG_S))
    inside = made.samples[:, RATE:-RATE]
    parts_db = [level_db(part) for part in np.array_split(inside, 80, axis=1)]
    assert np.ptp(parts_db) < 1.0
    assert level_db(made.samples[:, -2_000:]) < -30  # but the end of the last is its end


def test_a_rhythm_stays_on_its_grid():
    made = stitch(Maker(drums), Request("120 BPM drum loop", seconds=LONG_S))
    expected = drums(Request("a"), np.arange(made.samples.shape[1]) / RATE)
    low = np.cumsum(made.samples[0] - expected[0])  # hats are noise of each segment's own, kicks are not
    assert np.abs(np.diff(low[:: RATE // 10])).max() < 20
    cut = plan(LONG_S, 6.0, 120)
    assert cut.rhythmic
    assert all(joint % (2 * RATE) == 0 for joint in cut.joints)


def test_seeds_of_segments_are_their_own_and_the_first_is_that_of_the_request():
    maker = Maker(noise)
    stitch(maker, Request("a drone", seconds=LONG_S, seed=9))
    (batch,) = maker.batches
    seeds = [one.seed for one in batch]
    assert seeds[0] == 9
    assert len({*seeds}) == len(seeds) == 1 + len(plan(LONG_S, 6.0).joints)
    assert seeds == [segment_seed(9, number) for number in range(len(seeds))]
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_the_next_segment_begins_from_the_end_of_the_last():
    more = {"init_audio": Setting(None), "init_noise_level": Setting(1.0, 0.0, 1.0)}
    maker = Maker(
        lambda one, time_s: noise(one, time_s) if one.init_audio is None else one.init_audio.samples, **more
    )
    made = stitch(maker, Request("a drone", seconds=9.0), carry=0.3)
    first, second = (batch[0] for batch in maker.batches)
    assert first.init_audio is None
    assert second.init_noise_level == 0.3
    cut = plan(9.0, 6.0)
    alone = noise(first, np.arange(cut.segment) / RATE).astype(np.float32)
    span = slice(0, cut.segment - cut.reach // 2)
    np.testing.assert_allclose(
        made.samples[:, span], alone[:, span], atol=1e-6
    )  # it goes on as it would have
    with pytest.raises(UsageError, match="maker begins from no sound"):
        stitch(Maker(noise), Request("a", seconds=9.0), carry=0.3)


def test_what_fits_is_made_at_once():
    maker = Maker(tone)
    made = stitch(maker, Request("a", seconds=5.0))
    np.testing.assert_array_equal(made.samples, maker.generate([made.request])[0].samples)


@pytest.mark.parametrize("seconds", [6.01, 6.5, 12.0, 47.3])
@pytest.mark.parametrize("bpm", [None, 87.0, 174.0])
def test_every_plan_covers_its_sound(seconds, bpm):
    cut = plan(seconds, 6.0, bpm)
    ones = [np.ones((2, cut.segment), np.float32)] * (1 + len(cut.joints))
    np.testing.assert_allclose(join(ones, cut), 1.0, atol=1e-5)


def test_faults_and_nonsense():
    broken = Maker(lambda one, time_s: (0 if one.seed == segment_seed(0, 1) else 1) * noise(one, time_s))
    made = stitch(broken, Request("a", seconds=9.0))
    assert made.fault == "segment 2 of 2: it gave silence"
    assert made.samples.shape == (2, 9 * RATE)
    assert not made.samples.any()
    with pytest.raises(UsageError, match="at most 600 s; got 601"):
        stitch(Maker(noise), Request("a", seconds=601.0))
    with pytest.raises(UsageError, match="two bars at 60 BPM"):
        stitch(Maker(noise), Request("60 BPM drum loop", seconds=20.0))
