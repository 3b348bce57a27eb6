from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import pytest

from tonewright import wording
from tonewright.audio.notes import note_hz, note_name
from tonewright.reports import plots
from tonewright.reports.lanes import levels_dbfs
from tonewright.reports.markup import Html, join, tag
from tonewright.synths import Control, ControlSpace, synth
from tonewright.synths.serum_lite.words import idle, summary
from tonewright.synths.words import Performance, label, value, words

SYNTH = synth("serum-lite", 16_000)
CONTROLS = SYNTH.controls
NEUTRAL = CONTROLS.to_values(CONTROLS.defaults())
PLAYED = Performance(seconds=0.5, gate_seconds=0.3)


def render(values: Mapping[str, float], played: Performance) -> np.ndarray:
    return SYNTH.render(CONTROLS.to_unit(values)[None], 50.0, played.seconds, played.gate_seconds, 3)[0]


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


def test_a_synth_without_words_of_its_own_gets_some() -> None:
    controls = ControlSpace(
        (Control("tone_hz", "tone", 20, 2000, 200, "log", "Hz"), Control("level", "out", 0, 1, 0.5))
    )
    wording = words("beeper", controls)
    assert wording.title == "beeper"
    said = wording.summary({"tone_hz": 1500.0, "level": 0.5}, PLAYED)
    assert said == "Farthest from the neutral preset: tone tone 1.5 kHz."
    assert wording.summary({"tone_hz": 200.0, "level": 0.5}, PLAYED).startswith("Every control is where")
    assert wording.idle({}, PLAYED) == {}


@pytest.mark.parametrize(
    ("name", "shown"),
    [("filter_cutoff_hz", "cutoff"), ("osc1_morph", "morph"), ("amp_attack_s", "attack"),
     ("unison_detune_cents", "unison detune"), ("osc2_semitones", "semitones"), ("lfo_rate_hz", "rate"),
     ("filter_envelope_octaves", "envelope"), ("master_volume", "volume"), ("noise_level", "level")],
)  # fmt: skip
def test_labels_drop_module_and_unit(name: str, shown: str) -> None:
    assert label(CONTROLS[name]) == shown


def test_values_in_words() -> None:
    assert value(CONTROLS["osc1_unison"], 1) == "1 voice"
    assert value(CONTROLS["osc1_unison"], 2) == "2 voices"
    assert value(CONTROLS["osc2_semitones"], -1) == "−1 semitone"
    assert value(CONTROLS["filter_envelope_octaves"], -1.5) == "−1.5 octaves"
    assert value(CONTROLS["filter_cutoff_hz"], 1200) == "1.2 kHz"
    assert value(CONTROLS["amp_decay_s"], 1.0) == "1 s"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (wording.quantity(0.96, "octave", 1), "1 octave"),
        (wording.quantity(1, "cent"), "1 cent"),
        (wording.number(1234.5), "1,230"),
        (wording.number(0.00012345), "0.000123"),
        (wording.number(0), "0"),
        (wording.number(99.96), "100"),
        (wording.number(-1.5), "−1.5"),
        (wording.number(3e-7), "< 0.0001"),
        (wording.number(1e7), "10,000,000"),
        (wording.decibels(3.21), "+3.2 dB"),
        (wording.decibels(0.01), "0 dB"),
        (wording.decibels(-2), "−2.0 dB"),
        (wording.duration(0.035), "35 ms"),
        (wording.duration(0.9996), "1 s"),
        (wording.duration(125), "2 min 5 s"),
        (wording.frequency(999.6), "1 kHz"),
        (wording.frequency(440), "440 Hz"),
        (note_name(60), "C4"),
        (note_name(48.12), "C3 + 12 cents"),
        (note_name(59.99), "C4 − 1 cent"),
        (note_name(0), "C-1"),
        (wording.listing(["a"]), "a"),
        (wording.listing(["a", "b", "c"]), "a, b and c"),
        (wording.unbroken("5 ms of 3 s"), "5\u00a0ms of 3\u00a0s"),
    ],
)
def test_phrases(said: str, expected: str) -> None:
    assert said == expected


def test_note_frequency() -> None:
    assert note_hz(69) == 440.0
    assert note_hz(60) == pytest.approx(261.6256, abs=1e-4)


def test_markup_escapes_text_and_attributes() -> None:
    made = tag(
        "a", '<b>"&', Html("<i></i>"), href='"><script>', hidden=True, title=None, data_x=0.25, class_="c"
    )
    assert made == (
        '<a href="&quot;&gt;&lt;script&gt;" hidden data-x="0.25" class="c">&lt;b&gt;&quot;&amp;<i></i></a>'
    )
    assert tag("br") == "<br>"
    assert join("<", Html("<")) == "&lt;<"


@pytest.mark.parametrize(
    ("span", "most", "step"), [(1.0, 10, 0.1), (1.4, 10, 0.2), (0.9, 5, 0.2), (30, 10, 5)]
)
def test_nice_steps(span: float, most: int, step: float) -> None:
    assert plots.nice_step(span, most) == pytest.approx(step)


@pytest.mark.parametrize("seconds", [0.001, 0.0201, 0.278, 0.5, 1.0, 3.25, 30.0, 600.0])
def test_time_ticks_are_where_they_say(seconds: float) -> None:
    ticks = plots.time_ticks(seconds)
    assert 4 <= len(ticks) <= 11
    for tick in ticks:
        figure, unit = tick.label.split()
        assert float(figure) / (1000 if unit == "ms" else 1) == pytest.approx(tick.at * seconds, abs=1e-9)


def test_levels_of_known_sounds() -> None:
    frames = 16_000
    sounds = np.stack([np.full(frames, 0.5, np.float32), np.zeros(frames, np.float32)])
    sounds[0, frames // 2 :] = 0.05
    levels = levels_dbfs(sounds, 160, 101)
    assert levels[0, 10] == pytest.approx(20 * np.log10(0.5), abs=1e-6)
    assert levels[0, 90] == pytest.approx(20 * np.log10(0.05), abs=1e-6)
    assert np.isneginf(levels[1]).all()
