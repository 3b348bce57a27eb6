"""The low-pass filter: where it resonates, how steep it is, and that nothing makes it unstable."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.signal import csd, welch

from tonewright.synths.serum_lite.controls import CONTROLS
from tonewright.synths.serum_lite.filter import low_pass as compiled_low_pass
from tonewright.synths.serum_lite.modulation import filter_gain
from tonewright.synths.serum_lite.noise import add_noise
from tonewright.synths.serum_lite.oscillator import TICK

from .patches import decibels, note_hz, partial_amplitude, patch, patches, play

NOISE = {"osc1_level": 0, "noise_level": 1.0}


def q_of(resonance):
    return 0.5 * 2 ** (5 * resonance)


def low_pass(hz, cutoff_hz, q, rate_hz):
    """The analogue two-pole low-pass after the bilinear transform, exact at the cutoff."""
    s = 1j * np.tan(np.pi * hz / rate_hz) / np.tan(np.pi * cutoff_hz / rate_hz)
    return 1 / (1 + s / q + s * s)


def impulse_response(cutoff_hz, resonance, rate_hz, ticks):
    """Of the compiled filter alone, at full amplitude and without the DC blocker."""
    impulse = np.zeros(ticks * TICK, np.float32)
    impulse[0] = 1
    response = np.empty_like(impulse)
    gain = np.full(ticks + 1, filter_gain(cutoff_hz, rate_hz))
    compiled_low_pass(
        ticks, 1 / q_of(resonance), 1.0, np.ones(ticks + 1), gain, np.zeros(6), impulse, response, 0
    )
    return response.astype(np.float64)


class TestResponse:
    @pytest.mark.parametrize("rate_hz", [8_000, 16_000, 44_100, 48_000, 96_000, 192_000])
    def test_the_peak_lies_at_the_cutoff(self, rate_hz):
        """Within 1 % from 30 Hz to 0.4 of the sample rate; a low-pass of Q = 16 peaks 0.1 % low."""
        for cutoff in np.geomspace(30, 0.4 * rate_hz, 12):
            ticks = int(np.ceil(max(8 * 16 / cutoff, 0.01) * rate_hz / TICK))
            response = impulse_response(cutoff, 1.0, rate_hz, ticks)
            t = np.arange(len(response)) / rate_hz

            def level(hz, response=response, t=t):
                return -np.abs((response * np.exp(-2j * np.pi * hz * t)).sum())

            bounds = (0.93 * cutoff, 1.07 * cutoff)
            peak = minimize_scalar(level, bounds=bounds, method="bounded", options={"xatol": 1e-6 * cutoff}).x
            assert abs(peak / cutoff - 1) < 0.002
            assert decibels(-level(cutoff)) == pytest.approx(decibels(16), abs=0.05)

    @pytest.mark.parametrize("rate_hz", [16_000, 44_100])
    def test_the_peak_through_the_synth(self, rate_hz):
        """The resonance of the transfer function from the noise to the output, measured on both."""
        cutoffs = np.geomspace(30, 0.4 * rate_hz, 8)
        rows = patches("filter_cutoff_hz", cutoffs, filter_resonance=1.0, **NOISE)
        seconds, seed = 12, 3
        sound = play(rows, 60, seconds, rate_hz=rate_hz, seed=seed)
        noise = np.zeros(sound.shape[1], np.float32)
        add_noise(len(noise), 0, np.uint32(np.random.SeedSequence(seed).generate_state(1)[0]), 1.0, noise)
        span = {"fs": rate_hz, "nperseg": 4 * rate_hz}
        hz, noise_power = welch(noise, **span)
        for cutoff, row in zip(cutoffs, sound, strict=True):
            response = csd(noise, row, **span)[1] / noise_power
            near = np.abs(np.log(hz[1:] / cutoff)) < 0.1

            def misfit(candidate, near=near, response=response):
                model = low_pass(hz[1:][near], candidate, 16, rate_hz)
                measured = response[1:][near]
                share = np.vdot(model, measured) / np.vdot(model, model)
                return np.square(np.abs(measured - share * model)).sum()

            found = minimize_scalar(misfit, bounds=(0.93 * cutoff, 1.07 * cutoff), method="bounded").x
            assert abs(found / cutoff - 1) < 0.01

    @pytest.mark.parametrize("resonance", [0.0, 0.1, 0.5, 1.0])
    def test_the_whole_response(self, resonance):
        rate_hz, cutoff = 44_100, 1_000
        response = np.fft.rfft(impulse_response(cutoff, resonance, rate_hz, 4096))
        hz = np.fft.rfftfreq(4096 * TICK, 1 / rate_hz)
        expected = low_pass(hz[:-1], cutoff, q_of(resonance), rate_hz)
        np.testing.assert_allclose(response[:-1], expected, atol=1e-5)

    def test_q_doubles_every_fifth_of_the_knob(self):
        sound = play(patches("filter_resonance", np.arange(6) / 5, filter_cutoff_hz=note_hz(69)), 69, 2.0)
        level = np.abs(partial_amplitude(sound[:, 44_100:], note_hz(69), 44_100))
        np.testing.assert_allclose(level / level[0], 2.0 ** np.arange(6), rtol=1e-3)

    def test_twelve_decibels_an_octave(self):
        sound = play(patch(filter_cutoff_hz=100), 48, 2.0)[0, 44_100:]
        level = [np.abs(partial_amplitude(sound, h * note_hz(48), 44_100)) * h for h in (8, 16)]
        assert decibels(level[1] / level[0]) == pytest.approx(-12, abs=0.3)


class TestCutoffRange:
    @pytest.mark.parametrize("rate_hz", [4_000, 8_000, 16_000, 44_100, 96_000])
    def test_it_rises_over_its_whole_range_and_stays_below_nyquist(self, rate_hz):
        hz = np.geomspace(0.3, 20_000 * 2**6.5, 2_000)
        gain = np.array([filter_gain(f, rate_hz) for f in hz])
        assert (np.diff(gain) > 0).all()
        assert (gain < np.tan(0.49 * np.pi)).all()
        exact = hz <= 0.4 * rate_hz
        np.testing.assert_allclose(gain[exact], np.tan(np.pi * hz[exact] / rate_hz), rtol=1e-8)

    def test_the_bend_has_no_corner(self):
        hz = np.linspace(0.38, 0.42, 401) * 44_100
        bent = np.arctan([filter_gain(f, 44_100) for f in hz]) * 44_100 / np.pi
        slope = np.diff(bent) / np.diff(hz)
        assert slope.max() <= 1 + 1e-5
        assert np.abs(np.diff(slope)).max() < 0.02


class TestStability:
    @pytest.mark.parametrize("rate_hz", [4_000, 16_000, 44_100, 384_000])
    def test_every_corner_is_bounded(self, rate_hz):
        """Random corners of the control space, half of them with the LFO at its fastest and deepest."""
        rng = np.random.default_rng(rate_hz)
        corners = rng.choice(np.float32([0, 1]), (256, len(CONTROLS)))
        corners[::3] = np.where(
            rng.random(corners[::3].shape) < 0.5, corners[::3], rng.random(corners[::3].shape)
        )
        for name in ("lfo_amount", "lfo_rate_hz", "filter_resonance"):
            corners[:128, CONTROLS.index(name)] = 1
        notes = rng.choice([0, 1, 36, 60, 96, 126, 127], len(corners))
        seconds = min(0.6, 24_000 / rate_hz)
        sound = play(corners, notes, seconds, 0.6 * seconds, rate_hz=rate_hz)
        assert np.isfinite(sound).all()
        assert np.abs(sound).max() < 16  # two waves and noise at half gain, times Q = 16 at worst, is 24

    def test_a_resonance_that_is_swept_violently_dies_away(self):
        """A struck filter of the highest Q whose cutoff jumps about rings down as fast as one that stays."""
        rng = np.random.default_rng(2)
        ticks = 4096
        impulse = np.zeros(ticks * TICK, np.float32)
        impulse[0] = 1
        out = np.empty_like(impulse)
        cutoffs = np.exp(rng.uniform(np.log(30), np.log(2e5), ticks + 1))
        gain = np.array([filter_gain(f, 44_100) for f in cutoffs])
        compiled_low_pass(ticks, 1 / 16, 1.0, np.ones(ticks + 1), gain, np.zeros(6), impulse, out, 0)
        assert np.abs(out).max() < 2
        assert np.abs(out[-1000:]).max() < 1e-3

    def test_silence_stays_silence(self):
        rows = np.concatenate([patch(osc1_level=0, filter_resonance=1), patch(master_volume=0)])
        assert not play(rows).any()
