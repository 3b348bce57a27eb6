import json
from dataclasses import asdict, replace

import numpy as np
import pytest
from scipy import stats

from tonewright.errors import CorpusError, TableError, UsageError
from tonewright.features.selection import select
from tonewright.improvising.listening.normalising import (
    LIMIT,
    Normaliser,
    Scales,
    fit_scales,
    hold,
    unchanging,
)
from tonewright.learning.configuration import config_from

from ..settings import COLUMNS, corpus, frames, played, table

PITCH = COLUMNS.index("pitch_f0_hz")
SCALES = Scales(
    COLUMNS,
    ("level", "octaves", "linear", "octaves", "linear"),
    (-20.0, float(np.log2(440)), 0.5, float(np.log2(1000)), -40.0),
    (10.0, 2.0, 0.5, 1.0, 20.0),
)


def normalised(values):
    return Normaliser(SCALES, COLUMNS)(values)


def test_differences_are_those_that_are_heard():
    values, presence = normalised(frames(-10.0, 880.0, 1.0, 500.0, -20.0))
    np.testing.assert_allclose(values, [[1.0, 0.5, 1.0, -1.0, 1.0]], atol=1e-6)
    np.testing.assert_array_equal(presence, np.ones((1, 5)))


def test_skewness_and_kurtosis_do_not_run_away():
    names = [column for one in select(["loudness_rms", "spectral_kurtosis"]) for column in one.columns]
    scales = Scales(("spectral_kurtosis",), ("asinh",), (0.0,), (4.0,))
    order = [0.0, 0.0]
    order[names.index("loudness_rms_dbfs")], order[names.index("spectral_kurtosis")] = -20.0, 9000.0
    values, _ = Normaliser(scales, names)(np.array([order], np.float32))
    assert values[0, 0] == pytest.approx(np.arcsinh(9000) / 4)


def test_values_beyond_three_spreads_are_clipped():
    values, _ = normalised(frames([0.0, -20.0], [20.0, 20_000.0]))
    assert values[0, PITCH] == pytest.approx(np.log2(20 / 440) / 2, abs=1e-5)
    assert normalised(frames(-20.0, 2.0, centroid=1e5))[0][0, 3] == LIMIT


def test_only_loudness_tells_silence():
    values, presence = normalised(frames([-100.0, -80.0, -70.0], [0.0, 300.0, 9000.0], 0.0, 0.0, 0.0))
    # −70 dBFS is the floor: silence, dithered or not, is no outlier.
    np.testing.assert_allclose(values[:, 0], np.clip((-70 + 20) / 10, -LIMIT, LIMIT))
    np.testing.assert_array_equal(values[:, 1:], 0.0)
    np.testing.assert_array_equal(presence, [[1, 0, 0, 0, 0]] * 3)


def test_a_faint_sound_counts_half_way_between_silent_and_audible():
    _, presence = normalised(frames([-65.0, -60.0, -10.0]))
    np.testing.assert_allclose(presence[:, 1:], [[0.5] * 4, [1.0] * 4, [1.0] * 4])


def test_a_pitch_counts_as_far_as_the_sound_is_periodic():
    values, presence = normalised(frames(-20.0, [440.0, 440.0, 0.0], [1.0, 0.3, 0.8]))
    np.testing.assert_allclose(presence[:, PITCH], [1.0, 0.3, 0.0])
    assert values[2, PITCH] == 0.0
    np.testing.assert_allclose(presence[:, 3], 1.0)


def test_what_is_not_there_holds_what_it_last_was():
    values, presence = normalised(frames([-90, -20, -20, -90, -20], [0, 880, 0, 440, 220]))
    held = hold(values, presence)
    np.testing.assert_allclose(held[:, PITCH], [0.0, 0.5, 0.5, 0.5, -0.5], atol=1e-6)
    np.testing.assert_allclose(held[:, 0], values[:, 0])


def test_scales_are_those_of_normal_values():
    rng = np.random.default_rng(0)
    values = frames(rng.normal(-30, 8, 20_000), 440 * 2 ** rng.normal(0, 1.5, 20_000))
    scales = fit_scales(COLUMNS, table_of(values))
    assert scales.medians[0] == pytest.approx(-30, abs=0.3)
    assert scales.spreads[0] == pytest.approx(8, rel=0.03)
    assert scales.medians[PITCH] == pytest.approx(np.log2(440), abs=0.05)
    assert scales.spreads[PITCH] == pytest.approx(1.5, rel=0.03)
    assert scales.kinds == ("level", "octaves", "linear", "octaves", "linear")


