import dataclasses
import json
import math
import random

import jsonschema
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tonewright.errors import OutputError, PresetError, TonewrightError, UnknownNameError, UsageError
from tonewright.synths import Preset, load_preset, parse_preset, preset_schema, synth

SERUM = synth("serum-lite", 16_000)
PARAMS = SERUM.controls.sample(np.random.default_rng(8), 1)[0]
PRESET = Preset.of(SERUM, PARAMS, name="Épais", tags=("bass", "warm"), midi_note=36, gate_seconds=0.8)
FIELDS = json.loads(PRESET.to_json())
REMOVED = object()


def text(**changes):
    """The preset's JSON with some fields changed or removed."""
    fields = {**FIELDS, **changes}
    return json.dumps({name: value for name, value in fields.items() if value is not REMOVED})


def with_controls(**changes):
    controls = {**FIELDS["controls"], **changes}
    return text(controls={name: value for name, value in controls.items() if value is not REMOVED})


def one_line(error):
    message = str(error)
    return bool(message) and len(message.splitlines()) == 1 and len(message) < 600  # room for all names


class TestRoundTrip:
    def test_everything_comes_back(self):
        assert parse_preset(PRESET.to_json()) == PRESET

    def test_fields_that_are_empty_are_not_written(self):
        fields = json.loads(Preset.of(SERUM, PARAMS).to_json())
        assert set(fields) == {"format", "format_version", "synth", "synth_version", "controls"}
        assert parse_preset(json.dumps(fields)) == Preset.of(SERUM, PARAMS)

    def test_a_gate_and_a_note_of_zero_are_kept(self):
        back = parse_preset(Preset.of(SERUM, PARAMS, midi_note=0, gate_seconds=0.0).to_json())
        assert (back.midi_note, back.gate_seconds) == (0, 0)

    def test_values_are_physical(self):
        values = dict(zip(SERUM.controls.names, SERUM.controls.to_physical(PARAMS), strict=True))
        assert FIELDS["controls"] == values
        assert isinstance(FIELDS["controls"]["osc2_semitones"], int)

    def test_numpy_numbers_are_written_as_numbers(self):
        values = {
            c.name: np.int64(c.default) if c.curve == "integer" else np.float32(c.default)
            for c in SERUM.controls
        }
        preset = Preset("serum-lite", 1, values)
        np.testing.assert_allclose(parse_preset(preset.to_json()).params(SERUM), preset.params(SERUM))

    @pytest.mark.parametrize("params", [np.zeros(23), np.zeros((1, 24)), np.full(24, np.nan)])
    def test_a_unit_vector_that_is_none(self, params):
        with pytest.raises(UsageError, match=r"\[24\] finite numbers"):
            Preset.of(SERUM, params)

    @given(st.lists(st.integers(0, 2**24), min_size=24, max_size=24))
    @settings(max_examples=200)
    def test_every_unit_vector_comes_back_as_the_same_values(self, numerators):
        params = np.array(numerators, np.float32) / np.float32(2**24)
        back = parse_preset(Preset.of(SERUM, params).to_json()).params(SERUM)
        np.testing.assert_array_equal(back, SERUM.controls.to_unit(SERUM.controls.to_values(params)))
        continuous = [c.curve != "integer" for c in SERUM.controls]
        np.testing.assert_array_equal(back[continuous], params[continuous])


