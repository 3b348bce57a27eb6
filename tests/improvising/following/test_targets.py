import numpy as np
import pytest

from tonewright.improvising.following.targets import CORPUS, DYNAMIC, STATIC, Targets, recordings
from tonewright.improvising.hearing import HOP_S
from tonewright.improvising.listening.normalising import Normaliser, fit_scales, hold
from tonewright.improvising.own_sound.looked_up import TableSound

from ..settings import COLUMNS, frames, played, table

TABLE = table()
SCALES = fit_scales(COLUMNS, TABLE)
NORMALISER = Normaliser(SCALES, COLUMNS)
ROWS = np.arange(64)
TAKES = [played(30, seed=1), played(50, seed=2), played(7, seed=3)]


def targets(mixture, rows=64, noise=0.0, takes=TAKES, in_order=False):
    recorded = recordings(takes, NORMALISER) if takes else None
    made = Targets(TableSound(TABLE, NORMALISER, rows), 2, mixture, noise, recorded, in_order)
    made.begin(np.arange(rows), np.arange(rows, dtype=np.uint64))
    return made


def follow(made, hops):
    values = [made.values.copy()]
    for _ in range(hops):
        made.advance(np.arange(len(made.values)))
        values.append(made.values.copy())
    return np.array(values)


def reachable(values):
    """Pitch and level as controls of the table, `[..., 2]`: each is a straight line of one of them."""
    octaves = (values[..., 1] * SCALES.spreads[1] + SCALES.medians[1] - np.log2(110)) / 4
    level = (values[..., 0] * SCALES.spreads[0] + SCALES.medians[0] + 50) / 40
    return np.stack([octaves, level], axis=-1)


def test_static_targets_stay():
    values = follow(targets((1, 0, 0)), 50)
    np.testing.assert_allclose(values, np.broadcast_to(values[0], values.shape), atol=1e-5)
    assert np.unique(values[0, :, 1]).size > 60


def test_dynamic_targets_jump_glide_and_stay():
    values = follow(targets((0, 1, 0), rows=200), 600)
    pitch = reachable(values)[..., 0]
    moves = np.abs(np.diff(pitch, axis=0)) > 1e-4
    # Of a segment: stays of 0.1 to 2 s, half of them followed by glides of 0.05 to 1 s that are as long as
    # they; the pitch window (12 hops) smears a jump.
    assert 0.15 < moves.mean() < 0.5
    assert moves.any(axis=0).mean() > 0.95
    assert (values[-1] != values[0]).any(axis=1).mean() > 0.95
    speeds = np.abs(np.diff(pitch, axis=0))[moves]
    assert (speeds > 0.03).any()  # jumps
    assert ((speeds > 1e-4) & (speeds < 0.005)).any()  # glides


def test_random_targets_can_be_reached():
    for mixture in ((1, 0, 0), (0, 1, 0)):
        controls = reachable(follow(targets(mixture, rows=200), 200))
        audible = controls[..., 1] > 0.3
        assert (controls[audible] > -0.01).all()
        assert (controls[audible] < 1.01).all()
        np.testing.assert_allclose(np.quantile(controls[..., 0][audible], [0.1, 0.9]), [0.1, 0.9], atol=0.1)


def test_noise_is_as_large_as_it_should_be_and_changes():
    quiet, noisy = (follow(targets((1, 0, 0), noise=noise), 200) for noise in (0.0, 0.1))
    free = np.abs(quiet[..., 1]) < 2.5  # not clipped
    off = (noisy - quiet)[..., 1][free]
    assert np.std(off) == pytest.approx(0.1, rel=0.03)
    assert np.abs(off).max() <= 0.1 * np.sqrt(3) + 1e-5
    assert not np.array_equal(noisy[3], noisy[4])


def test_recordings_are_followed_row_by_row_and_one_after_the_other():
    made = targets((0, 0, 1))
    recorded = recordings(TAKES, NORMALISER)
    files, places = [made.files.copy()], [made.places.copy()]
    for _ in range(300):
        made.advance(ROWS)
        np.testing.assert_array_equal(made.values, recorded.values[made.places])
        np.testing.assert_array_equal(made.presence, recorded.presence[made.places])
        files.append(made.files.copy())
        places.append(made.places.copy())
    files, places = np.array(files), np.array(places)
    on = np.diff(places, axis=0) == 1
    new = places[1:] == recorded.firsts[files[1:]]
    assert (on | new).all()
    np.testing.assert_array_equal(places[:-1][~on] + 1, recorded.ends[files[:-1][~on]])
    # Where they begin is even over frames, so that a long recording is not rare.
    begins = targets((0, 0, 1), rows=4000).files
    np.testing.assert_allclose(np.bincount(begins) / 4000, np.array([30, 50, 7]) / 87, atol=0.03)


def test_recordings_are_normalised_and_held_each_by_itself():
    silent = frames(np.full(5, -100.0), 0.0, 0.0, 0.0, 0.0)
    recorded = recordings([TAKES[0], np.concatenate([silent, TAKES[2]])], NORMALISER)
    np.testing.assert_array_equal(recorded.values[:30], hold(*NORMALISER(TAKES[0])))
    # Nothing of the recording before is held in the silence at the beginning of the next.
    np.testing.assert_array_equal(recorded.values[30:35, 1:], 0.0)
    np.testing.assert_array_equal(recorded.firsts, [0, 30])
    np.testing.assert_array_equal(recorded.ends, [30, 42])


def test_in_order_each_row_plays_its_recording_from_the_beginning():
    made = targets((1, 1, 1), rows=5, in_order=True)
    np.testing.assert_array_equal(made.kinds, CORPUS)
    np.testing.assert_array_equal(made.files, [0, 1, 2, 0, 1])
    np.testing.assert_array_equal(made.places, [0, 30, 80, 0, 30])
    made.begin(np.array([4]), np.array([99], np.uint64))
    assert made.places[4] == 30


@pytest.mark.parametrize(
    ("mixture", "takes", "shares"),
    [
        ((1, 1, 2), TAKES, (0.25, 0.25, 0.5)),
        ((1, 1, 2), None, (0.5, 0.5, 0)),
        ((0, 3, 1), TAKES, (0, 0.75, 0.25)),
    ],
)
def test_episodes_are_mixed_as_the_weights_say(mixture, takes, shares):
    kinds = targets(mixture, rows=4000, takes=takes).kinds
    np.testing.assert_allclose(np.bincount(kinds, minlength=3) / 4000, shares, atol=0.03)
    assert (STATIC, DYNAMIC, CORPUS) == (0, 1, 2)


def test_a_row_is_the_same_whatever_is_beside_it():
    together = follow(targets((1, 1, 2), noise=0.1), 80)
    alone = Targets(TableSound(TABLE, NORMALISER, 1), 2, (1, 1, 2), 0.1, recordings(TAKES, NORMALISER), False)
    alone.begin(np.array([0]), np.array([17], np.uint64))
    np.testing.assert_array_equal(follow(alone, 80)[:, 0], together[:, 17])


def test_stays_last_from_a_tenth_of_a_second_to_two():
    made = targets((0, 1, 0), rows=2000)
    left = made._left * HOP_S
    assert left.min() >= 0.1 - HOP_S
    assert left.max() <= 2.0 + HOP_S
    assert np.median(left) == pytest.approx(np.sqrt(0.1 * 2.0), rel=0.1)
