import numpy as np
import pytest

from tonewright.improvising.lookup.map.normalising import FARTHEST, LEAST, normalised


def made(means, unit="1", spreads=0.0):
    means = np.asarray(means, np.float32)[:, None]
    spreads = np.ones(len(means), np.float32) * spreads
    return normalised(means, spreads[:, None], [unit], ["any"]).T


def test_a_range_between_quartiles_is_one():
    values, _ = made(np.linspace(0, 8, 9))  # quartiles 2 and 6
    np.testing.assert_allclose(values, np.linspace(-1, 1, 9))


def test_frequencies_are_in_octaves():
    values, _ = made(100 * 2.0 ** np.arange(9), "Hz")
    np.testing.assert_allclose(values, np.linspace(-1, 1, 9), atol=1e-6)


def test_spreads_share_the_scale_of_the_means():
    _, spreads = made(np.linspace(0, 8, 9), spreads=2.0)
    np.testing.assert_allclose(spreads, 0.5)
    _, spreads = made(100 * 2.0 ** np.arange(9), "Hz", spreads=100 * 2.0 ** np.arange(9))
    np.testing.assert_allclose(spreads, 0.25, rtol=1e-6)  # one octave up, of four between the quartiles


@pytest.mark.parametrize(("unit", "least"), [("dBFS", LEAST["dB"]), ("1", LEAST["1"])])
def test_what_hardly_changes_is_not_blown_up(unit, least):
    values, _ = made(5 + 0.01 * least * np.linspace(0, 8, 9), unit)
    assert np.ptp(values) == pytest.approx(0.08, rel=1e-3)


def test_what_never_changes_tells_nothing():
    assert not made(np.full(9, 12.5))[0].any()


def test_no_outlier_stretches_the_rest():
    calm = np.linspace(0, 8, 101)
    values, _ = made(np.append(calm, 1e9))
    assert values[-1] == FARTHEST
    np.testing.assert_allclose(values[:-1], made(calm)[0], atol=0.03)


def test_a_frequency_of_0_is_a_low_one():
    values, _ = made([0, 100, 200, 400, 800], "Hz")
    assert np.isfinite(values).all()
    assert values[0] == values.min()


def test_every_category_weighs_the_same():
    rng = np.random.default_rng(0)
    means = rng.normal(0, 1, (5_000, 5)).astype(np.float32)
    values = normalised(means, 0 * means, ["1"] * 5, ["many"] * 4 + ["one"])
    power = np.square(values[:, :5]).mean(axis=0)
    assert power[:4].sum() == pytest.approx(power[4], rel=0.1)
