"""What every registered synth promises, whatever it sounds like."""

import json
import threading

import jsonschema
import numpy as np
import pytest

from tonewright.errors import UsageError
from tonewright.synths import Control, ControlSpace, Preset, Synth, Voice, parse_preset, preset_schema
from tonewright.synths import synth as make_synth
from tonewright.synths.words import Performance, words

from .conformance import NAMES, RATES_HZ

BATCH = 6
SECONDS = 0.2


@pytest.fixture(
    scope="module", params=[(n, r) for n in NAMES for r in RATES_HZ], ids=lambda p: f"{p[0]}-{p[1]}"
)
def synth(request):
    name, sample_rate_hz = request.param
    return make_synth(name, sample_rate_hz)


@pytest.fixture(scope="module")
def params(synth):
    return synth.controls.sample(np.random.default_rng(11), BATCH)


@pytest.fixture(scope="module")
def notes():
    return np.random.default_rng(12).uniform(24, 96, BATCH)


@pytest.fixture(scope="module")
def gates():
    return np.random.default_rng(13).uniform(0.02, 0.8 * SECONDS, BATCH)


@pytest.fixture(scope="module")
def audio(synth, params, notes, gates):
    """The batch as everything else must reproduce it."""
    return synth.render(params, notes, SECONDS, gates, seed=5)


def streamed(voice, frames, blocks):
    """The first `frames` samples of a voice, in blocks of the given sizes."""
    pieces, ready = [], 0
    for block in blocks:
        pieces.append(voice.render(min(block, frames - ready)))
        ready += pieces[-1].shape[1]
        if ready == frames:
            break
    return np.concatenate(pieces, axis=1)


class TestIdentity:
    def test_it_is_a_synth(self, synth, params):
        assert isinstance(synth, Synth)
        assert isinstance(synth.voice(params), Voice)
        assert synth.name in NAMES
        assert synth.sample_rate_hz in RATES_HZ
        assert isinstance(synth.version, int)
        assert synth.version >= 1

    def test_controls(self, synth):
        assert isinstance(synth.controls, ControlSpace)
        assert len(synth.controls) > 0
        for control in synth.controls:
            assert isinstance(control, Control)
            assert control.name.isidentifier()
            assert control.name.islower()
            assert control.group
            assert control.meaning
            assert "\n" not in control.describe(control.default)
        assert synth.controls.names == list(dict.fromkeys(synth.controls.names))

    def test_the_neutral_preset_is_a_unit_vector(self, synth):
        defaults = synth.controls.defaults()
        assert ((defaults >= 0) & (defaults <= 1)).all()
        for control, value in zip(synth.controls, synth.controls.to_physical(defaults), strict=True):
            assert value == pytest.approx(control.default, rel=1e-5, abs=1e-6)

    def test_the_neutral_preset_can_be_heard(self, synth):
        sound = synth.render(synth.controls.defaults()[None], 60, 0.5)
        assert 0.02 < np.sqrt((sound**2).mean()) < 1

    def test_controls_are_monotone_invertible_and_bounded(self, synth):
        for control in synth.controls:
            unit = np.linspace(0, 1, 257)
            physical = control.to_physical(unit)
            assert (np.diff(physical) >= 0).all()
            assert (physical[0], physical[-1]) == (control.low, control.high)
            np.testing.assert_allclose(control.to_physical(control.to_unit(physical)), physical, rtol=1e-12)
            assert len(np.unique(physical)) == (control.steps or len(unit))


class TestOptionalAttributes:
    """`stages`, `factory_presets` and `words`: a synth has them or not."""

    def test_stages_add_groups_until_all_are_exposed(self, synth):
        added = getattr(synth, "stages", {"all": tuple(synth.controls.groups)})
        groups = [group for stage in added.values() for group in stage]
        assert sorted(groups) == sorted(synth.controls.groups)

    def test_factory_presets_fit(self, synth):
        for preset in getattr(synth, "factory_presets", tuple)():
            assert isinstance(preset, Preset)
            assert preset.params(synth).shape == (len(synth.controls),)

    def test_words_speak_of_its_controls(self, synth, params):
        spoken, played = words(synth), Performance(seconds=1.0, gate_seconds=0.5)
        assert spoken.title
        assert set(spoken.groups) <= set(synth.controls.groups)
        for row in params:
            values = synth.controls.to_values(row)
            assert spoken.summary(values, played).endswith(".")
            assert set(spoken.idle(values, played)) < set(synth.controls.names)


