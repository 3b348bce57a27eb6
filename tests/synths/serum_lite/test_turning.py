"""Serum-lite turned while it sounds: when a turn begins, what it passes, and where it ends."""

import numpy as np
import pytest

from tonewright.synths.gliding import GLIDE_S
from tonewright.synths.serum_lite.controls import CONTROLS, MAX_UNISON
from tonewright.synths.serum_lite.oscillator import TICK
from tonewright.synths.serum_lite.synth import SerumLite
from tonewright.synths.serum_lite.unison import unison_gain, unison_spread

from .patches import (
    SAW,
    SINE,
    SQUARE,
    cents,
    decibels,
    instantaneous_hz,
    note_hz,
    partial_amplitude,
    patch,
    rms,
)

RATE_HZ = 44_100


def turned(turns, note=60.0, seconds=1.0, gate_seconds=None, *, begin, rate_hz=RATE_HZ):
    """A note that begins with a patch and is turned to others at samples, as float64."""
    voice, ready, pieces = SerumLite(rate_hz).voice(begin, note, gate_seconds, seed=0), 0, []
    for at, params in (*turns, (round(seconds * rate_hz), None)):
        pieces.append(voice.render(at - ready))
        ready = at
        if params is not None:
            voice.turn(params)
    return np.concatenate(pieces, axis=1).astype(np.float64)


def still(params, note=60.0, seconds=1.0, gate_seconds=None, *, rate_hz=RATE_HZ):
    """A note that is held and not turned, as float64."""
    return turned((), note, seconds, gate_seconds, begin=params, rate_hz=rate_hz)


def glide(ticks, rate_hz=RATE_HZ):
    """How far a control has come at each tick after the turn: 1 − (1 + t/τ)·e^(−t/τ), step by step."""
    lag = np.exp(-TICK / (GLIDE_S * rate_hz))
    return 1 - lag**ticks * (1 + ticks * (1 - lag))


