import numpy as np
from scipy import stats

from tonewright.improvising.following.row_random import log_uniform, uniform, uniforms


def test_the_numbers_of_the_published_generator():
    """SplitMix64 with seed 1234567, as Rosetta Code and the authors' own C give them."""
    states = np.array([1234567], np.uint64)
    whole = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431]
    assert [uniform(states, 0) for _ in whole] == [(number >> 11) * 2.0**-53 for number in whole]


def test_rows_have_numbers_of_their_own():
    states = np.arange(4, dtype=np.uint64)
    out = np.zeros((4, 20_000), np.float32)
    uniforms(np.array([3, 1]), states, out)
    assert not out[[0, 2]].any()
    alone = np.zeros((1, 20_000), np.float32)
    uniforms(np.array([0]), np.array([3], np.uint64), alone)
    np.testing.assert_array_equal(out[3], alone[0])
    assert stats.kstest(out[1], "uniform").pvalue > 0.01
    assert abs(np.corrcoef(out[1], out[3])[0, 1]) < 0.03


def test_logarithms_are_evenly_spread():
    states = np.zeros(1, np.uint64)
    drawn = np.array([log_uniform(states, 0, 0.1, 2.0) for _ in range(20_000)])
    assert stats.kstest(np.log(drawn / 0.1) / np.log(20), "uniform").pvalue > 0.01
