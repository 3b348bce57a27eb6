from dataclasses import replace

import numpy as np
import pytest

from tonewright.improvising.lookup.map.variables import column_label, say, variables
from tonewright.synths import synth


def one(table, kind, name, rows=None):
    rows = np.arange(len(table)) if rows is None else rows
    controls = synth(table.synth.name).controls
    return next(some for some in variables(table, controls, rows) if (some.kind, some.name) == (kind, name))


def test_every_control_mean_and_spread_is_there(sine_table):
    shown = variables(sine_table, synth("sine").controls, np.arange(5))
    columns = len(sine_table.columns)
    assert [some.kind for some in shown] == ["control"] * 2 + ["mean"] * columns + ["spread"] * columns
    assert all(some.values.shape == (5,) for some in shown)
    assert [some.label for some in shown[:3]] == ["frequency", "amplitude", "loudness rms"]


def test_controls_are_told_in_physical_units(sine_table):
    frequency = one(sine_table, "control", "frequency_hz")
    assert [tick.label for tick in frequency.ticks] == ["40 Hz", "135 Hz", "453 Hz", "1.52 kHz", "5.12 kHz"]
    assert (frequency.low, frequency.high, frequency.unit) == (0, 1, "Hz")
    np.testing.assert_array_equal(frequency.values, sine_table.params[:, 0])


def test_colours_reach_over_most_values(sine_table):
    centroid = one(sine_table, "mean", "spectral_centroid_hz")
    within = (centroid.values >= centroid.low) & (centroid.values <= centroid.high)
    assert 0.9 <= within.mean() <= 0.98
    assert centroid.logarithmic
    level = one(sine_table, "mean", "loudness_rms_dbfs")
    assert not level.logarithmic


def test_ticks_lie_where_their_values_do(sine_table):
    centroid = one(sine_table, "mean", "spectral_centroid_hz")
    tick = next(tick for tick in centroid.ticks if tick.label == "1 kHz")
    assert tick.at == pytest.approx(np.log(1000 / centroid.low) / np.log(centroid.high / centroid.low))
    level = one(sine_table, "mean", "loudness_rms_dbfs")
    tick = next(tick for tick in level.ticks if tick.label == "−20 dBFS")
    assert tick.at == pytest.approx((-20 - level.low) / (level.high - level.low))
    for some in (centroid, level):
        assert all(-1e-9 <= tick.at <= 1 + 1e-9 for tick in some.ticks)
        assert len(some.ticks) >= 3


def test_what_is_0_hz_has_no_value(sine_table):
    partial = one(sine_table, "mean", "sinusoid_10_hz")  # of a sound that has one partial
    raw = sine_table.means[:, sine_table.columns.index("sinusoid_10_hz")]
    assert (raw == 0).any()
    np.testing.assert_array_equal(np.isnan(partial.values), raw == 0)
    np.testing.assert_array_equal(np.isnan(one(sine_table, "spread", "sinusoid_10_hz").values), raw == 0)


@pytest.mark.parametrize("value", [0.0, 5.0, -1e9])
def test_what_never_changes_has_a_scale(sine_table, value):
    still = replace(sine_table, means=np.full_like(sine_table.means, value))
    for some in variables(still, synth("sine").controls, np.arange(len(still))):
        assert some.low < some.high
        assert all(np.isfinite(tick.at) for tick in some.ticks)


def test_modules_tell_controls_of_one_name_apart(sine_table):
    controls = synth("serum-lite").controls
    params = np.zeros((1, len(controls)), np.float32)
    table = replace(sine_table, params=params, means=sine_table.means[:1], spreads=sine_table.spreads[:1])
    labels = [some.label for some in variables(table, controls, np.arange(1)) if some.kind == "control"]
    assert len(set(labels)) == len(controls)
    assert "osc1 level" in labels
    assert "osc2 level" in labels


def test_words():
    assert column_label("spectral_centroid_hz") == "spectral centroid"
    assert column_label("chroma_c_sharp") == "chroma c sharp"
    assert column_label("hz") == "hz"
    assert say(1_234, "Hz") == "1.23 kHz"
    assert say(-12.34, "dBFS") == "−12.3 dBFS"
    assert say(0.25, "1") == "0.25"
