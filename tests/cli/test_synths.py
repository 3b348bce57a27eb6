import json

import jsonschema

from tonewright.synths import synth
from tonewright.synths.serum_lite.factory import factory_presets


def test_lists_the_synths(run):
    assert "serum-lite" in run("synths").out.splitlines()
    assert "serum-lite" in json.loads(run("synths", "--json").out)


def test_lists_every_control_by_group(run):
    out = run("synths", "serum-lite").out
    controls = synth("serum-lite").controls
    assert out.startswith("serum-lite, version 1: 24 controls\n")
    assert all(f"\n{group}\n" in out for group in controls.groups)
    named = [line.split()[0] for line in out.splitlines() if line.startswith("  ")]
    assert named == controls.names
    assert max(map(len, out.splitlines())) <= 100


def test_json_is_the_schema_of_presets(run):
    schema = json.loads(run("synths", "serum-lite", "--json").out)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(factory_presets()[0].to_json()), schema)


def test_says_which_take_a_file_and_which_play_no_notes(run):
    assert "granular:PATH" in run("synths").out.splitlines()
    assert "granular:PATH" not in json.loads(run("synths", "--json").out)
    assert run("synths", "fm").out.startswith("fm, version 1: 4 controls; it plays no notes, pitch is")
    shown = run("synths", "granular:examples/sounds/bell.flac").out.splitlines()
    assert shown[0].startswith("granular:examples/sounds/bell.flac, version 1: 6 controls; it plays no notes")


def test_a_patch_of_pd_tells_where_it_is(run):
    lines = run("synths", "pd:sine").out.splitlines()
    assert lines[0].startswith("pd:sine, version 1: 2 controls")
    assert lines[1].startswith("made from ")
    assert lines[1].endswith("/synths/pd/patches/sine/synth.pd")
    assert "pd:PATH" in run("synths").out.splitlines()
