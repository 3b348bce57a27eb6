"""The control panel, live use, and that version 1 goes on sounding like version 1."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tonewright.synths.serum_lite.controls import CONTROLS
from tonewright.synths.serum_lite.oscillator import TICK
from tonewright.synths.serum_lite.synth import SerumLite

from .patches import patch, patches, play

PANEL = {
    "osc1": ["osc1_morph", "osc1_unison", "osc1_level"],
    "osc2": ["osc2_morph", "osc2_unison", "osc2_level", "osc2_semitones"],
    "oscs": ["unison_detune_cents"],
    "noise": ["noise_level"],
    "filter": ["filter_cutoff_hz", "filter_resonance", "filter_envelope_octaves"],
    "amp envelope": ["amp_attack_s", "amp_decay_s", "amp_sustain", "amp_release_s"],
    "mod envelope": ["mod_attack_s", "mod_decay_s", "mod_sustain", "mod_release_s"],
    "lfo": ["lfo_rate_hz", "lfo_amount", "lfo_target"],
    "master": ["master_volume"],
}
RANGES = {
    "osc1_unison": (1, 7),
    "osc2_semitones": (-12, 12),
    "unison_detune_cents": (0, 50),
    "filter_cutoff_hz": (30, 20_000),
    "filter_envelope_octaves": (-4, 4),
    "lfo_rate_hz": (0.05, 15),
}
EVERYTHING = {
    "osc1_unison": 7,
    "osc2_unison": 7,
    "osc2_level": 1.0,
    "noise_level": 1.0,
    "lfo_amount": 0.5,
    "lfo_target": 0.5,
    "filter_envelope_octaves": 1.0,
}
IN_USE = {  # every control matters in these
    "osc1_morph": 0.2,
    "osc1_unison": 3,
    "osc1_level": 0.7,
    "osc2_morph": 0.8,
    "osc2_unison": 2,
    "osc2_level": 0.6,
    "unison_detune_cents": 20,
    "noise_level": 0.1,
    "filter_cutoff_hz": 1500,
    "filter_resonance": 0.4,
    "filter_envelope_octaves": 1.5,
    "amp_decay_s": 0.1,
    "amp_sustain": 0.5,
    "amp_release_s": 0.2,
    "mod_decay_s": 0.1,
    "mod_sustain": 0.4,
    "mod_release_s": 0.2,
    "lfo_rate_hz": 5,
    "lfo_amount": 0.4,
    "lfo_target": 0.5,
}
BASES = {
    "bright": {},
    "dark": {"filter_cutoff_hz": 200, "filter_envelope_octaves": -1, "filter_resonance": 0.1},
    "open": {"filter_cutoff_hz": 15_000, "noise_level": 0.5, "filter_envelope_octaves": -3},
}
GOLDEN = Path(__file__).parents[2] / "data" / "serum_lite_version_1.json"


def test_the_panel():
    assert {group: [c.name for c in controls] for group, controls in CONTROLS.groups.items()} == PANEL
    assert CONTROLS.names == [name for controls in PANEL.values() for name in controls]
    for name, (low, high) in RANGES.items():
        assert (CONTROLS[name].low, CONTROLS[name].high) == (low, high)


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("name", CONTROLS.names)
def test_no_control_has_a_dead_zone(name, base):
    """At 44.1 kHz each step of a 128th of the range (a whole one) moves a sample by −90 dB or more."""
    control = CONTROLS[name]
    unit = (np.arange(control.steps) + 0.5) / control.steps if control.steps else np.linspace(0, 1, 129)
    params = np.repeat(patch(**{**IN_USE, **BASES[base]}), len(unit), axis=0)
    params[:, CONTROLS.index(name)] = unit
    change = np.abs(np.diff(play(params, 48, 0.4, 0.25), axis=0)).max(axis=1)
    assert 20 * np.log10(change.min()) > -90, f"nothing happens at {unit[change.argmin()]:.3f}"


class TestLive:
    def test_a_finished_note_is_silent_and_its_memories_are_empty(self):
        """What is left in them would decay through denormal numbers, which are slow."""
        voice = SerumLite(44_100).voice(patch(**EVERYTHING, amp_release_s=0.02, filter_resonance=1.0), 36)
        voice.render(11_025)
        voice.release()
        voice.render(44 * 44_100)
        assert not voice.render(44_100).any()
        integrators_and_blocker = voice._state.analogue[0, [2, 3, 5]]
        np.testing.assert_array_equal(integrators_and_blocker, 0.0)

    def test_a_row_that_has_finished_leaves_the_others_alone(self):
        params = np.repeat(patch(**EVERYTHING, amp_release_s=0.02), 3, axis=0)
        sound = play(params, 48, 1.0, [0.0, 0.1, 2.0])
        np.testing.assert_array_equal(sound[2:], play(params[:1], 48, 1.0, 2.0))

    def test_a_note_sounds_at_once(self):
        """The first control step already rises: no latency."""
        sound = play(patch(), 60, 0.1)[0]
        assert sound[0] == 0
        assert np.abs(sound[1:TICK]).max() > 0.01


class TestVersion:
    """A preset of a version of the synth sounds the same for ever; a change of sound needs a new version."""

    RATE_HZ, SECONDS, GATE, STRIDE = 16_000, 1.0, 0.6, 397

    def render(self):
        rng = np.random.default_rng(1)
        params, notes = CONTROLS.sample(rng, 16), rng.uniform(24, 96, 16)
        sound = SerumLite(self.RATE_HZ).render(params, notes, self.SECONDS, self.GATE, seed=1)
        return sound[:, :: self.STRIDE]

    def test_it_sounds_as_it_did(self):
        golden = json.loads(GOLDEN.read_text())
        assert golden["version"] == SerumLite.version
        np.testing.assert_allclose(self.render(), golden["samples"], atol=2e-5)


def test_a_patch_sounds_alike_at_any_rate():
    """Band powers agree, up to where the filter's bilinear transform bends at the lowest rate."""
    rows = patches("osc1_morph", [0.1, 0.4, 0.8], osc1_unison=3, filter_cutoff_hz=1500, filter_resonance=0.5)
    bands = []
    for rate_hz in (16_000, 22_050, 44_100, 96_000):
        power = np.abs(np.fft.rfft(play(rows, 45, 2.0, rate_hz=rate_hz))) ** 2 / rate_hz**2
        hz = np.arange(power.shape[1]) / 2.0
        edges = pairwise([50, 200, 400, 800, 1600, 2400])
        bands.append([power[:, (hz >= low) & (hz < high)].sum(axis=1) for low, high in edges])
    np.testing.assert_allclose(10 * np.log10(np.array(bands) / bands[0]), 0, atol=0.6)
