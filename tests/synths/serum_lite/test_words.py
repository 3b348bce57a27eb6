"""The words of Serum-lite agree with its sound."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import pytest

from tonewright.synths import synth
from tonewright.synths.serum_lite.words import SERUM_LITE, idle, summary
from tonewright.synths.words import Performance, words

SYNTH = synth("serum-lite", 16_000)
CONTROLS = SYNTH.controls
NEUTRAL = CONTROLS.to_values(CONTROLS.defaults())
PLAYED = Performance(seconds=0.5, gate_seconds=0.3)


def render(values: Mapping[str, float], played: Performance) -> np.ndarray:
    return SYNTH.render(CONTROLS.to_unit(values)[None], 50.0, played.seconds, played.gate_seconds, 3)[0]


def test_they_are_the_words_of_the_synth() -> None:
    assert words(SYNTH) is SERUM_LITE
    assert list(SERUM_LITE.groups) == list(CONTROLS.groups)


@pytest.mark.parametrize(
    ("changes", "played", "expected"),
    [
        ({}, PLAYED, {"osc2_morph", "osc2_unison", "osc2_semitones", "unison_detune_cents", "lfo_rate_hz",
                      "lfo_target", "mod_attack_s", "mod_decay_s", "mod_sustain", "mod_release_s"}),
        ({"osc1_level": 0, "osc2_level": 0.5, "osc2_unison": 4, "lfo_amount": 0.5, "noise_level": 0.2,
          "filter_envelope_octaves": 2}, PLAYED, {"osc1_morph", "osc1_unison"}),
        ({"osc1_unison": 3, "osc2_level": 0.5, "lfo_amount": 0.5, "filter_envelope_octaves": -2,
          "amp_attack_s": 1.0, "mod_sustain": 1.0}, PLAYED, {"amp_decay_s", "amp_sustain", "mod_decay_s"}),
        ({"osc1_unison": 3, "osc2_level": 0.5, "lfo_amount": 0.5, "filter_envelope_octaves": -2},
         Performance(0.5, 0.5), {"amp_release_s", "mod_release_s"}),
        ({"master_volume": 0}, PLAYED, set(CONTROLS.names) - {"master_volume"}),
    ],
)  # fmt: skip
def test_a_control_said_to_be_idle_changes_no_sample(
    changes: dict[str, float], played: Performance, expected: set[str]
) -> None:
    values = {**NEUTRAL, **changes}
    assert set(idle(values, played)) == expected
    audio = render(values, played)
    rng = np.random.default_rng(0)
    for _ in range(3):
        turned = CONTROLS.to_values(CONTROLS.sample(rng, 1)[0])
        changed = {**values, **{name: turned[name] for name in expected}}
        np.testing.assert_array_equal(render(changed, played), audio)


def test_a_control_not_said_to_be_idle_changes_the_sound() -> None:
    busy = {
        "osc2_level": 0.5, "osc1_unison": 3, "osc2_unison": 2, "noise_level": 0.1, "lfo_amount": 0.3,
        "lfo_target": 0.5, "filter_envelope_octaves": 2, "filter_cutoff_hz": 1000, "mod_sustain": 0.5,
    }  # fmt: skip
    values = {**NEUTRAL, **busy}
    assert idle(values, PLAYED) == {}
    audio = render(values, PLAYED)
    for control in CONTROLS:
        other = control.high if values[control.name] != control.high else control.low
        assert np.abs(render({**values, control.name: other}, PLAYED) - audio).max() > 1e-3, control.name


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, "A saw."),
        ({"osc1_unison": 5, "unison_detune_cents": 18}, "Five saw voices, detuned by up to 18 cents."),
        ({"osc2_level": 0.4, "osc2_morph": 2 / 3, "osc2_semitones": -12},
         "A saw with a quieter square an octave below the note."),
        ({"osc1_level": 0, "osc2_level": 0.4, "osc2_semitones": 7}, "A saw a fifth above the note."),
        ({"osc2_level": 0.8, "osc1_morph": 0.5}, "A saw–square blend with an equally loud saw."),
        ({"osc1_morph": 0.5, "osc1_unison": 2, "unison_detune_cents": 0},
         "Two saw–square voices, not detuned."),
        ({"osc1_morph": 0.4}, "A square-tinged saw."),
        ({"osc1_morph": 0.25, "osc1_unison": 2}, "Two sine-tinged saw voices, detuned"),
        ({"filter_envelope_octaves": 3, "mod_attack_s": 0.9},
         "opens it by 1 octave until the key is let go."),
        ({"noise_level": 0.05}, "A saw, plus a trace of white noise."),
        ({"noise_level": 1.0, "osc1_level": 0.3}, "White noise over a saw."),
        ({"noise_level": 1.0, "osc1_level": 0.0}, "White noise alone."),
        ({"osc1_level": 0.0}, "No oscillator and no noise: nothing is heard."),
        ({"filter_cutoff_hz": 20_000}, "The filter is open."),
        ({"filter_cutoff_hz": 1234, "filter_resonance": 0.8}, "sits at 1.2 kHz with strong resonance."),
        ({"filter_envelope_octaves": 2.1, "mod_decay_s": 0.4},
         "within 5 ms and lets it fall back to 2% of that by the time the key is let go."),
        ({"filter_envelope_octaves": 2.1, "mod_decay_s": 0.2},
         "opens it by 2.1 octaves within 5 ms and lets it fall back over 200 ms."),
        ({"filter_envelope_octaves": 0.4, "mod_attack_s": 2.0}, "with hardly any resonance. It starts"),
        ({"filter_envelope_octaves": -1, "mod_sustain": 1},
         "closes it by 1 octave within 5 ms and keeps it there."),
        ({"amp_sustain": 0.0}, "It starts at once (5 ms) and dies away over 300 ms."),
        ({"amp_sustain": 1.0},
         "stays at full level while the key is held; after the release it rings for 200 ms."),
        ({"amp_sustain": 0.5, "amp_decay_s": 0.2}, "and falls to 50% over 200 ms; after the release"),
        ({"amp_sustain": 0.5, "amp_decay_s": 2.0}, "and falls to 74% by the time the key is let go; after"),
        ({"amp_sustain": 1.0, "amp_release_s": 3.0}, "the release it is still at 71% when the clip ends."),
        ({"amp_attack_s": 1.5}, "It swells to 20% of full level by the time the key is let go; after"),
        ({"lfo_amount": 0.05, "lfo_rate_hz": 5}, "An LFO at 5 Hz sways the pitch by ±35 cents."),
        ({"lfo_amount": 0.5, "lfo_target": 1}, "sways the cutoff by ±1.2 octaves."),
        ({"lfo_amount": 0.5, "lfo_target": 0.5},
         "sways the pitch by ±1.8 semitones and the cutoff by ±0.62 octaves."),
        ({"lfo_amount": 0.05, "lfo_rate_hz": 0.1},
         "An LFO, too slow to swing within the clip, bends the pitch by up to 11 cents."),
        ({"master_volume": 0}, "The volume is down: nothing is heard."),
    ],
)  # fmt: skip
def test_summary(changes: dict[str, float], sentence: str) -> None:
    assert sentence in summary({**NEUTRAL, **changes}, PLAYED)


@pytest.mark.parametrize(
    ("changes", "gate_seconds", "claim", "at_s"),
    [
        ({"amp_decay_s": 0.6}, 0.3, r"falls to (\d+)% by the time the key is let go", 0.3),
        ({"amp_decay_s": 2.0}, 9.0, r"falls to (\d+)% by the time the clip ends", 0.5),
        ({"amp_attack_s": 1.0}, 0.3, r"swells to (\d+)% of full level by the time the key is let go", 0.3),
        ({"amp_attack_s": 1.0}, 9.0, r"swells to (\d+)% of full level by the time the clip ends", 0.5),
        ({"amp_release_s": 3.0}, 0.1, r"after the release it is still at (\d+)% when the clip ends", 0.5),
    ],
)  # fmt: skip
def test_levels_in_the_summary_are_those_of_the_sound(
    changes: dict[str, float], gate_seconds: float, claim: str, at_s: float
) -> None:
    values, played = {**NEUTRAL, "amp_sustain": 0.5, **changes}, Performance(0.5, gate_seconds)
    steady = {**values, "amp_attack_s": CONTROLS["amp_attack_s"].low, "amp_sustain": 1.0}
    just_before = slice(round((at_s - 0.01) * 16_000), round(at_s * 16_000))
    sound, full = render(values, played)[just_before], render(steady, Performance(0.5, 9.0))[just_before]
    level = np.dot(sound, full) / np.dot(full, full)
    (percent,) = re.findall(claim, summary(values, played))
    assert int(percent) / 100 == pytest.approx(level, abs=0.02)


def test_no_summary_speaks_of_times_beyond_the_clip() -> None:
    played = Performance(seconds=0.158, gate_seconds=0.034)
    for params in CONTROLS.sample(np.random.default_rng(1), 200):
        text = summary(CONTROLS.to_values(params), played)
        for figure, unit in re.findall(r"([\d.]+) (ms|s)\b", text):
            assert float(figure) / (1000 if unit == "ms" else 1) <= 0.16, text


def test_every_random_preset_has_a_summary() -> None:
    for params in CONTROLS.sample(np.random.default_rng(0), 200):
        text = summary(CONTROLS.to_values(params), PLAYED)
        assert re.fullmatch(r"([A-Z][^.]*(\.\d[^.]*)*\. ?){2,4}", text), text
