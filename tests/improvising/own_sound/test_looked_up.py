from dataclasses import replace

import numpy as np
import pytest

from tonewright.improvising.hearing import FRAMING
from tonewright.improvising.listening.normalising import Normaliser, Scales
from tonewright.improvising.listening.windows import taps
from tonewright.improvising.lookup.points import choose_points
from tonewright.improvising.own_sound.looked_up import TableSound
from tonewright.synths import synth

from ..settings import COLUMNS, frames, table

KINDS = ("level", "octaves", "linear", "octaves", "linear")
SCALES = Scales(COLUMNS, KINDS, (-30.0, 9.0, 0.0, 10.0, -40.0), (20.0, 2.0, 1.0, 2.0, 20.0))
ROWS = np.arange(3)
SEEDS = np.arange(3, dtype=np.uint64)


def sound(of=None, noise=0.0):
    of = table() if of is None else of
    return TableSound(of, Normaliser(SCALES, COLUMNS), 3, noise)


def params(*octaves, level=1.0):
    return np.array([[one, level] for one in octaves], np.float32)


def octave(values):
    """The pitch over A2 that a normalised value stands for."""
    return 2.0 * values[:, COLUMNS.index("pitch_f0_hz")] + 9.0 - np.log2(110)


def test_taps_add_up_and_are_as_long_as_the_window():
    columns = ("loudness_rms_dbfs", "spectral_centroid_hz", "pitch_f0_hz", "loudness_momentary_lufs")
    weights = taps(columns, FRAMING)
    np.testing.assert_allclose(weights.sum(axis=1), 1.0, rtol=1e-5)
    assert (weights >= 0).all()
    lengths = np.count_nonzero(weights, axis=1) * 256 / 44_100
    # Windows of 23, 23, 67 and 400 ms, and the glide.
    np.testing.assert_allclose(lengths, [0.041, 0.035, 0.081, 0.406], atol=0.006)


def test_the_delay_is_half_a_window_and_the_glide():
    """The mean age of what is heard, from the beginning of a hop, by which its controls are turned."""
    weights = taps(("loudness_rms_dbfs", "spectral_centroid_hz"), FRAMING)
    ages_s = np.arange(weights.shape[1]) * 256 / 44_100
    # A control turned at the beginning of a hop has gone on for a whole hop at its end.
    delay_s = weights @ ages_s + 256 / 44_100
    np.testing.assert_allclose(delay_s, 1024 / 2 / 44_100 + 2 * 0.002 + 256 / 2 / 44_100, atol=4e-4)


def test_a_sound_begins_as_if_it_had_sounded_for_long():
    one = sound()
    one.begin(ROWS, params(0.0, 0.5, 1.0), SEEDS)
    np.testing.assert_allclose(octave(one.values), [0.0, 2.0, 4.0], atol=1e-5)
    np.testing.assert_allclose(one.presence, 1.0, rtol=1e-5)
    before = one.values.copy()
    one.hear(ROWS, params(0.0, 0.5, 1.0))
    np.testing.assert_allclose(one.values, before, atol=1e-5)


def test_between_the_points_of_a_table():
    one = sound()
    one.begin(ROWS, params(0.1, 0.3, 0.9), SEEDS)
    np.testing.assert_allclose(octave(one.values), [0.4, 1.2, 3.6], atol=1e-5)


def test_a_step_is_heard_as_the_taps_say():
    one, weights = sound(), taps(COLUMNS, FRAMING)
    one.begin(ROWS, params(0.25, 0.25, 0.25), SEEDS)
    for heard in np.cumsum(weights[COLUMNS.index("pitch_f0_hz")]):
        one.hear(ROWS, params(0.5, 0.25, 0.0))
        np.testing.assert_allclose(octave(one.values), [1 + heard, 1.0, 1 - heard], atol=1e-4)


def test_levels_are_means_of_power():
    one, weights = sound(), taps(COLUMNS, FRAMING)
    one.begin(ROWS, params(0.5, 0.5, 0.5, level=0.25), SEEDS)
    one.hear(ROWS, params(0.5, 0.5, 0.5, level=1.0))
    share = weights[0, 0]
    expected = 10 * np.log10(share * 10 ** (-10 / 10) + (1 - share) * 10 ** (-40 / 10))
    np.testing.assert_allclose(20 * one.values[:, 0] - 30, expected, atol=1e-3)


