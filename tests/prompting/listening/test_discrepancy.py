import math
from itertools import combinations

import numpy as np
import pytest

from tonewright.prompting.listening.discrepancy import mmd, permutation_p_value


def normal(count, shift=0.0, seed=0, scale=1.0):
    return scale * np.random.default_rng(seed).standard_normal((count, 8)) + shift


def by_hand(one, other):
    """The definition, pair by pair."""
    apart = sorted(math.dist(a, b) for a, b in combinations(other, 2))
    half = len(apart) // 2
    width = apart[half] if len(apart) % 2 else 0.5 * (apart[half - 1] + apart[half])

    def kernel(a, b):
        return math.exp(-(math.dist(a, b) ** 2) / (2 * width**2))

    def within(rows):
        count = len(rows)
        pairs = [(i, j) for i in range(count) for j in range(count) if i != j]
        return sum(kernel(rows[i], rows[j]) for i, j in pairs) / (count * (count - 1))

    across = sum(kernel(a, b) for a in one for b in other) / (len(one) * len(other))
    return within(one) + within(other) - 2 * across


@pytest.mark.parametrize(("count", "other"), [(2, 2), (5, 9), (12, 7)])
def test_it_is_the_definition_pair_by_pair(count, other):
    one, two = normal(count, 0.3, seed=1), normal(other, seed=2)
    assert mmd(one, two) == pytest.approx(by_hand(one, two), abs=1e-12)


def test_two_pairs_in_closed_form():
    """σ = 1: k(0, 1) = exp(−1/2), and so on."""
    one, other = np.array([[3.0], [4.0]]), np.array([[0.0], [1.0]])
    across = (2 * math.exp(-9 / 2) + math.exp(-16 / 2) + math.exp(-4 / 2)) / 4
    assert mmd(one, other) == pytest.approx(2 * math.exp(-1 / 2) - 2 * across, abs=1e-12)


def test_it_is_unbiased():
    found = [mmd(normal(8, seed=2 * seed), normal(8, seed=2 * seed + 1)) for seed in range(300)]
    error = np.std(found) / np.sqrt(len(found))
    assert abs(np.mean(found)) < 3 * error
    assert min(found) < 0 < max(found)


def test_it_grows_with_what_differs():
    reference = normal(60)
    shifted = [mmd(normal(60, shift, seed=1), reference) for shift in (0, 0.3, 0.6, 1.2, 3)]
    assert abs(shifted[0]) < 0.02
    assert shifted == sorted(shifted)
    wider = [mmd(normal(60, 0, seed=1, scale=scale), reference) for scale in (1, 1.5, 2, 4)]
    assert wider == sorted(wider)


def test_the_scale_of_the_numbers_does_not_count():
    one, other = normal(20, 0.5, seed=1), normal(30)
    assert mmd(1_000 * one, 1_000 * other) == pytest.approx(mmd(one, other), abs=1e-9)


def test_p_values_are_even_where_both_are_of_one_kind():
    pairs = [(normal(12, seed=2 * seed), normal(9, seed=2 * seed + 1)) for seed in range(200)]
    found = np.array([permutation_p_value(*pair, permutations=99, seed=i) for i, pair in enumerate(pairs)])
    for level in (0.1, 0.5, 0.9):
        assert np.mean(found <= level) == pytest.approx(level, abs=3 * math.sqrt(level * (1 - level) / 200))


def test_p_values_are_small_where_they_differ_and_the_same_for_a_seed():
    one, other = normal(30, 0.8, seed=1), normal(30)
    assert permutation_p_value(one, other, permutations=999, seed=0) == 1 / 1000
    near = [
        permutation_p_value(normal(9, 0.3, seed=1), normal(9), permutations=200, seed=seed)
        for seed in (3, 3, 4)
    ]
    assert near[0] == near[1]
    assert near[0] == pytest.approx(near[2], abs=0.15)


def test_p_values_are_the_share_of_all_ways_to_deal():
    """Of four and three sounds there are 35, and the one that was seen is the farthest."""
    one, other = normal(4, 9.0, seed=1), normal(3)
    assert permutation_p_value(one, other, permutations=20_000, seed=0) == pytest.approx(1 / 35, abs=0.005)


def test_sounds_that_are_all_the_same():
    same = np.ones((4, 3))
    assert mmd(same, same) == 0
    assert permutation_p_value(same, same, permutations=50, seed=0) == 1
