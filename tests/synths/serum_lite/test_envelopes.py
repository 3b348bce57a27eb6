"""Envelopes: shapes and times against closed forms, gates of any length, and no clicks."""

import numpy as np
import pytest

from tonewright.synths.serum_lite import modulation
from tonewright.synths.serum_lite.oscillator import TICK

from .patches import SAW, SINE, SQUARE, patch, patches, play

RATE_HZ = 44_100
ADSR = {"attack": 0.05, "decay": 0.2, "sustain": 0.4, "release": 0.3}


def fall(x):
    """From 1 to 0 within one unit of time, exponentially with five time constants."""
    return (np.exp(-5 * np.clip(x, 0, 1)) - np.exp(-5)) / (1 - np.exp(-5))


def adsr(t, gate, attack, decay, sustain, release):
    """The closed form of the envelope at times `t`."""
    held = np.minimum(t, gate)
    level = np.where(held < attack, held / attack, sustain + (1 - sustain) * fall((held - attack) / decay))
    return level * np.where(t > gate, fall((t - gate) / release), 1.0)


def heard_envelope(gate_seconds, seconds, **amp):
    """The amp envelope of a rendering: a high sine against the same held at full level; and its times."""
    settings = {f"amp_{name}" if name == "sustain" else f"amp_{name}_s": value for name, value in amp.items()}
    sound = play(patch(osc1_morph=SINE, **settings), 96, seconds, gate_seconds)[0]
    still = play(patch(osc1_morph=SINE), 96, seconds)[0]
    clear = np.abs(still) > 0.3
    clear[:441] = False  # the reference itself is still rising
    return np.flatnonzero(clear) / RATE_HZ, sound[clear] / still[clear]


def test_fall():
    x = np.linspace(-0.5, 1.5, 401)
    found = np.array([modulation.fall(v) for v in x])
    np.testing.assert_allclose(found, fall(x), atol=1e-9)
    assert (found[x <= 0] == 1).all()
    assert (found[x >= 1] == 0).all()


class TestShape:
    @pytest.mark.parametrize("gate", [0.0, 0.02, 0.05, 0.1, 0.4, np.inf])
    @pytest.mark.parametrize("sustain", [0.0, 0.4, 1.0])
    def test_closed_form(self, gate, sustain):
        t = np.linspace(0, 1, 2001)
        found = [modulation.envelope(v, gate, 0.05, 0.2, sustain, 0.3) for v in t]
        np.testing.assert_allclose(found, adsr(t, gate, 0.05, 0.2, sustain, 0.3), atol=1e-9)

    @pytest.mark.parametrize("gate", [0.03, 0.12, 0.5])
    def test_the_sound_follows_it(self, gate):
        """Up to what straight lines between control steps and the 3 Hz DC blocker can change."""
        t, level = heard_envelope(gate, 1.0, **ADSR)
        np.testing.assert_allclose(level, adsr(t, gate, **ADSR), atol=4e-3)

    @pytest.mark.parametrize("attack", [0.02, 0.3, 2.0])
    def test_attack_takes_its_time(self, attack):
        t, level = heard_envelope(5, 1.2 * attack + 0.05, attack=attack, decay=2, sustain=1, release=1)
        assert t[np.argmax(level > 0.995)] == pytest.approx(attack, abs=0.01 * attack + 0.001)
        np.testing.assert_allclose(level[t > attack + 0.001], 1, atol=2e-3)

    @pytest.mark.parametrize("decay", [0.02, 0.1, 2.0])
    def test_decay_ends_on_the_sustain(self, decay):
        t, level = heard_envelope(9, decay + 0.1, attack=0.001, decay=decay, sustain=0.25, release=1)
        assert level[t < 0.95 * decay].min() > 0.251
        np.testing.assert_allclose(level[t > decay + 0.002], 0.25, atol=2e-3)

    @pytest.mark.parametrize("release", [0.02, 0.4, 4.0])
    def test_release_ends_in_silence(self, release):
        t, level = heard_envelope(0.1, 0.2 + release, attack=0.001, decay=1, sustain=1, release=release)
        sounding = (t > 0.1) & (t < 0.1 + 0.95 * release)
        assert (level[sounding] > 5e-4).all()
        assert np.abs(level[t > 0.1 + release + 0.001]).max() < 1e-3

    def test_release_starts_from_wherever_it_was(self):
        gates = [0.01, 0.025, 0.1]
        for gate in gates:
            t, level = heard_envelope(gate, 0.2, **ADSR)
            at_gate = adsr(np.array(gate), gate, **ADSR)
            assert level[np.argmin(np.abs(t - gate))] == pytest.approx(float(at_gate), abs=0.015)
            assert level.max() < max(float(at_gate), adsr(t, gate, **ADSR).max()) + 0.01

    @pytest.mark.parametrize("prefix", ["amp", "mod"])
    def test_gates_between_control_steps_all_sound_different(self, prefix):
        gates = 0.1 + np.arange(33) / 32 * TICK / RATE_HZ
        params = patch(**{f"{prefix}_sustain": 1.0, f"{prefix}_release_s": 0.05}, filter_envelope_octaves=-3)
        sound = play(np.repeat(params, len(gates), axis=0), 60, 0.2, gates)
        assert (np.abs(np.diff(sound, axis=0)).max(axis=1) > 1e-5).all()

    def test_a_gate_of_nothing_is_silent(self):
        assert not play(patch(), gate_seconds=0.0).any()


