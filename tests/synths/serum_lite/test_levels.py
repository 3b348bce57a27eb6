"""Levels: linear, applied once, without DC."""

import numpy as np
import pytest

from tonewright.synths.serum_lite.controls import CONTROLS
from tonewright.synths.serum_lite.curves import HEADROOM

from .patches import SINE, SQUARE, decibels, note_hz, partial_amplitude, patch, patches, play, rms

ONLY = {
    "osc1": {"osc1_level": 1.0},
    "osc2": {"osc1_level": 0.0, "osc2_level": 1.0, "osc2_morph": SQUARE, "osc2_semitones": 7},
    "noise": {"osc1_level": 0.0, "noise_level": 1.0},
}
MOVING = {
    "filter_cutoff_hz": 900,
    "filter_resonance": 0.8,
    "filter_envelope_octaves": 2,
    "lfo_amount": 0.3,
    "lfo_target": 0.5,
    "osc1_unison": 5,
    "osc2_unison": 3,
}


class TestLinearity:
    @pytest.mark.parametrize("source", ONLY)
    def test_half_a_level_is_exactly_half_the_sound(self, source):
        full = play(patch(**{**MOVING, **ONLY[source]}))
        half = play(patch(**{**MOVING, **ONLY[source], f"{source}_level": 0.5}))
        np.testing.assert_array_equal(2 * half, full)

    @pytest.mark.parametrize("source", ONLY)
    def test_a_level_is_an_amplitude(self, source):
        levels = np.array([1.0, 0.9, 0.31, 0.1, 0.007])
        sound = play(
            patches(f"{source}_level", levels, **{**MOVING, **{k: v for k, v in ONLY[source].items()}})
        )
        np.testing.assert_allclose(rms(sound) / rms(sound[0]), levels, rtol=1e-5)

    def test_the_sources_add_up(self):
        """The sum of the parts is the whole: nothing saturates, nothing is normalised."""
        levels = {"osc1_level": 0.7, "osc2_level": 0.4, "noise_level": 0.2}
        shared = {**MOVING, "osc2_morph": SQUARE, "osc2_semitones": 7}
        silent = dict.fromkeys(levels, 0.0)
        parts = [play(patch(**{**shared, **silent, name: level})) for name, level in levels.items()]
        whole = play(patch(**{**shared, **levels}))
        np.testing.assert_allclose(sum(parts), whole, atol=1e-6)

    def test_master_volume_is_an_amplitude(self):
        volumes = np.array([1.0, 0.5, 0.25, 0.1, 0.0])
        sound = play(patches("master_volume", volumes, **MOVING))
        np.testing.assert_allclose(sound, volumes[:, None] * sound[0], atol=1e-6)

    def test_sustain_is_an_amplitude(self):
        levels = np.array([1.0, 0.5, 0.2, 0.0])
        sound = play(patches("amp_sustain", levels, amp_decay_s=0.05))[:, 22_050:]
        np.testing.assert_allclose(rms(sound), levels * rms(sound[0]), atol=1e-6)

    def test_full_scale(self):
        """One sine at full level peaks at the headroom, whatever its note."""
        for note in (36, 60, 84):
            sound = play(patch(osc1_morph=SINE), note)[0, 4410:]
            assert np.abs(partial_amplitude(sound, note_hz(note), 44_100)) == pytest.approx(
                HEADROOM, rel=2e-3
            )

    def test_the_level_does_not_depend_on_the_rate(self):
        levels = []
        for rate_hz in (8_000, 16_000, 44_100, 96_000):
            sound = play(patch(filter_cutoff_hz=500, **ONLY["osc1"]), 45, rate_hz=rate_hz)
            levels.append(decibels(rms(sound[0])))
        np.testing.assert_allclose(levels, levels[0], atol=0.05)


class TestDc:
    """DC: the mean under a Blackman window over two seconds of a held note."""

    NOTES = np.random.default_rng(7).uniform(24, 96, 256)

    def render(self, rate_hz, **fixed):
        params = CONTROLS.sample(np.random.default_rng(7), len(self.NOTES))
        for name, value in fixed.items():
            params[:, CONTROLS.index(name)] = CONTROLS[name].to_unit(value)
        return play(params, self.NOTES, 2.5, rate_hz=rate_hz)[:, rate_hz // 2 :]

    @staticmethod
    def dc(sound):
        window = np.blackman(sound.shape[1])
        return np.abs(sound @ window) / window.sum()

    @pytest.mark.parametrize("rate_hz", [16_000, 44_100])
    def test_below_60_db_of_full_scale_in_any_preset(self, rate_hz):
        assert decibels(self.dc(self.render(rate_hz)).max()) < -70

    @pytest.mark.parametrize("rate_hz", [16_000, 44_100])
    def test_below_60_db_of_the_sound_itself_where_it_is_steady(self, rate_hz):
        """Without noise and movement, which have infrasound of their own that is no DC."""
        sound = self.render(
            rate_hz, noise_level=0, lfo_amount=0, filter_envelope_octaves=0, amp_sustain=1, amp_attack_s=0.001
        )
        assert decibels((self.dc(sound) / rms(sound)).max()) < -80

    def test_a_long_silence_after_the_note_is_silence(self):
        sound = play(patch(osc1_morph=SINE, amp_release_s=0.02), 24, 2.0, 0.2)
        assert np.abs(sound[:, 22_050:]).max() < 1e-2
        assert np.abs(sound[:, 44_100:]).max() < 1e-6
