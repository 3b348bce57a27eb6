import numpy as np
import pytest

from tonewright.distances import names, sot
from tonewright.matching.judging import HELD_OUT, differences, named_distances, rank_by_ear, similarity
from tonewright.synths import render_preset

RATE_HZ = 16_000


@pytest.fixture(scope="module")
def random_presets(synth):
    params = synth.controls.sample(np.random.default_rng(1), 40)
    audio = synth.render(params, 57.0, 0.25, 0.2)
    return audio[np.abs(audio).max(axis=1) > 0.01]


@pytest.fixture
def target(factory_sound):
    return factory_sound(7)[1]


class TestMeter:
    def test_an_identical_sound_has_100(self, target, random_presets):
        assert similarity(target, target, random_presets, RATE_HZ) == 100.0

    def test_random_presets_have_about_0(self, target, random_presets):
        zero = random_presets[:14]
        scores = [similarity(target, one, zero, RATE_HZ) for one in random_presets[14:26]]
        assert 0 <= np.median(scores) < 15

    def test_the_median_in_every_distance_has_0(self, target, random_presets):
        assert similarity(target, random_presets[0], random_presets[:1], RATE_HZ) == 0.0

    def test_worse_than_random_has_0_and_no_less(self, target, random_presets):
        assert similarity(target, np.zeros_like(target), target[None] * 0.9, RATE_HZ) == 0.0

    def test_falls_as_the_sound_moves_away(self, target, random_presets, rng):
        noise = rng.standard_normal(len(target)).astype(np.float32)
        scores = [
            similarity(target, target + np.float32(amount) * noise, random_presets[:9], RATE_HZ)
            for amount in (0.0, 1e-4, 1e-3, 1e-2, 1e-1)
        ]
        assert (np.diff(scores) < 0).all()

    def test_does_not_depend_on_the_order_of_the_random_presets(self, target, random_presets):
        candidate = random_presets[3]
        there = similarity(target, candidate, random_presets[:20], RATE_HZ)
        assert there == similarity(target, candidate, random_presets[19::-1], RATE_HZ)


class TestRanking:
    def test_the_best_comes_first(self, target, random_presets):
        candidates = np.stack([random_presets[0], target, 0.9 * target, random_presets[1]])
        assert rank_by_ear(target, candidates, RATE_HZ)[0] == 1

    def test_one_candidate_is_the_best(self, target):
        np.testing.assert_array_equal(rank_by_ear(target, target[None], RATE_HZ), [0])

    def test_equal_candidates_keep_their_order(self, target, random_presets):
        candidates = np.stack([random_presets[0]] * 4)
        np.testing.assert_array_equal(rank_by_ear(target, candidates, RATE_HZ), range(4))

    def test_no_distance_outweighs_the_others(self, target, random_presets):
        """wMFCC has values hundreds of times those of SOT, and still counts as much."""
        values = differences(HELD_OUT, target, random_presets[:9], RATE_HZ)
        order = rank_by_ear(target, random_presets[:9], RATE_HZ)
        relative = (values / np.median(values, axis=1, keepdims=True)).mean(axis=0)
        np.testing.assert_array_equal(order, np.argsort(relative))


def test_differences_are_0_for_identical_sounds(target):
    assert (differences(tuple(names()), target, target[None], RATE_HZ) == 0).all()


def test_named_distances_are_all_that_are_published(target, random_presets):
    distances = named_distances(target, random_presets[0], RATE_HZ)
    assert list(distances) == names()
    assert all(type(value) is float for value in distances.values())
    identical = named_distances(target, target, RATE_HZ)
    assert identical["rms"] == 1.0
    assert sum(identical.values()) == 1.0


class TestInaudibleTails:
    """As published, SOT counts a tail that nobody hears as much as the sound before it."""

    def in_16_bits(self, sound):
        return (np.round(sound * 32_767) / 32_767).astype(np.float32)

    def test_a_preset_and_its_own_copy_in_16_bits_are_alike(self, synth):
        published, judged = [], []
        for preset in synth.factory_presets():
            sound = render_preset(preset, sample_rate_hz=RATE_HZ).samples
            copy = self.in_16_bits(sound)
            published.append(sot(sound, copy, RATE_HZ)[0])
            judged.append(differences(("sot",), sound[0], copy, RATE_HZ)[0, 0])
        assert np.median(published) == pytest.approx(0.174, abs=0.01)
        assert np.median(judged) == pytest.approx(0.0023, abs=0.0005)
        assert max(judged) < 0.03

    def test_the_meter_gives_such_a_copy_nearly_100(self, synth, random_presets):
        sound = render_preset(synth.factory_presets()[0], sample_rate_hz=RATE_HZ).samples[0]
        random = np.zeros((9, len(sound)), np.float32)
        random[:, : random_presets.shape[1]] = random_presets[:9, : len(sound)]
        assert similarity(sound, self.in_16_bits(sound), random, RATE_HZ) > 98

    def test_sounds_without_a_tail_are_measured_as_published(self, target, random_presets, rng):
        noise = rng.standard_normal((5, 8_000)).astype(np.float32)
        np.testing.assert_array_equal(
            differences(("sot",), noise[0], noise, RATE_HZ)[0], sot(noise, noise[:1], RATE_HZ)
        )
        audible = target + 1e-3 * rng.standard_normal(len(target)).astype(np.float32)
        np.testing.assert_array_equal(
            differences(("sot",), audible, random_presets[:9], RATE_HZ)[0],
            sot(random_presets[:9], audible[None], RATE_HZ),
        )

    def test_a_tail_that_is_heard_counts(self, rng):
        """At −79 dB in one of the two it does; at −81 dB in both it does not."""
        time_s = np.arange(RATE_HZ) / RATE_HZ
        low, high = (np.sin(2 * np.pi * hz * time_s) for hz in (500, 4_000))
        start = time_s < 0.5
        for level_db, counts in ((-79, True), (-81, False)):
            tail = 10 ** (level_db / 20)
            one, other = (np.where(start, low, tail * late).astype(np.float32) for late in (low, high))
            value = differences(("sot",), one, other[None], RATE_HZ)[0, 0]
            assert (value > 0.1) == counts
            assert sot(one, other, RATE_HZ)[0] > 0.1

    def test_a_longer_tail_never_brings_a_candidate_nearer(self, target):
        candidates = np.stack([target, target])
        candidates[1, -400:] += 0.05 * np.sin(np.arange(400)).astype(np.float32)
        near, far = differences(("sot",), target, candidates, RATE_HZ)[0]
        assert near == 0 < far
