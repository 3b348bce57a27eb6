"""The LFO: bipolar, at its rate, crossfaded between pitch and filter."""

import numpy as np
import pytest

from .patches import SINE, cents, instantaneous_hz, note_hz, partial_amplitude, patch, patches, play

RATE_HZ = 44_100
VIBRATO = {"osc1_morph": SINE, "lfo_target": 0.0}


def semitones(params, note=69, seconds=2.0):
    """Times, and the deviation of the pitch from its note at these."""
    t, hz = instantaneous_hz(play(params, note, seconds)[0], RATE_HZ)
    return t, cents(hz / note_hz(note)) / 100


class TestPitch:
    @pytest.mark.parametrize("amount", [0.1, 0.5, 1.0])
    def test_it_swings_seven_semitones_to_both_sides(self, amount):
        _, deviation = semitones(patch(lfo_amount=amount, lfo_rate_hz=2.0, **VIBRATO), 69, 2.2)
        assert deviation.max() == pytest.approx(7 * amount, rel=0.01)
        assert deviation.min() == pytest.approx(-7 * amount, rel=0.01)

    def test_the_note_is_its_centre(self):
        _, deviation = semitones(patch(lfo_amount=1, lfo_rate_hz=5.0, **VIBRATO), 69, 2.0)
        whole_cycles = deviation[: int(1.4 * RATE_HZ)]  # seven
        assert abs(whole_cycles.mean()) < 0.02

    @pytest.mark.parametrize("rate_hz", [0.5, 3.0, 15.0])
    def test_it_is_a_sine_that_starts_with_the_note(self, rate_hz):
        t, deviation = semitones(patch(lfo_amount=0.5, lfo_rate_hz=rate_hz, **VIBRATO), 81, 2.0)
        expected = 3.5 * np.sin(2 * np.pi * rate_hz * t)
        np.testing.assert_allclose(deviation, expected, atol=0.1)

    def test_both_oscillators_and_all_voices_move_alike(self):
        shared = {"lfo_amount": 1, "lfo_target": 0, "lfo_rate_hz": 3}
        one = play(patch(osc1_morph=SINE, **shared), 60)
        other = play(patch(osc1_level=0, osc2_level=1, osc2_morph=SINE, **shared), 60)
        np.testing.assert_array_equal(one, other)

    def test_no_amount_no_movement(self):
        rows = np.concatenate(
            [patches("lfo_rate_hz", [0.05, 15], lfo_amount=0), patches("lfo_target", [0, 1], lfo_amount=0)]
        )
        sound = play(rows)
        np.testing.assert_array_equal(sound[1:], sound[:1].repeat(3, axis=0))


class TestFilter:
    def test_it_swings_two_and_a_half_octaves_to_both_sides(self):
        """The slowest LFO at its peaks against a cutoff set by hand."""
        note, cutoff, rate_hz = 36, 500, 0.5
        swinging = patch(
            filter_cutoff_hz=cutoff, filter_resonance=0.2, lfo_amount=1, lfo_target=1, lfo_rate_hz=rate_hz
        )
        sound = play(swinging, note, 2.0)[0]
        for turn, octaves in ((0.25, 2.5), (0.75, -2.5)):
            still = play(patch(filter_cutoff_hz=cutoff * 2**octaves, filter_resonance=0.2), note, 2.0)[0]
            at = slice(*(int((turn / rate_hz + d) * RATE_HZ) for d in (-0.02, 0.02)))
            np.testing.assert_allclose(sound[at], still[at], atol=0.01)

    def test_the_pitch_stays(self):
        _, deviation = semitones(
            patch(osc1_morph=SINE, lfo_amount=1, lfo_target=1, filter_cutoff_hz=20_000), 57, 1.0
        )
        assert np.abs(deviation).max() < 0.05


class TestTarget:
    def test_it_is_a_linear_crossfade(self):
        for target in (0.0, 0.25, 0.5, 0.9):
            both = patch(osc1_morph=SINE, lfo_amount=0.8, lfo_target=target, lfo_rate_hz=2)
            pitch_only = patch(osc1_morph=SINE, lfo_amount=0.8 * (1 - target), lfo_target=0, lfo_rate_hz=2)
            difference = semitones(both, 57, 1.2)[1] - semitones(pitch_only, 57, 1.2)[1]
            assert np.abs(difference).max() < 0.05

    def test_half_of_it_moves_the_cutoff_half_as_far(self):
        """At the first peak of the LFO, with the partial right at the moved cutoff."""
        note, rate_hz = 57, 0.5
        half = patch(filter_cutoff_hz=300, lfo_amount=1, lfo_target=0.5, lfo_rate_hz=rate_hz)
        less = patch(filter_cutoff_hz=300 * 2**1.25, lfo_amount=0.5, lfo_target=0, lfo_rate_hz=rate_hz)
        at = slice(int(0.45 * RATE_HZ), int(0.55 * RATE_HZ))
        peak_hz = note_hz(note) * 2 ** (3.5 / 12)
        found = [
            np.abs(partial_amplitude(play(p, note, 0.6)[0, at], 4 * peak_hz, RATE_HZ)) for p in (half, less)
        ]
        assert found[0] == pytest.approx(found[1], rel=0.03)
