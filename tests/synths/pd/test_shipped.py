"""The patches that ship: the controls of the built-in synths, and their sound."""

import numpy as np
import pytest

from tonewright.audio import read
from tonewright.features import hear
from tonewright.synths import synth as make_synth
from tonewright.synths.granular.source import load_source
from tonewright.synths.granular.synth import SOURCE
from tonewright.synths.pd.naming import SHIPPED, shipped
from tonewright.synths.pd.patch import read_patch

from .patches import with_pd

RATE = 44_100
HELD = 9.0  # seconds: longer than anything here


def both(name):
    return make_synth(f"pd:{name}"), make_synth(name)


def spectra(sound, window):
    """Magnitudes `[batch, frames, bins]`, half a window apart."""
    frames = np.lib.stride_tricks.sliding_window_view(sound, window, axis=1)[:, :: window // 2]
    return np.abs(np.fft.rfft(frames * np.blackman(window), axis=2))


def spectral_error_db(heard, expected):
    """Largest difference of the magnitudes of each sound, against its largest magnitude."""
    difference = np.abs(heard - expected).max(axis=(1, 2))
    return 20 * np.log10(difference / expected.max(axis=(1, 2)))


def level_db(sound, other):
    return 20 * np.log10(sound.std(axis=1) / other.std(axis=1))


class TestFiles:
    @pytest.mark.parametrize("name", shipped())
    def test_the_controls_are_those_of_the_built_in_synth(self, name):
        patch, built_in = both(name)
        assert patch.controls.controls == built_in.controls.controls

    def test_every_folder_has_the_same_glide(self):
        assert len({(SHIPPED / name / "glide.pd").read_text() for name in shipped()}) == 1

    @pytest.mark.parametrize("name", shipped())
    def test_boxes_do_not_lie_on_each_other(self, name):
        """They are there to be read."""
        for path in (SHIPPED / name).glob("*.pd"):
            records = [record.split() for record in path.read_text().split(";\n")]
            boxes = [
                (int(r[2]), int(r[3]), r)
                for r in records
                if r[:1] == ["#X"] and r[1] in ("obj", "msg", "text")
            ]
            for i, (x, y, box) in enumerate(boxes):
                for other_x, other_y, other in boxes[:i]:
                    assert abs(x - other_x) >= 40 or abs(y - other_y) >= 15, (path.name, box, other)

    @pytest.mark.parametrize("name", shipped())
    def test_comments_say_what_it_is(self, name):
        for path in (SHIPPED / name).glob("*.pd"):
            title = name if path.stem == "synth" else path.stem
            assert f"text 30 20 {title}: " in path.read_text()

    def test_the_recording_is_that_of_granular(self):
        source = load_source(str(SOURCE), RATE)
        begin, last, step = source.begins[0], source.lasts[0], round(source.steps[0])
        recording = read(SHIPPED / "granular" / "recording.wav")
        assert recording.sample_rate_hz == RATE
        # If this fails, run benchmarks/granular_source.py, which writes both.
        np.testing.assert_allclose(
            recording.samples[0], source.samples[begin : begin + last + 1 : step], atol=2**-15
        )

    @pytest.mark.parametrize("name", shipped())
    def test_all_is_vanilla(self, name):
        assert read_patch(SHIPPED / name / "synth.pd").not_alone == ""  # nothing that is not known there


@with_pd
class TestSine:
    def test_it_sounds_as_the_built_in_one(self):
        patch, built_in = both("sine")
        params = patch.controls.sample(np.random.default_rng(5), 64)
        heard, expected = (synth.render(params, 60, 1.0, HELD) for synth in (patch, built_in))
        assert np.abs(level_db(heard, expected)).max() < 0.001
        # Pd's frequencies are float32: after a second, phases are some thousandths of a cycle apart.
        assert spectral_error_db(spectra(heard, 16_384), spectra(expected, 16_384)).max() < -50

    def test_also_while_it_is_turned(self):
        patch, built_in = both("sine")
        tracks = np.random.default_rng(6).random((32, 43, 2), np.float32)
        heard, expected = (synth.render(tracks, 60, 1.0, HELD, hop=1_024) for synth in (patch, built_in))
        assert spectral_error_db(spectra(heard, 2_048), spectra(expected, 2_048)).max() < -40

    def test_it_fades_below_half_the_sample_rate(self):
        patch, built_in = (make_synth(name, 8_000) for name in ("pd:sine", "sine"))
        unit = np.log2(np.array([3_500, 3_700, 3_900, 4_100, 5_120]) / 40) / 7
        params = np.stack([unit, np.ones(5)], axis=1)
        levels = [synth.render(params, 60, 1.0, HELD)[:, 500:].std(axis=1) for synth in (patch, built_in)]
        np.testing.assert_allclose(*levels, rtol=1e-3, atol=1e-7)
        assert levels[0][0] > 0.7
        assert (levels[0][3:] == 0).all()


@with_pd
class TestFM:
    def test_it_sounds_as_the_built_in_one(self):
        patch, built_in = both("fm")
        params = patch.controls.sample(np.random.default_rng(5), 64)
        heard, expected = (synth.render(params, 60, 1.0, HELD) for synth in (patch, built_in))
        assert np.abs(level_db(heard, expected)).max() < 0.01
        errors = spectral_error_db(spectra(heard, 16_384), spectra(expected, 16_384))
        assert errors.max() < -30
        assert np.median(errors) < -50

    def test_also_while_it_is_turned(self):
        patch, built_in = both("fm")
        tracks = np.random.default_rng(6).random((32, 43, 4), np.float32)
        sounds = (synth.render(tracks, 60, 1.0, HELD, hop=1_024) for synth in (patch, built_in))
        heard, expected = (spectra(sound, 2_048) for sound in sounds)
        assert np.median(spectral_error_db(heard, expected)) < -30
        apart = np.square(heard - expected).sum(axis=(1, 2)) / np.square(expected).sum(axis=(1, 2))
        # Where sidebands meet, their phases count, and those drift apart by thousandths of a cycle.
        assert 10 * np.log10(np.quantile(apart, 0.9)) < -30

    def test_no_sideband_beyond_nyquist(self):
        """Low in rate, high in pitch: what folds back lies below −60 dB, as in the built-in one."""
        patch, built_in = (make_synth(name, 16_000) for name in ("pd:fm", "fm"))
        params = np.array([[1, 1, 1, 1], [0.95, 0.4, 1, 1], [1, 0.5, 0.3, 1]], np.float32)
        heard, expected = (synth.render(params, 60, 1.0, HELD) for synth in (patch, built_in))
        assert spectral_error_db(spectra(heard, 8_192), spectra(expected, 8_192)).max() < -30


@with_pd
class TestGranular:
    def params(self, batch):
        """Loud ones, with some grains a second."""
        params = make_synth("granular").controls.sample(np.random.default_rng(7), batch)
        params[:, 0] = 0.3 + 0.7 * params[:, 0]
        params[:, 5] = 0.5 + 0.5 * params[:, 5]
        return params

    def test_without_scatter_every_grain_is_the_same(self):
        """Up to the pitch of the recording: above, Pd's simple reading folds at Nyquist."""
        patch, built_in = both("granular")
        params = self.params(64)
        params[:, 3] *= 0.5
        params[:, 4] = 0
        heard, expected = (synth.render(params, 60, 1.0, HELD)[:, 300:-300] for synth in (patch, built_in))
        assert np.abs(level_db(heard, expected)).max() < 0.5
        alike = [
            max(np.corrcoef(a[2 + lag : len(a) - 2 + lag], b[2:-2])[0, 1] for lag in (-1, 0, 1))
            for a, b in zip(heard, expected, strict=True)
        ]
        assert min(alike) > 0.9
        assert np.median(alike) > 0.99

    def test_with_scatter_descriptors_are_as_far_apart_as_those_of_two_seeds(self):
        """Means over a second; a descriptor of the two differs by less than half its spread over presets."""
        patch, built_in = both("granular")
        params = self.params(96)
        sounds = (
            patch.render(params, 60, 1.0, HELD),
            *(built_in.render(params, 60, 1.0, HELD, seed) for seed in (0, 1)),
        )
        of_patch, expected, of_other_seed = (
            hear(sound, RATE, ("loudness", "spectral_shape", "mfcc")).values.mean(axis=1) for sound in sounds
        )
        apart = np.abs(of_patch - expected).mean(axis=0) / expected.std(axis=0)
        usual = np.abs(of_other_seed - expected).mean(axis=0) / expected.std(axis=0)
        assert apart.max() < 0.5
        assert (apart / usual).max() < 2.5
        assert np.median(apart / usual) < 1.8

    def test_seeds_scatter_otherwise(self):
        patch = make_synth("pd:granular")
        params = np.array([[0.7, 0.5, 0.4, 0.5, 0.6, 1.0]], np.float32)
        sounds = [patch.render(params, 60, 1.0, seed=seed)[0] for seed in (0, 0, 1, 2, 1_000_000)]
        np.testing.assert_array_equal(sounds[0], sounds[1])
        for i, one in enumerate(sounds[1:]):
            for other in sounds[1 : i + 1]:
                assert abs(np.corrcoef(one, other)[0, 1]) < 0.5

    def test_grains_come_as_often_as_they_should(self):
        patch = make_synth("pd:granular")
        density = np.array([5.0, 10.0, 25.0])
        params = np.tile(np.array([[0, 0.63, 0, 0.5, 0, 1.0]], np.float32), (3, 1))
        params[:, 0] = np.log(density) / np.log(100)
        level = np.abs(patch.render(params, 60, 2.0, HELD)).reshape(3, -1, 441).max(axis=2) > 0.01
        onsets = (np.diff(level.astype(int), axis=1) == 1).sum(axis=1) + level[:, 0]
        np.testing.assert_allclose(onsets, 2 * density, atol=1)

    def test_turned_to_many_it_does_not_wait(self):
        """From one grain a second to a hundred: the first ten come within a tenth of a second."""
        patch = make_synth("pd:granular")
        tracks = np.tile(np.array([0, 0.63, 0, 0.5, 0, 1.0], np.float32), (1, 2, 1))
        tracks[0, 1, 0] = 1
        sound = patch.render(tracks, 60, 0.4, HELD, hop=round(0.2 * RATE))[0]
        assert np.abs(sound[round(0.05 * RATE) : round(0.19 * RATE)]).max() == 0
        busy = np.abs(sound[round(0.22 * RATE) :]).reshape(-1, 882).max(axis=1)
        assert busy.min() > 0.01