class TestRendering:
    def test_shape_type_and_values(self, synth, audio):
        assert audio.shape == (BATCH, round(SECONDS * synth.sample_rate_hz))
        assert audio.dtype == np.float32
        assert audio.flags.c_contiguous
        assert np.isfinite(audio).all()
        assert (np.abs(audio).max(axis=1) > 1e-4).any()

    def test_same_seed_same_samples(self, synth, params, notes, gates, audio):
        again = make_synth(synth.name, synth.sample_rate_hz)
        np.testing.assert_array_equal(again.render(params, notes, SECONDS, gates, seed=5), audio)
        np.testing.assert_array_equal(synth.render(params, notes, SECONDS, gates, seed=np.int64(5)), audio)

    def test_rows_stand_alone(self, synth, params, notes, gates, audio):
        for row in range(BATCH):
            one = synth.render(params[row : row + 1], float(notes[row]), SECONDS, float(gates[row]), seed=5)
            np.testing.assert_array_equal(one[0], audio[row])

    def test_order_and_size_of_the_batch(self, synth, params, notes, gates, audio):
        order = np.random.default_rng(0).permutation(np.repeat(np.arange(BATCH), 3))
        shuffled = synth.render(params[order], notes[order], SECONDS, gates[order], seed=5)
        np.testing.assert_array_equal(shuffled, audio[order])

    @pytest.mark.parametrize("threads", [1, 2])
    def test_number_of_threads(self, synth, params, notes, gates, audio, threads, monkeypatch):
        monkeypatch.setenv("NUMBA_NUM_THREADS", str(threads))
        rendered = synth.render(params, notes, SECONDS, gates, seed=5)
        np.testing.assert_array_equal(rendered, audio)

    @pytest.mark.parametrize("block", [1, 64, 333])
    def test_streaming_equals_offline(self, synth, params, notes, gates, audio, block):
        voice = synth.voice(params, notes, gates, seed=5)
        blocks = streamed(voice, audio.shape[1], iter(lambda: block, None))
        np.testing.assert_array_equal(blocks, audio)

    def test_streaming_in_blocks_of_any_size(self, synth, params, notes, gates, audio):
        rng = np.random.default_rng(3)
        voice = synth.voice(params, notes, gates, seed=5)
        sizes = iter(lambda: rng.choice([0, 1, 3, 15, 16, 17, 500]), None)
        np.testing.assert_array_equal(streamed(voice, audio.shape[1], sizes), audio)

    def test_a_longer_rendering_begins_the_same(self, synth, params, notes, gates, audio):
        longer = synth.render(params, notes, 1.5 * SECONDS, gates, seed=5)
        np.testing.assert_array_equal(longer[:, : audio.shape[1]], audio)

    def test_side_by_side_in_two_python_threads(self, synth, params, notes, gates, audio):
        rendered = {}

        def work(worker):
            rendered[worker] = [synth.render(params, notes, SECONDS, gates, seed=5) for _ in range(3)]

        workers = [threading.Thread(target=work, args=(worker,)) for worker in range(3)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert len(rendered) == 3
        for sounds in rendered.values():
            for sound in sounds:
                np.testing.assert_array_equal(sound, audio)

    def test_voices_do_not_disturb_each_other(self, synth, params, notes, gates, audio):
        first, second = (synth.voice(params, notes, gates, seed=5) for _ in range(2))
        head, other = first.render(100), second.render(77)
        np.testing.assert_array_equal(np.concatenate([head, first.render(300)], axis=1), audio[:, :400])
        np.testing.assert_array_equal(other, audio[:, :77])

    def test_what_was_rendered_stays_as_it_was(self, synth, params, notes, gates, audio):
        voice = synth.voice(params, notes, gates, seed=5)
        first = voice.render(100)
        voice.render(500)[:] = np.nan
        np.testing.assert_array_equal(first, audio[:, :100])
        np.testing.assert_array_equal(voice.render(100), audio[:, 600:700])

    def test_input_is_left_alone(self, synth, params, notes, gates):
        given = [np.array(array) for array in (params, notes, gates)]
        voice = synth.voice(*given)
        voice.render(100)
        for array, original in zip(given, (params, notes, gates), strict=True):
            np.testing.assert_array_equal(array, original)
            array[:] = 0  # a sounding voice does not look at them again
        expected = synth.voice(params, notes, gates).render(200)
        np.testing.assert_array_equal(voice.render(100), expected[:, 100:])

    def test_double_precision_and_lists_are_taken(self, synth, params, audio, notes, gates):
        for given in (params.astype(np.float64), params.tolist()):
            np.testing.assert_array_equal(
                synth.render(given, notes.tolist(), SECONDS, gates.tolist(), 5), audio
            )

    def test_an_empty_batch_and_a_single_sample(self, synth, params):
        assert synth.render(params[:0], 60, SECONDS).shape == (0, round(SECONDS * synth.sample_rate_hz))
        assert synth.render(params, 60, 1e-9).shape == (BATCH, 1)
        assert synth.voice(params).render(0).shape == (BATCH, 0)

    @pytest.mark.parametrize("note", [0, 0.5, 60.123, 127])
    def test_the_whole_keyboard(self, synth, params, note):
        assert np.isfinite(synth.render(params, note, 0.1)).all()


class TestGate:
    def test_three_quarters_are_held_if_nothing_is_said(self, synth, params):
        np.testing.assert_array_equal(
            synth.render(params, 60, SECONDS), synth.render(params, 60, SECONDS, 0.75 * SECONDS)
        )

    def test_a_voice_without_a_gate_is_held(self, synth, params):
        held = synth.voice(params, 60).render(2000)
        np.testing.assert_array_equal(held, synth.voice(params, 60, np.inf).render(2000))
        np.testing.assert_array_equal(held, synth.voice(params, 60, 1e6).render(2000))

    @pytest.mark.parametrize("frames", [0, 1600])  # a multiple of whatever the control step is
    def test_release_is_a_gate_that_ends_now(self, synth, params, notes, frames):
        voice = synth.voice(params, notes)
        before = voice.render(frames)
        voice.release()
        played = np.concatenate([before, voice.render(1500)], axis=1)
        gate = frames / synth.sample_rate_hz
        np.testing.assert_array_equal(played, synth.voice(params, notes, gate).render(frames + 1500))

    def test_release_leaves_what_was_released_before(self, synth, params, gates):
        voice = synth.voice(params, 60, gates)
        first = voice.render(int(SECONDS * synth.sample_rate_hz))
        voice.release()
        played = np.concatenate([first, voice.render(400)], axis=1)
        np.testing.assert_array_equal(played, synth.voice(params, 60, gates).render(played.shape[1]))

    def test_releasing_twice_changes_nothing(self, synth, params):
        once, twice = synth.voice(params), synth.voice(params)
        for voice in (once, twice):
            voice.render(160)
            voice.release()
        once.render(160)
        twice.render(160)
        twice.release()
        np.testing.assert_array_equal(once.render(500), twice.render(500))

    def test_gates_far_below_a_sample_are_no_accident(self, synth, params):
        for gate in (0.0, 1e-12, 1e-5):
            assert np.isfinite(synth.render(params, 60, 0.1, gate)).all()


class TestBadInput:
    @pytest.mark.parametrize(
        ("change", "rule"),
        [
            (lambda p: p[0], "params are"),
            (lambda p: p[:, :-1], "params are"),
            (lambda p: p[None], "params are"),
            (lambda p: 3.0, "params are"),
            (lambda p: [[0.5], [0.5, 0.5]], "params takes numbers"),
            (lambda p: "saw", "params takes numbers"),
            (lambda p: p.astype(complex), "params takes numbers"),
            (lambda p: None, "params takes numbers"),
            (lambda p: np.where(p == p.max(), np.nan, p), r"params lie in \[0, 1\]"),
            (lambda p: np.where(p == p.max(), 1.001, p), r"params lie in \[0, 1\]"),
            (lambda p: np.where(p == p.max(), -1e-6, p), r"params lie in \[0, 1\]"),
            (lambda p: np.where(p == p.max(), 1e300, p.astype(float)), r"params lie in \[0, 1\]"),
        ],
    )
    def test_params(self, synth, params, change, rule):
        with pytest.raises(UsageError, match=rule):
            synth.render(change(params), 60, SECONDS)
        with pytest.raises(UsageError, match=rule):
            synth.voice(change(params), 60)

    @pytest.mark.parametrize("note", [-0.01, 127.01, np.nan, np.inf, [60, 61], [[60]], "C4", None])
    def test_note(self, synth, params, note):
        with pytest.raises(UsageError, match="midi_note"):
            synth.render(params, note, SECONDS)

    @pytest.mark.parametrize("seconds", [0, -1, np.nan, np.inf, 601, "1", [1.0], None])
    def test_seconds(self, synth, params, seconds):
        with pytest.raises(UsageError, match="seconds"):
            synth.render(params, 60, seconds)

    @pytest.mark.parametrize("gate", [-0.01, np.nan, [0.1, 0.2], "long"])
    def test_gate(self, synth, params, gate):
        with pytest.raises(UsageError, match="gate_seconds"):
            synth.render(params, 60, SECONDS, gate)

    @pytest.mark.parametrize("seed", [-1, np.int64(-7), 1.5, None, "0", True, [1, 2]])
    def test_seed(self, synth, params, seed):
        with pytest.raises(UsageError, match="seed is a whole number from 0"):
            synth.render(params, 60, SECONDS, seed=seed)

    @pytest.mark.parametrize("frames", [-1, 1.5, None])
    def test_frames(self, synth, params, frames):
        with pytest.raises(UsageError, match="frames is a whole number from 0"):
            synth.voice(params).render(frames)

    def test_the_offending_value_is_named(self, synth, params, notes):
        notes = notes.copy()
        notes[3] = 200
        with pytest.raises(UsageError, match=r"midi_note lies between 0 and 127; got 200$"):
            synth.render(params, notes, SECONDS)


class TestPresets:
    def test_a_preset_sounds_as_its_unit_vector(self, synth, params, notes, gates, audio):
        written = [Preset.of(synth, row).to_json() for row in params]
        back = np.stack([parse_preset(content).params(synth) for content in written])
        np.testing.assert_array_equal(synth.render(back, notes, SECONDS, gates, seed=5), audio)

    def test_the_schema_accepts_presets_and_refuses_changed_ones(self, synth, params):
        validator = jsonschema.Draft202012Validator(preset_schema(synth))
        for row in (*params, np.zeros_like(params[0]), np.ones_like(params[0])):
            fields = json.loads(Preset.of(synth, row).to_json())
            validator.validate(fields)
            for control in synth.controls:
                for value in (control.high + 1, control.low - 1, "1", None):
                    controls = {**fields["controls"], control.name: value}
                    assert not validator.is_valid({**fields, "controls": controls})
                missing = {key: value for key, value in fields["controls"].items() if key != control.name}
                assert not validator.is_valid({**fields, "controls": missing})


@pytest.mark.parametrize("name", NAMES)
def test_every_control_is_audible_everywhere(name):
    """No dead zone: wherever a control stands, a step of a 48th of its range (a whole one) changes the sound.

    Of some random presets, each step has to change one at least: a control may be idle in a preset that
    does not use it.
    """
    synth = make_synth(name, 44_100)
    bases = synth.controls.sample(np.random.default_rng(21), 4)
    for i, control in enumerate(synth.controls):
        count = control.steps or 49
        grid = (np.arange(count) + 0.5) / count if control.steps else np.linspace(0, 1, count)
        rows = np.repeat(bases, count, axis=0)
        rows[:, i] = np.tile(grid, len(bases))
        sound = synth.render(rows, 48, 0.4, 0.2).reshape(len(bases), count, -1)
        change = np.abs(np.diff(sound, axis=1)).max(axis=(0, 2))
        assert change.min() > 1e-5, f"{control.name} does nothing at {grid[change.argmin()]:.3f}"
