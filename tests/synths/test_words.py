from __future__ import annotations

import pytest

from tonewright.synths import Control, ControlSpace, synth
from tonewright.synths.words import Performance, Words, label, value, words

CONTROLS = synth("serum-lite", 16_000).controls
PLAYED = Performance(seconds=0.5, gate_seconds=0.3)


class Beeper:
    """As much of a synth as words are made from."""

    name = "beeper"
    controls = ControlSpace(
        (Control("tone_hz", "tone", 20, 2000, 200, "log", "Hz"), Control("level", "out", 0, 1, 0.5))
    )


def test_a_synth_without_words_of_its_own_gets_some() -> None:
    wording = words(Beeper())
    assert wording.title == "beeper"
    said = wording.summary({"tone_hz": 1500.0, "level": 0.5}, PLAYED)
    assert said == "Farthest from the neutral preset: tone tone 1.5 kHz."
    assert wording.summary({"tone_hz": 200.0, "level": 0.5}, PLAYED).startswith("Every control is where")
    assert wording.idle({}, PLAYED) == {}


def test_words_of_its_own_come_before_those_of_its_controls() -> None:
    synth = Beeper()
    synth.words = Words("Beep", {"tone": "Tone"}, lambda values, played: "A beep.", lambda values, played: {})
    assert words(synth) is synth.words


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