class TestWhenItBegins:
    @pytest.mark.parametrize("block", [1, 16, 100])
    def test_at_the_next_tick_whatever_was_rendered_ahead(self, block):
        """A turn at sample n begins with tick ⌈n/16⌉: at 33 … 48 with the same one."""
        other = patch(osc1_morph=SQUARE, filter_cutoff_hz=300)
        base = still(patch(), seconds=0.05)[0]
        sounds = []
        for at in (32, 33, 40, 48, 49):
            voice, pieces, ready = SerumLite(RATE_HZ).voice(patch()), [], 0
            while ready < len(base):
                if ready == at:
                    voice.turn(other)
                until = at if ready < at else len(base)
                pieces.append(voice.render(min(block, until - ready))[0])
                ready += len(pieces[-1])
            sounds.append(np.concatenate(pieces))
        begins = [int(np.flatnonzero(sound != base)[0]) for sound in sounds]
        assert [begin // TICK for begin in begins] == [2, 3, 3, 3, 4]
        np.testing.assert_array_equal(sounds[1], sounds[2])
        np.testing.assert_array_equal(sounds[1], sounds[3])

    def test_a_turn_before_the_first_sample_begins_with_the_note(self):
        sound = turned([(0, patch(osc1_morph=SINE, master_volume=0.1))], begin=patch(osc1_morph=SINE))
        quiet = still(patch(osc1_morph=SINE, master_volume=0.1))
        np.testing.assert_allclose(sound[:, 22_050:], quiet[:, 22_050:], atol=1e-5)
        assert np.abs(sound[:, 30:200]).max() > 2 * np.abs(quiet[:, 30:200]).max()


class TestHandover:
    """Between still and moving controls the sound is made in two ways: they agree to 1e-6."""

    @pytest.mark.parametrize("rate_hz", [8_000, 44_100])
    def test_controls_that_are_not_heard_change_nothing_on_their_way(self, rate_hz):
        """The rate of an LFO that moves nothing, and the wave of an oscillator that is silent."""
        rng = np.random.default_rng(1)
        begin = CONTROLS.sample(rng, 128)
        begin[:64, CONTROLS.index("lfo_amount")] = 0
        begin[64:, CONTROLS.index("osc1_level")] = 0
        end = begin.copy()
        end[:64, CONTROLS.index("lfo_rate_hz")] = 1 - begin[:64, CONTROLS.index("lfo_rate_hz")]
        end[64:, CONTROLS.index("osc1_morph")] = 1 - begin[64:, CONTROLS.index("osc1_morph")]
        notes = rng.uniform(12, 110, 128)
        base = still(begin, notes, 0.5, 0.4, rate_hz=rate_hz)
        turns = [(round(at * rate_hz), params) for at, params in ((0.1, end), (0.2, begin), (0.21, end))]
        sound = turned(turns, notes, 0.5, 0.4, begin=begin, rate_hz=rate_hz)
        assert np.abs(base).max() > 1
        assert (sound != base).any()
        np.testing.assert_allclose(sound, base, rtol=0, atol=1e-6)

    def test_the_least_turn_changes_hardly_anything(self):
        """Each control by what float32 can tell apart: less than a millionth in every sample."""
        begin = np.full((1, len(CONTROLS)), 0.3, np.float32)
        for d in range(len(CONTROLS)):
            end = begin.copy()
            end[0, d] = np.nextafter(np.float32(0.3), np.float32(1))
            difference = turned([(4_000, end)], begin=begin, seconds=0.15) - still(begin, seconds=0.15)
            assert np.abs(difference).max() < 2e-6, CONTROLS.names[d]


class TestOnTheWay:
    def test_the_volume_follows_the_closed_form(self):
        """Straight lines between ticks; measured where the sound that is not turned is not near zero."""
        at = 250 * TICK
        loud, soft = patch(osc1_morph=SINE, master_volume=1.0), patch(osc1_morph=SINE, master_volume=0.25)
        before, after = still(loud, 72)[0], turned([(at, soft)], 72, begin=loud)[0]
        sample = np.arange(at, at + 1_500)
        heard = np.abs(before[sample]) > 0.2
        ticks = (sample - at) / TICK
        level = 1 - 0.75 * np.interp(ticks, np.arange(100), glide(np.arange(100)))
        ratio = after[sample] / before[sample]
        np.testing.assert_allclose(ratio[heard], level[heard], atol=0.01)  # the DC blocker adds a little

    def test_the_pitch_of_the_second_oscillator_glides_by_semitones(self):
        begin = patch(osc1_level=0, osc2_level=1, osc2_morph=SINE, osc2_semitones=-12)
        end = patch(osc1_level=0, osc2_level=1, osc2_morph=SINE, osc2_semitones=12)
        at = 1_000 * TICK
        t, hz = instantaneous_hz(turned([(at, end)], 69, 1.0, begin=begin)[0], RATE_HZ)
        way = np.interp((t * RATE_HZ - at) / TICK, np.arange(200), glide(np.arange(200)))
        expected = note_hz(57) * 2 ** (2 * way)
        assert np.abs(cents(hz / expected)).max() < 30  # a fifth of what it glides in a tick

    def test_the_lfo_goes_on_from_where_it_is(self):
        """Its phase is the integral of its rate: it does not jump as the rate times the time would."""
        vibrato = {"osc1_morph": SINE, "lfo_amount": 0.5, "lfo_target": 0.0}
        at = round(1.3 * RATE_HZ / TICK) * TICK
        slow, quick = patch(lfo_rate_hz=2, **vibrato), patch(lfo_rate_hz=7, **vibrato)
        t, hz = instantaneous_hz(turned([(at, quick)], 81, 2.2, begin=slow)[0], RATE_HZ)
        ticks = np.arange(round(2.3 * RATE_HZ / TICK))
        way = np.where(ticks > at / TICK, glide(np.maximum(ticks - at / TICK, 0)), 0)
        rate = 2 * (7 / 2) ** way
        cycles = np.concatenate([[0], np.cumsum(rate[1:])]) * TICK / RATE_HZ
        expected = 3.5 * np.sin(2 * np.pi * np.interp(t, ticks * TICK / RATE_HZ, cycles))
        np.testing.assert_allclose(cents(hz / note_hz(81)) / 100, expected, atol=0.1)

    def test_the_morph_passes_all_waves_between(self):
        """From sine to triangle through saw and square: the second partial comes and goes."""
        at = 500 * TICK
        sound = turned([(at, patch(osc1_morph=1.0))], 96, 0.5, begin=patch(osc1_morph=SINE))[0]
        hz = note_hz(96)
        window = round(0.002 * RATE_HZ)
        second = [
            abs(partial_amplitude(sound[begin : begin + window], 2 * hz, RATE_HZ))
            for begin in (at - 600, at + round(0.0015 * RATE_HZ), at + 2_000)
        ]
        assert second[1] > 5 * max(second[0], second[2])

    def test_an_envelope_that_is_turned_does_not_pass_its_peak(self):
        """An attack from 1 ms to 2 s, at half a second: from the sustain to a quarter, with nothing above."""
        low = {"osc1_morph": SINE, "amp_decay_s": 0.005, "amp_sustain": 0.5}
        at = round(0.5 * RATE_HZ / TICK) * TICK
        sound = turned(
            [(at, patch(amp_attack_s=2.0, **low))], 84, 1.0, begin=patch(amp_attack_s=0.001, **low)
        )[0]
        peaks = np.abs(sound[: len(sound) // 45 * 45]).reshape(-1, 45).max(axis=1) / 0.5
        assert peaks[200:].max() < 0.51
        settled = slice(at + round(0.05 * RATE_HZ), at + round(0.1 * RATE_HZ))
        assert np.abs(sound[settled]).max() / 0.5 == pytest.approx(0.3, abs=0.01)


class TestWhereItEnds:
    BEGIN = patch(
        osc1_morph=SQUARE, osc2_level=0.5, osc2_morph=SAW, osc2_semitones=7, filter_cutoff_hz=2_000,
        filter_resonance=0.6, filter_envelope_octaves=1, mod_sustain=0.5,
    )  # fmt: skip

    ALONE = sorted({*CONTROLS.names} - {"osc1_unison", "osc2_unison", "noise_level", "lfo_amount"})

    @pytest.mark.parametrize("name", ALONE)
    def test_each_control_alone_comes_to_what_a_note_has_that_began_there(self, name):
        """50 ms after the turn partials have their levels, to 1 % of the strongest."""
        end = self.BEGIN.copy()
        end[0, CONTROLS.index(name)] = 0.05 if end[0, CONTROLS.index(name)] > 0.5 else 0.95
        at, settled = round(0.3 * RATE_HZ), round(0.35 * RATE_HZ)
        heard, expected = turned([(at, end)], 57, 0.85, begin=self.BEGIN), still(end, 57, 0.85)
        # None that the two oscillators share: against each other they may have another phase.
        partials = note_hz(57) * np.arange(1, 9)
        levels = [
            np.array([abs(partial_amplitude(sound[0, settled:], hz, RATE_HZ)) for hz in partials])
            for sound in (heard, expected)
        ]
        np.testing.assert_allclose(levels[0], levels[1], atol=0.01 * levels[1].max())

    @pytest.mark.parametrize(("name", "shared"), [("noise_level", {}), ("lfo_amount", {"lfo_target": 1.0})])
    def test_so_do_noise_and_an_lfo(self, name, shared):
        """They are the same in both: every sample comes to what it is in a note that began there."""
        begin, end = patch(**{name: 0.0}, **shared), patch(**{name: 1.0}, **shared)
        heard, expected = turned([(10_000, end)], begin=begin)[0], still(end)[0]
        assert rms(heard[:10_000] - expected[:10_000]) > 0.1 * rms(expected)
        np.testing.assert_allclose(heard[32_000:], expected[32_000:], atol=1e-4 * np.abs(expected).max())

    @pytest.mark.parametrize("count", [2, 4, 7])
    def test_voices_that_join_have_the_phases_of_a_note_that_began_with_them(self, count):
        """Without detune, from one voice: every partial has the level that it has there."""
        shared = {"unison_detune_cents": 0.0}
        end = patch(osc1_unison=count, **shared)
        heard = turned([(11_000, end)], 45, 1.0, begin=patch(osc1_unison=1, **shared))[0, 15_000:]
        expected = still(end, 45, 1.0)[0, 15_000:]
        for partial in range(1, 9):
            hz = partial * note_hz(45)
            levels = [abs(partial_amplitude(x, hz, RATE_HZ)) for x in (heard, expected)]
            assert levels[0] == pytest.approx(levels[1], abs=1e-4)

    @pytest.mark.parametrize("counts", [(7, 1), (1, 7), (3, 5), (6, 2)])
    def test_the_number_of_voices_changes_without_a_click_and_to_its_level(self, counts):
        shared = {"osc1_morph": SINE, "unison_detune_cents": 50}
        begin, end, most = (patch(osc1_unison=count, **shared) for count in (*counts, MAX_UNISON))
        at = round(0.5 * RATE_HZ)
        sound = turned([(at, end)], 84, 4.5, begin=begin)[0]
        kinks, expected = (np.abs(np.diff(x, 2)) for x in (sound, still(most, 84, 2.0)[0]))
        assert kinks[at : at + 2_000].max() < 1.1 * expected.max()
        level, expected = rms(sound[at + 4_000 :]), rms(still(end, 84, 4.5)[0, at + 4_000 :])
        assert decibels(level / expected) == pytest.approx(0, abs=1)

    def test_volume_turned_down_ends_in_silence_and_comes_back(self):
        down, up = patch(master_volume=0.0), patch()
        sound = turned([(10_000, down), (60_000, up)], 60, 2.0, begin=up)[0]
        assert np.abs(sound[50_000:60_000]).max() < 1e-6  # the DC blocker has died away too
        back, expected = sound[70_000:], still(up, 60, 2.0)[0, 70_000:]
        assert rms(back) == pytest.approx(rms(expected), rel=0.01)

    def test_a_release_that_is_made_longer_after_it_has_ended_is_heard_again(self):
        """Envelopes are functions of time and of their controls, whenever these were turned."""
        short, long = patch(osc1_morph=SINE, amp_release_s=0.02), patch(osc1_morph=SINE, amp_release_s=4.0)
        sound = turned([(20_000, long)], 60, 1.0, 0.2, begin=short)[0]
        assert np.abs(sound[18_000:20_000]).max() < 1e-3
        expected = still(long, 60, 1.0, 0.2)[0]
        assert rms(sound[25_000:]) == pytest.approx(rms(expected[25_000:]), rel=0.01)

    @pytest.mark.parametrize("block", [1, 64, 333])
    def test_sources_rest_while_there_is_no_level_whatever_the_blocks(self, block):
        short, long = patch(amp_release_s=0.02), patch(amp_release_s=4.0, filter_cutoff_hz=500)
        expected = turned([(4_000, long)], 60, 0.2, 0.02, begin=short)
        voice, pieces, ready = SerumLite(RATE_HZ).voice(short, 60, 0.02), [], 0
        while ready < expected.shape[1]:
            if ready == 4_000:
                voice.turn(long)
            pieces.append(voice.render(min(block, (4_000 if ready < 4_000 else expected.shape[1]) - ready)))
            ready += pieces[-1].shape[1]
        np.testing.assert_array_equal(np.concatenate(pieces, axis=1), expected)


class TestUnison:
    """Counts of voices between whole ones, on the way from one to another."""

    def test_whole_counts(self):
        for count in range(1, MAX_UNISON + 1):
            gains = [unison_gain(v, float(count)) for v in range(MAX_UNISON)]
            np.testing.assert_allclose(gains, [count**-0.5] * count + [0.0] * (MAX_UNISON - count))
            spread = [unison_spread(v, float(count)) for v in range(count)]
            np.testing.assert_allclose(spread, np.linspace(-1, 1, count) if count > 1 else [0])

    def test_between_them_straight_lines(self):
        for voice in range(MAX_UNISON):
            for fewer in range(1, MAX_UNISON):
                for share in (0.25, 0.5):
                    for function in (unison_gain, unison_spread):
                        ends = [function(voice, float(count)) for count in (fewer, fewer + 1)]
                        expected = ends[0] + share * (ends[1] - ends[0])
                        assert function(voice, fewer + share) == pytest.approx(expected, abs=1e-12)
