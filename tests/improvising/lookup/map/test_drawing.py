from dataclasses import replace

import numpy as np
import pytest

from tonewright.errors import TableError, UnknownNameError, UsageError
from tonewright.improvising.lookup.map import draw_map, map_html
from tonewright.improvising.lookup.map.drawing import DEFAULT_POINTS
from tonewright.synths import synth

PLAIN = {"projection": ["pca"], "seconds": None}


def test_silent_points_are_not_on_the_map(sine_table, sine_map):
    silent = sine_table.params[:, 1] == 0
    assert sine_map.silent == silent.sum() == 12
    np.testing.assert_array_equal(sine_map.rows, np.flatnonzero(~silent))


def test_silence_moves_no_point(sine_table):
    """What a silent point is measured as, whatever it is, changes nothing."""
    wild = sine_table.means.copy()
    wild[sine_table.sounding == 0] = -1e6
    ours, theirs = (
        draw_map(table, **PLAIN).projections[0].places
        for table in (sine_table, replace(sine_table, means=wild))
    )
    np.testing.assert_array_equal(ours, theirs)


def test_of_many_points_some_are_shown(sine_table):
    drawn = draw_map(sine_table, points=40, **PLAIN)
    assert len(drawn.rows) == len(drawn.projections[0].places) == 40
    assert (sine_table.sounding[drawn.rows] > 0).all()
    assert DEFAULT_POINTS == 2_000


def test_neighbours_on_the_map_of_a_sine_have_neighbouring_controls(sine_map):
    params = sine_map.table.params[sine_map.rows]
    tsne = sine_map.projections[1]
    away = np.linalg.norm(tsne.places[:, None] - tsne.places, axis=2)
    np.fill_diagonal(away, np.inf)
    nearest = away.argmin(axis=1)
    steps = np.abs(params - params[nearest]).max(axis=1) * 11
    assert np.median(steps) == pytest.approx(1, abs=1e-4)  # one step of the grid


def test_the_map_is_drawn_by_the_descriptors_asked_for(sine_table):
    drawn = draw_map(sine_table, descriptors=["pitch_f0", "loudness_rms"], **PLAIN)
    assert drawn.columns == ("pitch_f0_hz", "loudness_rms_dbfs")
    assert len(drawn.variables) == 2 + 2 * len(sine_table.columns)
    # Two descriptors that are the controls: the map is the grid.
    assert drawn.projections[0].kept > 0.8


def test_the_first_colour_is_the_one_asked_for(sine_table):
    def colour(name):
        drawn = draw_map(sine_table, colour=name, **PLAIN)
        shown = drawn.variables[drawn.colour]
        return shown.kind, shown.name

    assert colour(None) == ("mean", "spectral_centroid_hz")
    assert colour("amplitude") == ("control", "amplitude")
    assert colour("mfcc_02") == ("mean", "mfcc_02")
    assert colour("mfcc_02_spread") == ("spread", "mfcc_02")
    with pytest.raises(UnknownNameError, match="'amplitud'; did you mean 'amplitude'"):
        colour("amplitud")


def test_the_same_seed_gives_the_same_page(sine_table):
    def page(seed):
        return map_html(draw_map(sine_table, points=60, seconds=0.05, seed=seed))

    assert page(4) == page(4)
    assert page(4) != page(5)


def test_progress_comes_to_one(sine_table):
    shares = []
    draw_map(sine_table, points=40, projection=["pca", "tsne"], seconds=0.05, progress=shares.append)
    assert sum(shares) == pytest.approx(1)
    assert min(shares) >= 0


def test_a_table_of_another_synth_is_refused(sine_table):
    stale = replace(sine_table, synth=replace(sine_table.synth, version=99))
    with pytest.raises(
        TableError, match=r"'sine' has changed since .* its version from 99 to 1; build it anew"
    ):
        draw_map(stale, **PLAIN)
    with pytest.raises(TableError, match="choose a table of 'serum-lite'"):
        draw_map(sine_table, synth("serum-lite"), **PLAIN)


def test_bad_input(sine_table):
    with pytest.raises(TableError, match=r"without log_mel; build it anew: .* log_mel "):
        draw_map(sine_table, descriptors="log_mel", **PLAIN)
    with pytest.raises(UnknownNameError, match="no descriptor is called 'mffc'; did you mean 'mfcc'"):
        draw_map(sine_table, descriptors=["mffc"], **PLAIN)
    with pytest.raises(UsageError, match="points is a whole number from 1"):
        draw_map(sine_table, points=0, **PLAIN)
    with pytest.raises(UsageError, match="a map has 4 points or more that sound; got 3"):
        draw_map(sine_table, points=3, **PLAIN)
    silent = replace(sine_table, sounding=np.zeros(len(sine_table), np.float32))
    with pytest.raises(TableError, match="got a table of 144 points, all silent"):
        draw_map(silent, **PLAIN)
