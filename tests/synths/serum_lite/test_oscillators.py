"""Purity, wave shapes, tuning and unison of the oscillators."""

from itertools import pairwise

import numpy as np
import pytest

from tonewright.synths.serum_lite.controls import WAVES

from .patches import (
    SAW,
    SINE,
    SQUARE,
    TRIANGLE,
    cents,
    decibels,
    frequency_hz,
    note_hz,
    partial_amplitude,
    patch,
    patches,
    play,
    rms,
)

RATE_HZ = 44_100


class TestPurity:
    """Everything that is no harmonic lies 60 dB below the fundamental, up to 16 kHz."""

    @pytest.mark.parametrize(
        "morph", [SAW, SQUARE, TRIANGLE, 0.5], ids=["saw", "square", "triangle", "between"]
    )
    def test_what_is_no_harmonic(self, morph):
        notes = np.arange(24, 97)
        sound = play(np.repeat(patch(osc1_morph=morph), len(notes), axis=0), notes, 2.1)[:, 4410:]
        window = np.kaiser(sound.shape[1], 14.0)
        power = np.abs(np.fft.rfft(sound * window, axis=1)) ** 2
        hz = np.fft.rfftfreq(sound.shape[1], 1 / RATE_HZ)
        main_lobe = 12 * RATE_HZ / sound.shape[1]
        for note, spectrum in zip(notes, power, strict=True):
            nearest = np.round(hz / note_hz(note))
            near = np.abs(hz - nearest * note_hz(note)) <= main_lobe
            fundamental = spectrum[near & (nearest == 1)]
            others = spectrum[(~near | (nearest == 0)) & (hz < 16_000)]
            assert 10 * np.log10(others.sum() / fundamental.sum()) < -66
            assert 10 * np.log10(others.max() / fundamental.max()) < -75

    def test_a_sine_is_pure(self):
        sound = play(patch(osc1_morph=SINE), 60, 2.0)[0, 4410:]
        power = np.abs(np.fft.rfft(sound * np.kaiser(len(sound), 14.0))) ** 2
        hz = np.fft.rfftfreq(len(sound), 1 / RATE_HZ)
        others = power[np.abs(hz - note_hz(60)) > 20]
        assert 10 * np.log10(others.sum() / power.sum()) < -95

    @pytest.mark.parametrize("rate_hz", [4_000, 16_000])
    def test_a_voice_above_nyquist_is_silent(self, rate_hz):
        """Also when the LFO, at its lowest, would bring a clamped pitch back into the band."""
        sound = play(patch(osc1_level=0, osc2_level=1, osc2_semitones=12), 127, rate_hz=rate_hz)
        assert not sound.any()
        wobbling = patch(osc1_level=0, osc2_level=1, osc2_semitones=12, lfo_amount=1, lfo_target=0)
        assert not play(wobbling, 127, rate_hz=rate_hz).any()

    @pytest.mark.parametrize("morph", [SAW, SQUARE], ids=["saw", "square"])
    @pytest.mark.parametrize("note", [48, 72, 96, 120])
    def test_crossing_into_another_wavetable_makes_no_jump(self, morph, note):
        vibrato = {"lfo_amount": 1, "lfo_rate_hz": 15, "lfo_target": 0}
        moving = play(patch(osc1_morph=morph, **vibrato), note, 1.0)[0, 2205:]
        pitches = note + np.linspace(-7, 7, 57)
        still = play(np.repeat(patch(osc1_morph=morph), len(pitches), axis=0), pitches, 0.3)[:, 2205:]
        assert np.abs(np.diff(moving)).max() < 1.01 * np.abs(np.diff(still)).max()