def test_points_without_a_pitch_have_no_say_in_it():
    """Half way to silence the pitch is still that of the sound, and in silence it stays."""
    one = sound()
    one.begin(ROWS, params(0.25, 0.5, 0.75, level=0.125), SEEDS)
    np.testing.assert_allclose(octave(one.values), [1.0, 2.0, 3.0], atol=1e-5)
    np.testing.assert_allclose(one.presence[:, 1], 0.5, atol=1e-5)
    for _ in range(20):
        one.hear(ROWS, params(0.0, 0.0, 0.0, level=0.0))
    np.testing.assert_allclose(octave(one.values), [1.0, 2.0, 3.0], atol=1e-5)
    np.testing.assert_allclose(one.presence[:, 1], 0.0, atol=1e-5)
    assert (one.values[:, 0] == -2.0).all()  # −70 dBFS


def test_rows_begin_and_go_on_alone():
    one = sound()
    one.begin(ROWS, params(0.0, 0.5, 1.0), SEEDS)
    before = one.values.copy()
    one.begin(np.array([1]), params(1.0, 1.0, 0.0), SEEDS[:1])
    np.testing.assert_array_equal(one.values[[0, 2]], before[[0, 2]])
    np.testing.assert_allclose(octave(one.values)[1], 4.0, atol=1e-5)
    one.hear(np.array([2]), params(0.0, 0.0, 0.0))
    np.testing.assert_array_equal(one.values[0], before[0])
    assert octave(one.values)[2] < 4.0


def test_a_restless_sound_is_heard_as_restless_as_it_is():
    restless = replace(table(), spreads=np.broadcast_to(frames(4.0, 0.0, 0.0, 0.0, 5.0), (25, 5)))
    one, still = sound(restless, noise=1.0), sound(restless)
    steady = params(0.5, 0.5, 0.5)
    one.begin(ROWS, steady, SEEDS)
    still.begin(ROWS, steady, SEEDS)
    heard = []
    for _ in range(4000):
        one.hear(ROWS, steady)
        heard.append(one.values.copy())
    spreads = np.std(heard, axis=(0, 1))
    np.testing.assert_allclose(spreads, [4 / 20, 0.0, 0.0, 0.0, 5 / 20], rtol=0.06, atol=1e-4)
    np.testing.assert_allclose(np.mean(heard, axis=(0, 1)), still.values[0], atol=0.02)
    assert not np.array_equal(heard[-1][0], heard[-1][1])  # every row has noise of its own


def test_a_sobol_sequence_is_brought_to_a_grid():
    """As near as between its own points, and in a time that does not grow with them."""
    points = choose_points(synth("sine").controls, sobol=1024)
    octaves, level = points.params.T
    means = frames(-50 + 40 * level, 110 * 2 ** (4 * octaves), 1.0, 220 * 2 ** (4 * octaves))
    scattered = table(
        layout="sobol", grid=(), params=points.params, means=means, spreads=np.zeros_like(means)
    )
    one = sound(scattered)
    asked = params(0.13, 0.5, 0.83, level=0.6)
    one.begin(ROWS, asked, SEEDS)
    np.testing.assert_allclose(octave(one.values), 4 * asked[:, 0], atol=0.1)
    np.testing.assert_allclose(20 * one.values[:, 0] - 30, -26.0, atol=1.5)


@pytest.mark.parametrize("rows", [1, 7])
def test_nothing_leaves_its_bounds(rows):
    rng = np.random.default_rng(0)
    scales = replace(SCALES, spreads=(1.0, 0.1, 0.01, 0.1, 1.0))  # nearly everything is beyond
    one = TableSound(table(), Normaliser(scales, COLUMNS), rows)
    every = np.arange(rows)
    one.begin(every, rng.random((rows, 2), np.float32), np.zeros(rows, np.uint64))
    for _ in range(200):
        one.hear(every, rng.random((rows, 2), np.float32))
        assert np.isfinite(one.values).all()
        assert (np.abs(one.values) <= 3.0).all()
