import numpy as np
import pytest

from tonewright.distances import names
from tonewright.matching.judging import HELD_OUT, differences, named_distances, rank_by_ear, similarity

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
