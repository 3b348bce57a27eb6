"""The sine: its frequency, its level, what it does near half the sample rate, and its words."""

import numpy as np
import pytest

from tonewright.synths.sine import Sine
from tonewright.synths.words import Performance, words

from .serum_lite.patches import decibels, frequency_hz, instantaneous_hz, partial_amplitude, rms

RATES_HZ = (16_000, 44_100, 48_000, 96_000)


def steady(params, rate_hz, seconds=0.5):
    """The sound without its fades, as float64."""
    sound = Sine(rate_hz).voice(params).render(round((seconds + 0.02) * rate_hz))
    return sound[:, round(0.02 * rate_hz) :].astype(np.float64)


class TestStill:
    @pytest.mark.parametrize("rate_hz", RATES_HZ)
    def test_frequency_and_level_are_those_of_the_controls(self, rate_hz):
        rng = np.random.default_rng(0)
        params = rng.uniform(0.1, 1, (8, 2)).astype(np.float32)
        sound, values = steady(params, rate_hz), Sine.controls.to_physical(params)
        np.testing.assert_allclose(frequency_hz(sound, rate_hz), values[:, 0], rtol=1e-6)
        for row, (hz, amplitude) in zip(sound, values, strict=True):
            assert abs(partial_amplitude(row, hz, rate_hz)) == pytest.approx(amplitude, rel=1e-5)

    def test_the_ends_of_the_range(self):
        sound = steady(np.array([[0, 1], [1, 1]], np.float32), 44_100)
        np.testing.assert_allclose(frequency_hz(sound, 44_100), [40, 5120], rtol=2e-4)
        assert rms(sound) == pytest.approx(np.sqrt(0.5), rel=2e-3)

    def test_nothing_but_the_sine(self):
        """Everything else lies 140 dB below it, which is what float32 can hold."""
        hz, amplitude = 1000.0, 0.9
        params = Sine.controls.to_unit({"frequency_hz": hz, "amplitude": amplitude})[None]
        sound = steady(params, 44_100)[0]
        hz, amplitude = Sine.controls.to_physical(params)[0]
        begins = 2 * np.pi * hz * round(0.02 * 44_100) / 44_100
        pure = amplitude * np.sin(begins + 2 * np.pi * hz * np.arange(len(sound)) / 44_100)
        assert decibels(rms(sound - pure) / rms(pure)) < -140

    def test_it_starts_at_phase_zero_and_amplitude_zero_is_silence(self):
        sound = Sine().render([[0.5, 1.0], [0.5, 0.0]], 60, 0.1)
        assert sound[0, 0] == 0
        assert (sound[0, 1:40] > 0).all()  # the first half of its cycle
        assert (sound[1] == 0).all()


class TestNearHalfTheSampleRate:
    """Above it a sine would come back as another, lower one: it fades to silence from 0.45 of the rate on."""

    @pytest.mark.parametrize(
        ("share", "gain"),
        [(0.3, 1), (0.449, 1), (0.46, 0.8), (0.475, 0.5), (0.499, 0.02), (0.5, 0), (0.6, 0)],
    )
    def test_level(self, share, gain):
        rate_hz = 8_000
        params = Sine.controls.to_unit({"frequency_hz": share * rate_hz, "amplitude": 1.0})[None]
        assert rms(steady(params, rate_hz))[0] == pytest.approx(gain * np.sqrt(0.5), abs=2e-3)

    def test_a_sweep_into_it_does_not_come_back(self):
        rate_hz = 8_000
        voice = Sine(rate_hz).voice([[0.9, 1.0]])
        voice.render(800)
        voice.turn([[1.0, 1.0]])  # 2.7 kHz to 5.1 kHz
        voice.render(200)
        assert (voice.render(800) == 0).all()


class TestTurned:
    def test_the_frequency_glides_in_octaves_and_the_phase_goes_on(self):
        rate_hz, at = 44_100, 2_000
        voice = Sine(rate_hz).voice([[0.4, 1.0]])
        before = voice.render(at)
        voice.turn([[0.7, 1.0]])
        sound = np.concatenate([before, voice.render(4_000)], axis=1)[0].astype(np.float64)
        n = np.maximum(np.arange(6_000) - at + 1, 0)
        lag = np.exp(-1 / (0.002 * rate_hz))
        unit = np.float32(0.4) + (np.float32(0.7) - 0.4) * (1 - lag**n * (1 + n * (1 - lag)))
        hz = 40 * 2 ** (7 * unit)
        phase = 2 * np.pi * np.concatenate([[0], np.cumsum(hz[:-1])]) / rate_hz
        faded = slice(round(0.005 * rate_hz), None)
        np.testing.assert_allclose(sound[faded], np.sin(phase)[faded], atol=2e-5)
        _, heard = instantaneous_hz(sound, rate_hz)
        assert heard.max() == pytest.approx(hz[-1], rel=1e-3)


class TestWords:
    PLAYED = Performance(seconds=1.0, gate_seconds=0.75)

    @pytest.mark.parametrize(
        ("frequency", "amplitude", "said"),
        [
            (440, 0.5, "A sine of 440 Hz that peaks at −6.0 dBFS, whatever note is played."),
            (1200, 1.0, "A sine of 1.2 kHz that peaks at 0 dBFS, whatever note is played."),
            (1200, 0.0, "The amplitude is down: nothing is heard."),
        ],
    )
    def test_summary(self, frequency, amplitude, said):
        values = {"frequency_hz": frequency, "amplitude": amplitude}
        assert words(Sine()).summary(values, self.PLAYED) == said

    def test_only_silence_leaves_the_frequency_idle(self):
        idle = words(Sine()).idle
        assert idle({"frequency_hz": 440, "amplitude": 0.5}, self.PLAYED) == {}
        assert idle({"frequency_hz": 440, "amplitude": 0.0}, self.PLAYED) == {
            "frequency_hz": "the amplitude is down"
        }