class TestModEnvelope:
    @pytest.mark.parametrize("octaves", [-4, -1, 2, 4])
    def test_it_moves_the_cutoff_in_octaves(self, octaves):
        """Held at full sustain it equals a cutoff that many octaves away."""
        moved = patch(
            filter_cutoff_hz=1000, filter_envelope_octaves=octaves, mod_attack_s=0.001, mod_sustain=1.0
        )
        still = patch(filter_cutoff_hz=1000 * 2.0**octaves)
        found, expected = play(moved, 48, 1.0)[0, 22_050:], play(still, 48, 1.0)[0, 22_050:]
        np.testing.assert_allclose(found, expected, atol=1e-4)

    def test_at_zero_octaves_it_does_nothing(self):
        rows = patches("mod_sustain", [0, 0.5, 1], filter_envelope_octaves=0, filter_cutoff_hz=500)
        sound = play(rows)
        np.testing.assert_array_equal(sound[1:], sound[:1].repeat(2, axis=0))


class TestClicks:
    """No jump from sample to sample that neither the waveform nor the slope of its envelope makes."""

    SHORTEST = {"amp_attack_s": 0.001, "amp_decay_s": 0.005, "amp_release_s": 0.02}  # noqa: RUF012
    WAVES = {  # noqa: RUF012
        "sine": {"osc1_morph": SINE},
        "saw": {"osc1_morph": SAW},
        "square": {"osc1_morph": SQUARE},
        "dark saw": {"osc1_morph": SAW, "filter_cutoff_hz": 200},
        "unison": {"osc1_morph": SAW, "osc1_unison": 7, "filter_cutoff_hz": 800},
    }

    @pytest.mark.parametrize("sustain", [0.0, 0.3, 1.0])
    @pytest.mark.parametrize("wave", WAVES)
    @pytest.mark.parametrize("note", [24, 48, 72])
    def test_note_on_decay_and_note_off(self, wave, sustain, note):
        held = play(patch(**self.WAVES[wave]), note, 1.0)[0, 60:]  # from the end of its attack on
        step, peak = np.abs(np.diff(held)).max(), np.abs(held).max()
        t = np.arange(0, 0.6, 1 / RATE_HZ)
        for gate in (0.0005, 0.004, 0.1, 0.3):
            sound = play(patch(**self.SHORTEST, **self.WAVES[wave], amp_sustain=sustain), note, 0.6, gate)[0]
            slope = np.abs(np.diff(adsr(t, gate, 0.001, 0.005, sustain, 0.02))).max()
            assert np.abs(np.diff(sound)).max() <= 1.01 * (step + peak * slope)

    @pytest.mark.parametrize("wave", ["saw", "square"])
    def test_envelopes_at_their_shortest_add_nothing_to_a_bright_wave(self, wave):
        steady = play(patch(**self.WAVES[wave]), 60, 1.0)[0, 4410:]
        sound = play(patch(**self.SHORTEST, **self.WAVES[wave], amp_sustain=0.3), 60, 0.5, 0.25)[0]
        assert np.abs(np.diff(sound)).max() < 1.01 * np.abs(np.diff(steady)).max()

    @pytest.mark.parametrize("gate", [0.05, 0.1013, 0.2])
    def test_a_slow_sine_has_no_spectrum_beyond_its_envelope(self, gate):
        """Above 8 kHz a low sine switched on and off at the shortest times leaves less than −80 dB."""
        sound = play(patch(osc1_morph=SINE, **self.SHORTEST, amp_sustain=0.5), 36, 0.5, gate)[0]
        spectrum = np.abs(np.fft.rfft(sound * np.kaiser(len(sound), 9.0)))
        hz = np.fft.rfftfreq(len(sound), 1 / RATE_HZ)
        assert 20 * np.log10(spectrum[hz > 8_000].max() / spectrum.max()) < -80

    def test_letting_go_live_is_as_smooth(self):
        from tonewright.synths.serum_lite.synth import SerumLite

        voice = SerumLite(RATE_HZ).voice(patch(osc1_morph=SINE, amp_release_s=0.02), 60)
        first = voice.render(10_001)
        voice.release()
        sound = np.concatenate([first, voice.render(5_000)], axis=1)[0].astype(np.float64)
        steady = np.abs(np.diff(sound[4410:10_000])).max()
        slope = 5 / 0.02 / RATE_HZ / (1 - np.exp(-5))
        assert np.abs(np.diff(sound[9_000:])).max() <= 1.01 * (steady + 0.5 * slope)
        assert np.abs(sound[-2_000:]).max() < 1e-3