class TestFiles:
    def test_save_and_load(self, tmp_path):
        path = tmp_path / "warm bass.json"
        PRESET.save(path)
        assert load_preset(path) == PRESET
        assert load_preset(str(path)) == PRESET
        assert Preset.load(path) == PRESET
        assert path.read_text("utf-8") == PRESET.to_json()
        assert [file.name for file in tmp_path.iterdir()] == ["warm bass.json"]

    def test_a_byte_order_mark_is_skipped(self, tmp_path):
        path = tmp_path / "notepad.json"
        path.write_text(PRESET.to_json(), "utf-8-sig")
        assert load_preset(path) == PRESET

    def test_nothing_is_overwritten_silently(self, tmp_path):
        path = tmp_path / "preset.json"
        path.write_text("mine")
        with pytest.raises(OutputError, match="it exists"):
            PRESET.save(path)
        assert path.read_text() == "mine"
        PRESET.save(path, overwrite=True)
        assert load_preset(path) == PRESET

    def test_a_folder_that_does_not_exist_is_made(self, tmp_path):
        PRESET.save(tmp_path / "new" / "sub" / "preset.json")
        assert load_preset(tmp_path / "new" / "sub" / "preset.json") == PRESET

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"", "not a preset: this is not valid JSON"),
            (b"\x00\x01\xfe\xff" * 100, "not a preset: this is not UTF-8 text"),
            (b"RIFF\x24\x00\x00\x00WAVEfmt ", "not a preset: this is not valid JSON"),
            (b" " * 1_000_001, "larger than 1000000 bytes; give the path of a preset file"),
            (b"[" * 100_000, "not a preset: this is not valid JSON"),
            (b"1" * 10_000, "not a preset: this is not valid JSON"),
        ],
    )
    def test_files_that_are_none(self, tmp_path, content, message):
        path = tmp_path / "file.json"
        path.write_bytes(content)
        with pytest.raises(PresetError, match=message) as caught:
            load_preset(path)
        assert one_line(caught.value)
        assert str(caught.value).startswith(f"'{path}': ")

    def test_paths_that_cannot_be_read(self, tmp_path):
        for path in (tmp_path, tmp_path / "none.json", tmp_path / "new\nline", "zero\0byte"):
            with pytest.raises(PresetError, match=r"cannot read '.*give the path of a preset file") as caught:
                load_preset(path)
            assert one_line(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "not valid JSON"),
        ("nonsense", "not valid JSON"),
        ("[]", "a preset is a JSON object"),
        ("null", "a preset is a JSON object"),
        ("{}", '"format": "tonewright-preset"'),
        (text(format="other"), '"format": "tonewright-preset"'),
        (text(format_version=2), "format version 2, newer than 1; update tonewright"),
        (text(format_version=0), "format_version is a whole number from 1; got 0"),
        (text(format_version=True), "format_version is a whole number from 1; got True"),
        (text(format_version="1"), "format_version is a whole number from 1; got 1"),
        (text(format_version=REMOVED), "format_version is a whole number from 1; got None"),
        (text(synth=REMOVED), 'a preset needs the field "synth"'),
        (text(controls=REMOVED), 'a preset needs the field "controls"'),
        (text(colour="red"), 'a preset has no field "colour"'),
        (text(synth=["serum-lite"]), 'the field "synth" of a preset has the wrong type'),
        (text(synth_version="1"), 'the field "synth_version" of a preset has the wrong type'),
        (text(synth_version=True), 'the field "synth_version" of a preset has the wrong type'),
        (text(controls=[1, 2]), 'the field "controls" of a preset has the wrong type'),
        (text(name=3), 'the field "name" of a preset has the wrong type'),
        (text(tags="bass"), 'the field "tags" of a preset has the wrong type'),
        (text(tags=[1]), 'the field "tags" of a preset has the wrong type'),
        (text(synth_version=2), "made for version 2 of serum-lite, now at version 1; update tonewright"),
        (text(synth_version=0), "made for version 0 of serum-lite, now at version 1; match the sound again"),
        (text(midi_note=128), "midi_note lies between 0 and 127; got 128"),
        (text(midi_note="60"), "midi_note lies between 0 and 127; got 60"),
        (text(gate_seconds=-1), "gate_seconds lies between 0 and 3600; got -1"),
        (text(midi_note=float("nan")), "not valid JSON"),
        (text(midi_note=float("inf")), "not valid JSON"),
        (with_controls(cutoff=1), "no control is called 'cutoff'"),
        (with_controls(filter_cutof_hz=1), "did you mean 'filter_cutoff_hz'"),
        (with_controls(lfo_rate_hz=REMOVED), "control lfo_rate_hz is missing; a preset sets all 24 controls"),
        (with_controls(filter_cutoff_hz=29), "filter_cutoff_hz lies between 30 and 20000; got 29"),
        (with_controls(osc1_level=1.0001), "osc1_level lies between 0 and 1; got 1.0001"),
        (with_controls(osc1_level=-0.0001), "osc1_level lies between 0 and 1"),
        (with_controls(osc1_unison=2.5), "osc1_unison is a whole number; got 2.5"),
        (with_controls(osc1_level=None), "osc1_level is a number; got None"),
        (with_controls(osc1_level=True), "osc1_level is a number; got True"),
        (with_controls(osc1_level="loud"), "osc1_level is a number; got loud"),
        (with_controls(osc1_level={"x": "\n" * 10_000}), "osc1_level is a number; got {"),
        (
            text().replace('"osc1_level": ', '"osc1_level": 1e999, "x": '),
            "not valid JSON",
        ),
    ],
)
def test_a_preset_that_does_not_fit(content, message):
    with pytest.raises(PresetError, match=message) as caught:
        parse_preset(content)
    assert one_line(caught.value)


