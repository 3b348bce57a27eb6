import json

import numpy as np
import pytest

from tonewright.audio import info, read
from tonewright.synths import load_preset
from tonewright.synths.instrument import render_instrument, zones
from tonewright.synths.serum_lite.factory import factory_presets


def listing(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_an_instrument_and_what_is_said_of_it(run, preset, tmp_path):
    out = tmp_path / "lead.sfz"
    outcome = run("render", preset, "-o", out, "--notes", "C3-C5/12")
    expected = render_instrument(load_preset(preset), zones(48, 72, 12))
    assert outcome == (0, f"wrote {out}: {expected.describe()}\n", "")
    assert outcome.out.startswith(f"wrote {out}: 3 samples, C3 to C5. A note ")
    samples = [f"lead samples/note-{note:03}.wav" for note in (48, 60, 72)]
    assert listing(tmp_path) == sorted(["lead.sfz", *samples, "preset.json"])
    for name, sounds in zip(samples, expected.samples, strict=True):
        assert info(tmp_path / name).subtype == "PCM_24"
        np.testing.assert_allclose(read(tmp_path / name).samples[0], sounds[0], atol=2**-23)


def test_json_is_the_summary_and_nothing_else(run, preset, tmp_path):
    out = tmp_path / "a.sfz"
    words = ["--notes", "60-62", "--rate", 22_050, "--seconds", 1, "--json"]
    outcome = run("render", preset, "-o", out, *words)
    told = json.loads(outcome.out)
    expected = render_instrument(load_preset(preset), zones(60, 62), sample_rate_hz=22_050, seconds=1)
    assert told == {"files": [str(out)], **expected.summary()}
    assert (told["notes"], told["sample_rate_hz"]) == ([60, 61, 62], 22_050)


def test_options_reach_the_instrument(run, tmp_path):
    snare = next(preset for preset in factory_presets() if preset.name == "Tight Snare")
    snare.save(tmp_path / "snare.json")
    words = ["--notes", "38-38", "--round-robin", 2, "--gate", 0.1, "--seed", 3]
    assert run("render", tmp_path / "snare.json", "-o", tmp_path / "a.sfz", *words).code == 0
    expected = render_instrument(snare, zones(38, 38), gate_seconds=0.1, round_robin=2, seed=3)
    for turn, sound in enumerate(expected.samples[0], 1):
        read_back = read(tmp_path / "a samples" / f"note-038-{turn}.wav").samples[0]
        np.testing.assert_allclose(read_back, sound, atol=2**-23)
    assert "loop_mode=one_shot" in (tmp_path / "a.sfz").read_text()


def test_every_third_note_of_four_octaves_if_nothing_is_said(run, preset, tmp_path):
    outcome = run("render", preset, "-o", tmp_path / "a.sfz", "--rate", 8_000, "--seconds", 0.5, "--json")
    assert json.loads(outcome.out)["notes"] == list(range(36, 85, 3))


def test_overwrites_only_when_told(run, refuse, preset, tmp_path):
    words = ["render", preset, "-o", tmp_path / "a.sfz", "--rate", 8_000, "--seconds", 0.5, "--notes"]
    assert run(*words, "60-64").code == 0
    assert "it exists" in refuse(*words, "60-61", code=1)
    assert run(*words, "60-61", "--overwrite").code == 0
    assert len(listing(tmp_path / "a samples")) == 2


@pytest.mark.parametrize(
    "notes", ["C4-C2", "60", "60-128", "H2-C3", "36-84/0", "36-84/", "60.5-62", "-5-10", ""]
)
def test_notes_that_make_no_sense(refuse, preset, tmp_path, notes):
    complaint = refuse("render", preset, "-o", tmp_path / "a.sfz", f"--notes={notes}", code=2)
    assert complaint.startswith("--notes takes two notes, the lower one first, like 36-84 or C2-C6/3; got ")


@pytest.mark.parametrize(("notes", "keys"), [("C-1-G9/127", [0, 127]), ("bb2-B2", [46, 47]), ("5-6", [5, 6])])
def test_notes_by_name_and_number(run, preset, tmp_path, notes, keys):
    words = ["--notes", notes, "--velocity-layers", 1, "--rate", 8_000, "--seconds", 0.2, "--json"]
    assert json.loads(run("render", preset, "-o", tmp_path / "a.sfz", *words).out)["notes"] == keys


@pytest.mark.parametrize(
    ("name", "words", "complaint"),
    [
        ("a.wav", "--notes 60-62", "--notes is for an instrument; got '{}'; end its name in .sfz"),
        (
            "a.wav",
            "--velocity-layers 1",
            "--velocity-layers is for an instrument; got '{}'; end its name in .sfz",
        ),
        ("a.flac", "--round-robin 2", "--round-robin is for an instrument; got '{}'; end its name in .sfz"),
        (
            "a.sfz",
            "--velocity-layers 3",
            "a preset sounds alike at every velocity, so layers would be copies; got 3; leave "
            "--velocity-layers at 1: the sampler plays softer or louder",
        ),
        ("a.sfz", "--note 60", "an instrument has more than one note; got --note; name them with --notes"),
    ],
)
def test_options_of_the_other_kind(refuse, preset, tmp_path, name, words, complaint):
    out = tmp_path / name
    assert refuse("render", preset, "-o", out, *words.split(), code=2) == complaint.format(out)


def test_json_of_a_single_sound(run, preset, tmp_path):
    outcome = run("render", preset, "-o", tmp_path / "a.wav", "--seconds", 0.5, "--json")
    told = json.loads(outcome.out)
    assert told["files"] == [str(tmp_path / "a.wav")]
    assert (told["seconds"], told["sample_rate_hz"], told["channels"]) == (0.5, 44_100, 1)
