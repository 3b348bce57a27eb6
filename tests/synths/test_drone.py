"""What synths share that sound as long as they are played: gate, note and time, tried with the sine."""

import numpy as np
import pytest

from tonewright.synths.drone import FADE_S, gate_level
from tonewright.synths.sine import Sine

PARAMS = np.array([[0.5, 0.8], [0.3, 1.0]], np.float32)


def level(gate, samples, fade=100):
    return np.array([gate_level(sample, gate, fade) for sample in range(samples)])


def smooth(x):
    x = np.clip(x, 0, 1)
    return x**2 * (3 - 2 * x)


class TestGateLevel:
    @pytest.mark.parametrize("gate", [0, 1, 37, 100, 101, 250, 2**62])
    def test_closed_form(self, gate):
        n = np.arange(500.0)
        expected = smooth(np.minimum(n, gate) / 100) * smooth(1 - np.maximum(n - gate, 0) / 100)
        np.testing.assert_allclose(level(gate, 500), expected, atol=1e-12)

    @pytest.mark.parametrize("gate", [37, 250])
    def test_it_begins_and_ends_in_silence_and_never_jumps(self, gate):
        levels = level(gate, 500)
        assert levels[0] == 0
        assert (levels[gate + 100 :] == 0).all()
        assert np.abs(np.diff(levels)).max() <= 0.015  # the steepest of 3x² − 2x³, for a hundredth

    def test_a_key_that_is_never_held_is_never_heard(self):
        assert (level(0, 300) == 0).all()

    def test_one_sample_is_the_shortest_fade(self):
        np.testing.assert_array_equal(level(3, 8, fade=1), [0, 1, 1, 1, 0, 0, 0, 0])


class TestGate:
    @pytest.mark.parametrize("rate_hz", [8_000, 44_100, 96_000])
    def test_it_fades_for_5_ms_from_the_start_and_from_the_gate_on(self, rate_hz):
        gate = 0.0301
        sound = Sine(rate_hz).render(PARAMS, 60, 0.05, gate)
        held = Sine(rate_hz).voice(PARAMS).render(sound.shape[1])
        heard, whole = np.abs(sound), np.abs(held)
        begins, ends = round(FADE_S * rate_hz), round(gate * rate_hz)
        np.testing.assert_array_equal(heard[:, : ends + 1], whole[:, : ends + 1])
        assert (heard[:, ends + 2 : ends + begins] <= whole[:, ends + 2 : ends + begins]).all()
        assert (sound[:, ends + begins :] == 0).all()
        assert (np.abs(sound[:, 1 : ends + begins - 1]) > 0).mean() > 0.95

    def test_release_ends_it_at_the_next_sample(self):
        voice = Sine().voice(PARAMS)
        before = voice.render(1_001)
        voice.release()
        after = voice.render(500)
        expected = Sine().render(PARAMS, 60, 1_501 / 44_100, 1_001 / 44_100)
        np.testing.assert_array_equal(np.concatenate([before, after], axis=1), expected)
        assert (after[:, round(FADE_S * 44_100) :] == 0).all()

    def test_turning_goes_on_after_release(self):
        held, let_go = (Sine().voice(PARAMS, gate_seconds=gate) for gate in (None, 0.02))
        for voice in (held, let_go):
            voice.render(900)
            voice.turn(1 - PARAMS)
        fade = [gate_level(900 + n, 882, round(FADE_S * 44_100)) for n in range(150)]
        np.testing.assert_allclose(let_go.render(150), held.render(150) * fade, atol=1e-7)


class TestNote:
    def test_it_makes_no_difference(self):
        sounds = [Sine().render(PARAMS, note, 0.05) for note in (0, 60, 127)]
        np.testing.assert_array_equal(sounds[1], sounds[0])
        np.testing.assert_array_equal(sounds[2], sounds[0])

    def test_neither_does_the_seed_where_nothing_is_random(self):
        sounds = [Sine().render(PARAMS, 60, 0.05, seed=seed) for seed in (0, 7)]
        np.testing.assert_array_equal(sounds[1], sounds[0])


class TestTurning:
    @pytest.mark.parametrize("rate_hz", [8_000, 44_100])
    @pytest.mark.parametrize("at", [0, 1, 777])
    def test_it_begins_with_the_next_sample(self, rate_hz, at):
        params = np.array([[0.5, 1.0]], np.float32)
        still, turned = (Sine(rate_hz).voice(params) for _ in range(2))
        np.testing.assert_array_equal(turned.render(at), still.render(at))
        turned.turn([[0.5, 0.5]])
        share = 1 - np.exp(-1 / (0.002 * rate_hz))
        n = np.arange(1, 401)
        unit = 1 - 0.5 * (1 - (1 - share) ** n * (1 + n * share))
        expected = still.render(400)[0] * unit**2
        np.testing.assert_allclose(turned.render(400)[0], expected, atol=2e-7)


def test_a_rate_is_a_whole_number_of_hertz_in_range():
    assert repr(Sine(48_000)) == "Sine(sample_rate_hz=48000)"