class TestShapes:
    """The landmarks of the morph against their Fourier series."""

    NOTE = 45
    PARTIALS = np.arange(1, 41)
    SERIES = {  # noqa: RUF012
        "sine": (PARTIALS == 1) * 1.0,
        "saw": 2 / (np.pi * PARTIALS),
        "square": 4 / (np.pi * PARTIALS) * (PARTIALS % 2),
        "triangle": 8 / (np.pi * PARTIALS) ** 2 * (PARTIALS % 2) * (-1.0) ** (PARTIALS // 2),
    }

    def partials(self, morph):
        """Amplitudes of the partials as sines in phase with the fundamental."""
        sound = play(patch(osc1_morph=morph), self.NOTE, 2.0)[0, 4410:]
        open_filter = 1 / self.low_pass(self.PARTIALS * note_hz(self.NOTE))
        found = [partial_amplitude(sound, h * note_hz(self.NOTE), RATE_HZ) for h in self.PARTIALS]
        found = np.array(found) * open_filter
        turn = np.exp(-1j * np.angle(1j * found[0]) * self.PARTIALS)
        return 1j * found * turn

    @staticmethod
    def low_pass(hz):
        """Transfer function of the filter as `patch` leaves it (Q = 1/√2, bent cutoff) and the DC blocker."""
        ratio = 20_000 / RATE_HZ
        over = (ratio - 0.4) / 0.09
        bent = 0.4 + 0.09 * over / (1 + over)
        s = 1j * np.tan(np.pi * hz / RATE_HZ) / np.tan(np.pi * bent)
        z = np.exp(-2j * np.pi * hz / RATE_HZ)
        pole = 1 - 2 * np.pi * 3 / RATE_HZ
        return (1 - z) / (1 - pole * z) / (1 + np.sqrt(2) * s + s * s)

    @pytest.mark.parametrize("wave", WAVES)
    def test_landmarks(self, wave):
        found = self.partials(WAVES.index(wave) / 3)
        np.testing.assert_allclose(found, 0.5 * self.SERIES[wave], atol=2e-4)

    @pytest.mark.parametrize(("left", "right"), list(pairwise(WAVES)))
    def test_between_landmarks_the_waves_are_mixed(self, left, right):
        found = self.partials((WAVES.index(left) + 0.25) / 3)
        expected = 0.5 * (0.75 * self.SERIES[left] + 0.25 * self.SERIES[right])
        np.testing.assert_allclose(found, expected, atol=2e-4)

    @pytest.mark.parametrize("rate_hz", [16_000, 44_100, 48_000, 96_000])
    def test_partials_reach_far_up_at_any_pitch(self, rate_hz):
        """The highest partial there is lies above 0.39 of the sample rate."""
        for note in (24, 47.3, 71.9, 95):
            sound = play(patch(filter_cutoff_hz=20_000), note, 0.5, rate_hz=rate_hz)[0, rate_hz // 10 :]
            highest = int(min(0.39 * rate_hz, 20_000) / note_hz(note))
            fundamental = np.abs(partial_amplitude(sound, note_hz(note), rate_hz))
            found = np.abs(partial_amplitude(sound, highest * note_hz(note), rate_hz))
            assert found > 0.3 * fundamental / highest


class TestTuning:
    @pytest.mark.parametrize("rate_hz", [8_000, 44_100, 192_000])
    def test_notes_are_in_tune(self, rate_hz):
        for note in (21, 33.5, 60, 69, 84.37, 100):
            sound = play(patch(osc1_morph=SINE), note, 2.0, rate_hz=rate_hz)[0]
            assert abs(cents(frequency_hz(sound, rate_hz) / note_hz(note))) < 0.05

    def test_semitones_of_the_second_oscillator(self):
        steps = np.arange(-12, 13)
        rows = patches("osc2_semitones", steps, osc1_level=0, osc2_level=1, osc2_morph=SINE)
        found = frequency_hz(play(rows, 69, 1.0), RATE_HZ)
        np.testing.assert_allclose(cents(found / 440), 100 * steps, atol=0.05)

    def test_one_voice_is_not_detuned(self):
        rows = patches("unison_detune_cents", [0, 25, 50], osc1_unison=1)
        sound = play(rows, 57, 0.5)
        np.testing.assert_array_equal(sound[1:], sound[:1].repeat(2, axis=0))

    @pytest.mark.parametrize("voices", range(2, 8))
    def test_detune_is_symmetric_and_evenly_spread(self, voices):
        detune = 40
        sound = play(
            patch(osc1_morph=SINE, osc1_unison=voices, unison_detune_cents=detune), 69, 12.0, rate_hz=8_000
        )[0]
        power = np.abs(np.fft.rfft(sound * np.kaiser(len(sound), 9.0), 8 * len(sound)))
        hz = np.fft.rfftfreq(8 * len(sound), 1 / 8_000)
        is_peak = (power[1:-1] > power[:-2]) & (power[1:-1] > power[2:]) & (power[1:-1] > 0.1 * power.max())
        found = hz[1:-1][is_peak]
        expected = 440 * 2 ** (np.linspace(-detune, detune, voices) / 1200)
        np.testing.assert_allclose(cents(found / expected), 0, atol=0.3)


class TestUnisonPower:
    @pytest.mark.parametrize("morph", [SINE, SAW, SQUARE], ids=["sine", "saw", "square"])
    def test_equal_over_a_long_time(self, morph):
        rows = patches("osc1_unison", range(1, 8), osc1_morph=morph, unison_detune_cents=23)
        level = decibels(rms(play(rows, 57, 20.0, rate_hz=16_000)))
        np.testing.assert_allclose(level, level[0], atol=0.5)

    def test_equal_fundamental_without_detune(self):
        rows = patches("osc1_unison", range(1, 8), unison_detune_cents=0)
        fundamental = np.abs(partial_amplitude(play(rows, 57, 1.0)[:, 4410:], note_hz(57), RATE_HZ))
        np.testing.assert_allclose(decibels(fundamental / fundamental[0]), 0, atol=0.01)

    def test_equal_fundamental_from_the_first_cycles_on(self):
        rows = patches("osc1_unison", range(1, 8), osc1_morph=SINE, unison_detune_cents=1)
        level = decibels(rms(play(rows, 69, 0.025)))
        np.testing.assert_allclose(level, level[0], atol=0.5)

    def test_voices_start_apart(self):
        """No burst of all voices in phase: the loudest sample stays well below the sum of all voices."""
        rows = patches("osc1_unison", range(1, 8), unison_detune_cents=15)
        peak = np.abs(play(rows, 45, 0.03)).max(axis=1)
        together = np.sqrt(np.arange(1, 8)) * peak[0]
        assert (peak[2:] < 0.85 * together[2:]).all()