def test_a_preset_of_an_unknown_synth():
    with pytest.raises(UnknownNameError, match="no synth is called 'minimoog'"):
        parse_preset(text(synth="minimoog"))


def test_a_preset_of_another_synth():
    other = dataclasses.replace(PRESET, synth="minimoog")
    with pytest.raises(PresetError, match="for the synth 'minimoog', not 'serum-lite'"):
        other.params(SERUM)


def test_hostile_names_stay_in_one_line():
    long = "x\n\u2028\ud800" * 10_000
    contents = (text(synth=long), text(**{long: 1}), with_controls(**{long: 1}), text(format_version=long))
    for content in contents:
        with pytest.raises(TonewrightError) as caught:
            parse_preset(content)
        assert one_line(caught.value)
        str(caught.value).encode()


class TestSchema:
    SCHEMA = preset_schema(SERUM)

    def fits(self, content):
        return jsonschema.Draft202012Validator(self.SCHEMA).is_valid(json.loads(content))

    def test_is_a_schema(self):
        jsonschema.Draft202012Validator.check_schema(self.SCHEMA)
        assert list(self.SCHEMA["properties"]["controls"]["properties"]) == SERUM.controls.names

    def test_accepts_what_is_written(self):
        assert self.fits(PRESET.to_json())
        assert self.fits(Preset.of(SERUM, PARAMS).to_json())

    @pytest.mark.parametrize(
        "content",
        [
            text(format="other"),
            text(format_version=2),
            text(synth="minimoog"),
            text(synth_version=2),
            text(controls=REMOVED),
            text(colour="red"),
            text(name=3),
            text(tags="bass"),
            text(tags=[1]),
            text(midi_note=128),
            text(gate_seconds=-1),
            with_controls(cutoff=1),
            with_controls(lfo_rate_hz=REMOVED),
            with_controls(filter_cutoff_hz=29),
            with_controls(osc1_unison=2.5),
            with_controls(osc1_unison=8),
            with_controls(osc1_level=None),
            with_controls(osc1_level="loud"),
        ],
    )
    def test_refuses_what_the_loader_refuses(self, content):
        assert not self.fits(content)
        with pytest.raises(TonewrightError):
            parse_preset(content)


# Fuzzing: whatever a file holds, loading it ends in a preset or in one line of complaint.

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


def loads_or_complains(parse, content):
    complaint = None
    try:
        preset = parse(content)
        params = preset.params(SERUM)
        assert ((params >= 0) & (params <= 1)).all()
        assert all(math.isfinite(value) for value in preset.controls.values())
    except TonewrightError as error:
        complaint = error
    assert complaint is None or one_line(complaint), repr(complaint)


@given(field=st.sampled_from(sorted(FIELDS)), value=json_values)
@settings(max_examples=300)
def test_fuzz_fields(field, value):
    loads_or_complains(parse_preset, text(**{field: value}))


@given(name=st.sampled_from(SERUM.controls.names) | st.text(max_size=20), value=json_values)
@settings(max_examples=300)
def test_fuzz_controls(name, value):
    loads_or_complains(parse_preset, with_controls(**{name: value}))


@given(content=st.text(max_size=200) | json_values.map(json.dumps))
@settings(max_examples=200)
def test_fuzz_text(content):
    loads_or_complains(parse_preset, content)


def test_fuzz_bytes(tmp_path):
    rng = random.Random(4)
    path = tmp_path / "mutated.json"
    whole = PRESET.to_json().encode()
    for _ in range(1000):
        content = bytearray(whole)
        for _ in range(rng.randint(1, 4)):
            at, length = rng.randrange(len(content) + 1), rng.choice((0, 1, 1, 2, 10, 200))
            content[at : at + length] = rng.choice(
                (b"", rng.randbytes(1), rng.randbytes(8), b"9", b"e", b"-", b"{")
            )
        path.write_bytes(bytes(content))
        loads_or_complains(load_preset, path)
