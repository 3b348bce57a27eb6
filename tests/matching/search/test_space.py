import numpy as np
import pytest

from tonewright.matching.search.space import SearchSpace
from tonewright.synths import synth as make_synth

NOTES = (55.5, (40.0, 52.0))
GATES = (0.3, (0.02, 2.0))


@pytest.fixture(params=[(note, gate) for note in NOTES for gate in GATES], ids=str)
def space(request, synth):
    return SearchSpace(synth.controls, *request.param)


def test_has_one_coordinate_for_each_control_and_each_free_value(space, synth):
    free = isinstance(space.midi_note, tuple) + isinstance(space.gate_seconds, tuple)
    assert len(space) == len(synth.controls) + free


def test_a_point_gives_back_what_it_was_made_from(space, synth, rng):
    params = synth.controls.sample(rng, 1)[0]
    note = 44.25 if isinstance(space.midi_note, tuple) else 55.5
    gate = 0.7 if isinstance(space.gate_seconds, tuple) else 0.3
    point = space.point(params, note, gate)
    assert point.dtype == np.float32
    notes = space.notes(point[None])
    np.testing.assert_array_equal(notes.params[0], params)
    np.testing.assert_allclose(notes.midi_note, [note], rtol=1e-6)
    np.testing.assert_allclose(notes.gate_seconds, [gate], rtol=1e-6)


def test_what_lies_outside_the_ranges_becomes_the_nearest_end(synth):
    space = SearchSpace(synth.controls, (40.0, 52.0), (0.02, 2.0))
    params = synth.controls.defaults()
    for note, gate, nearest in ((0.0, 0.0, (40.0, 0.02)), (127.0, 60.0, (52.0, 2.0))):
        notes = space.notes(space.point(params, note, gate)[None])
        assert (notes.midi_note[0], notes.gate_seconds[0]) == pytest.approx(nearest)


def test_the_gate_is_spread_evenly_in_octaves(synth):
    space = SearchSpace(synth.controls, 60.0, (0.02, 2.0))
    points = np.zeros((3, len(space)), np.float32)
    points[:, -1] = (0.0, 0.5, 1.0)
    np.testing.assert_allclose(space.notes(points).gate_seconds, [0.02, 0.2, 2.0], rtol=1e-6)


def test_samples_fill_the_space(space, rng):
    points = space.sample(rng, 500)
    assert points.shape == (500, len(space))
    assert points.dtype == np.float32
    assert points.min(axis=0).max() < 0.03
    assert points.max(axis=0).min() > 0.97


class TestDecode:
    def test_clips(self, space):
        points = np.linspace(-2, 3, 5 * len(space)).reshape(5, -1)
        decoded = space.decode(points)
        assert decoded.min() == 0
        assert decoded.max() == 1
        assert decoded.dtype == np.float32

    def test_snaps_discrete_coordinates_and_nothing_else(self, space, synth, rng):
        points = space.sample(rng, 200)
        decoded = space.decode(points)
        discrete = list(space.integers)
        continuous = [i for i in range(len(space)) if i not in discrete]
        np.testing.assert_array_equal(decoded[:, continuous], points[:, continuous])
        for column, count in space.integers.items():
            middles = (np.arange(count, dtype=np.float32) + 0.5) / count
            assert set(decoded[:, column]) == set(middles.astype(np.float32))
        before = synth.controls.to_physical(points[:, : len(synth.controls)])
        after = synth.controls.to_physical(decoded[:, : len(synth.controls)])
        np.testing.assert_array_equal(after[:, discrete], before[:, discrete])

    def test_twice_is_the_same_as_once(self, space, rng):
        decoded = space.decode(space.sample(rng, 50))
        np.testing.assert_array_equal(space.decode(decoded), decoded)

    def test_leaves_its_input_alone(self, space, rng):
        points = space.sample(rng, 10)
        before = points.copy()
        space.decode(points)
        np.testing.assert_array_equal(points, before)


def test_integers_names_the_discrete_controls(synth):
    space = SearchSpace(synth.controls, 60.0, (0.1, 1.0))
    counts = {synth.controls.names[column]: count for column, count in space.integers.items()}
    assert counts == {"osc1_unison": 7, "osc2_unison": 7, "osc2_semitones": 25}


def test_no_note_is_searched_for_a_synth_that_plays_none():
    sine = make_synth("sine")
    space = SearchSpace.of(sine, (40.0, 52.0), (0.1, 1.0))
    assert len(space) == len(sine.controls) + 1
    assert np.ptp(space.notes(space.sample(np.random.default_rng(0), 9)).midi_note) == 0