def table_of(values):
    return table(params=np.zeros((len(values), 2), np.float32), means=values, spreads=0 * values)


def test_silence_does_not_poison_the_scales():
    sound = played(1000)
    silence = frames(np.full(9000, -100.0), 0.0, 0.0, 0.0, 0.0)
    assert fit_scales(COLUMNS, table_of(sound)) == fit_scales(
        COLUMNS, table_of(np.concatenate([sound, silence]))
    )


def test_outliers_hardly_move_the_scales():
    rng = np.random.default_rng(0)
    values = frames(-20.0, flatness=rng.normal(-40, 10, 1000))
    spoilt = values.copy()
    spoilt[:20, COLUMNS.index("spectral_flatness_db")] = 1e6
    clean, robust = (fit_scales(COLUMNS, table_of(one)) for one in (values, spoilt))
    assert robust.spreads[4] == pytest.approx(clean.spreads[4], rel=0.1)
    assert robust.medians[4] == pytest.approx(clean.medians[4], abs=0.5)


def test_table_and_corpus_count_half_each_however_long():
    low, high = frames(-20.0, np.full(100, 110.0)), frames(-20.0, np.full(10_000, 440.0))
    scales = fit_scales(COLUMNS, table_of(low), corpus(("train", high)))
    assert scales.medians[PITCH] == pytest.approx(np.log2(220))
    assert scales.spreads[PITCH] == pytest.approx(2 / 1.349)


def test_held_out_recordings_are_not_looked_at():
    loud = frames(np.full(500, -1.0), 5000.0)
    takes = [("train", played())]
    with_others = corpus(*takes, ("validation", loud), ("test", loud))
    assert fit_scales(COLUMNS, table(), corpus(*takes)) == fit_scales(COLUMNS, table(), with_others)


def test_a_spread_is_never_less_than_what_matters():
    scales = fit_scales(COLUMNS, table_of(frames(np.full(50, -20.0))))
    assert scales.spreads == (3.0, 0.25, 0.05, 0.25, 1.0)


def test_a_column_that_rests_most_of_the_time_has_a_spread():
    rests = np.where(np.arange(1000) % 10, -40.0, 20.0)
    scales = fit_scales(COLUMNS, table_of(frames(-20.0, flatness=rests)))
    assert scales.medians[4] == -40.0
    assert scales.spreads[4] == pytest.approx(60 / 3.29, rel=0.01)
    assert stats.iqr(rests) == 0


def test_spreads_over_time_are_brought_to_the_scales():
    means, spreads = frames(-20.0, 440.0), frames(5.0, 44.0, 0.1, 0.0, 10.0)
    found = Normaliser(SCALES, COLUMNS).spread_of(means, spreads)
    np.testing.assert_allclose(found, [[0.5, 0.1 / np.log(2) / 2, 0.2, 0.0, 0.5]], rtol=1e-5)


def test_scales_go_through_json():
    scales = fit_scales(COLUMNS, table(), corpus(("train", played())))
    assert config_from(Scales, json.loads(json.dumps(asdict(scales)))) == scales


@pytest.mark.parametrize(
    ("change", "message"),
    [({"spreads": (1.0,)}, "one kind, median and spread"), ({"spreads": (0.0,) * 5}, "spreads above 0")],
)
def test_scales_that_are_damaged(change, message):
    with pytest.raises(UsageError, match=message):
        replace(SCALES, **change)


def test_a_column_that_is_not_measured():
    with pytest.raises(UsageError, match="the column 'spectral_flatness_db' must be measured; got"):
        Normaliser(SCALES, COLUMNS[:-1])
    with pytest.raises(UsageError, match="which tells silence, must be measured"):
        Normaliser(Scales(("pitch_f0_hz",), ("octaves",), (0.0,), (1.0,)), ["pitch_f0_hz"])


def test_what_hardly_changes():
    assert unchanging(fit_scales(COLUMNS, table()), table()) == ("pitch_confidence",)
    silent = table_of(frames([-30.0, -20.0], 0.0))
    assert unchanging(fit_scales(COLUMNS, silent), silent)[0] == "pitch_f0_hz"


def test_a_table_of_silence():
    with pytest.raises(TableError, match="a table holds sound above -60 dBFS; got 10 points below"):
        fit_scales(COLUMNS, table_of(frames(np.full(10, -100.0))))


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_corpus_of_silence(split):
    silence = corpus((split, frames(np.full(10, -100.0))))
    with pytest.raises(CorpusError, match=r"sound above -60 dBFS to train with; got 1?0 frames"):
        fit_scales(COLUMNS, table(), silence)
