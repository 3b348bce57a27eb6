import json

import pytest

from tonewright.errors import SynthError
from tonewright.synths import synth

from .patches import write_tone


def test_names_alone_are_enough(tmp_path):
    made = synth(f"pd:{write_tone(tmp_path)}")
    assert made.controls.names == ["pitch", "level"]
    for i, control in enumerate(made.controls):
        assert (control.low, control.high, control.default, control.curve) == (0, 1, 0.5, "linear")
        assert control.meaning == f"number {i + 1} of the list that the patch gets"
    assert made.version == 1


def test_what_people_see(tmp_path):
    pitch = {
        "name": "pitch", "low": 20, "high": 2000, "curve": "log", "unit": "Hz", "meaning": "how high",
        "group": "tone",
    }  # fmt: skip
    level = {"name": "level", "curve": "quadratic", "default": 0.1}
    made = synth(f"pd:{write_tone(tmp_path, controls=(pitch, level), version=3)}")
    assert made.controls["pitch"].describe(1_500) == "1.5 kHz"
    assert made.controls["pitch"].default == pytest.approx(200)  # the middle
    assert (made.controls["pitch"].group, made.controls["pitch"].meaning) == ("tone", "how high")
    assert made.controls["level"].default == 0.1
    assert made.version == 3


def test_nothing_says_what_the_controls_are(tmp_path):
    path = write_tone(tmp_path)
    path.with_suffix(".json").unlink()
    with pytest.raises(SynthError, match="stands in a JSON file beside it; got no") as caught:
        synth(f"pd:{path}")
    message = str(caught.value)
    assert "\n" not in message
    assert f"pd:{path}:2" in message
    written = message[message.index("{") : message.rindex("}") + 1]  # the remedy is one that works
    path.with_suffix(".json").write_text(written)
    assert synth(f"pd:{path}").controls.names == ["cutoff", "drive"]


def test_libraries_and_paths_hold_also_where_the_name_gives_the_controls(tmp_path):
    path = write_tone(tmp_path / "a", controls=(), paths=[".."], libraries=["zexy"])
    described = synth(f"pd:{path}:2").description
    assert described.libraries == ("zexy",)
    assert [folder.resolve() for folder in described.paths] == [tmp_path]


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"controls": []}, '"controls" lists at least one control; got none'),
        ({"controls": "ab"}, 'the field "controls" .* is a list; got'),
        ({"controls": [1, "b"]}, 'a control is a name, or a mapping with a "name"; got 1'),
        ({"controls": [{"low": 0}, "b"]}, 'a control is a name, or a mapping with a "name"'),
        ({"controls": ["Cutoff", "b"]}, r"small letters, .* \('cutoff' for one\); got 'Cutoff'"),
        ({"controls": ["a", "a"]}, "two controls of one synth share a name"),
        ({"controls": [{"name": "a", "max": 3}, "b"]}, "control a: it has name, group, .*; got 'max'"),
        ({"controls": [{"name": "a", "low": "3"}, "b"]}, 'control a: "low" is a number; got 3'),
        ({"controls": [{"name": "a", "unit": 3}, "b"]}, 'control a: "unit" is text; got 3'),
        ({"controls": [{"name": "a", "curve": "exp"}, "b"]}, "\"curve\" is one of linear, .*; got 'exp'"),
        ({"controls": [{"name": "a", "low": 2, "high": 1}, "b"]}, "a: needs low < high"),
        ({"controls": [{"name": "a", "curve": "log"}, "b"]}, "a: a log curve needs a positive range"),
        ({"controls": [{"name": "a", "curve": "integer", "high": 1.5}, "b"]}, "whole ends; got 0 and 1.5"),
        ({"controls": ["a", "b", "c"]}, r"got 3 \(a, b, c\) for \[unpack\] of 2"),
        ({"libraries": [""]}, '"libraries" lists texts'),
        ({"libraries": ["-send"]}, '"libraries" lists texts; got -send'),
        ({"paths": ["nowhere"]}, '"paths" lists folders, .*nowhere.*, which is none'),
        ({"version": 0}, '"version" is a whole number from 1; got 0'),
        ({"knobs": 3}, 'has no field "knobs"'),
        ({"format_version": 2}, "format version 2, newer than 1; update tonewright"),
    ],
)
def test_bad_descriptions(tmp_path, fields, rule):
    path = write_tone(tmp_path, **fields)
    with pytest.raises(SynthError, match=rule) as caught:
        synth(f"pd:{path}")
    assert "\n" not in str(caught.value)
    assert str(tmp_path) in str(caught.value)


def test_another_kind_of_file(tmp_path):
    path = write_tone(tmp_path)
    for content, rule in (
        ("[]", '"format": "tonewright-pd-synth"'),
        ("{", "not valid JSON"),
        ("\xff", "not"),
    ):
        path.with_suffix(".json").write_text(content, encoding="latin-1")
        with pytest.raises(SynthError, match=rule):
            synth(f"pd:{path}")
    path.with_suffix(".json").write_text(json.dumps({"format": "tonewright-preset", "format_version": 1}))
    with pytest.raises(SynthError, match="this is a preset, no pd-synth; choose another file"):
        synth(f"pd:{path}")
