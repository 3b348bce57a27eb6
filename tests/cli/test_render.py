import json
import os

import numpy as np
import pytest

from tonewright.audio import Clip, clip_lufs, info, read, write
from tonewright.synths import Preset, load_preset, render_preset, synth


def test_renders_until_the_sound_has_died_away(run, preset, tmp_path):
    outcome = run("render", preset, "-o", tmp_path / "a.wav")
    clip = read(tmp_path / "a.wav")
    assert outcome == (0, f"wrote {tmp_path / 'a.wav'}: {clip.seconds:.2f} s at 44100 Hz\n", "")
    np.testing.assert_array_equal(clip.samples, render_preset(load_preset(preset)).samples)


def test_json_is_what_was_written_and_nothing_else(run, preset, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    outcome = run("render", preset, "-o", "new/sub/a.wav", "--seconds", 0.5, "--rate", 22_050, "--json")
    assert (outcome.code, outcome.err) == (0, "")
    clip = read(tmp_path / "new" / "sub" / "a.wav")
    assert json.loads(outcome.out) == {
        "files": [os.path.join(os.getcwd(), "new", "sub", "a.wav")],
        "seconds": 0.5,
        "sample_rate_hz": 22_050,
        "channels": 1,
        "loudness_lufs": clip_lufs(clip),
    }


def test_options_reach_the_synth(run, preset, tmp_path):
    words = ["--note", 64.5, "--seconds", 0.5, "--gate", 0.2, "--rate", 22_050, "--seed", 8]
    assert run("render", preset, "-o", tmp_path / "a.wav", *words).code == 0
    expected = render_preset(
        load_preset(preset), sample_rate_hz=22_050, midi_note=64.5, seconds=0.5, gate_seconds=0.2, seed=8
    )
    clip = read(tmp_path / "a.wav")
    assert (clip.frames, clip.sample_rate_hz) == (11_025, 22_050)
    np.testing.assert_array_equal(clip.samples, expected.samples)


def test_a_note_by_name(run, preset, tmp_path):
    for name, note in (("name", "Bb2"), ("number", 46)):
        run("render", preset, "-o", tmp_path / f"{name}.wav", "--seconds", 0.1, "--note", note)
    assert (tmp_path / "name.wav").read_bytes() == (tmp_path / "number.wav").read_bytes()


@pytest.mark.parametrize(("name", "subtype"), [("a.wav", "FLOAT"), ("a.flac", "PCM_24"), ("A.WAV", "FLOAT")])
def test_the_ending_chooses_the_format(run, preset, tmp_path, name, subtype):
    run("render", preset, "-o", tmp_path / name, "--seconds", 0.1)
    assert info(tmp_path / name).subtype == subtype


def test_overwrites_only_when_told(run, refuse, preset, tmp_path):
    (tmp_path / "a.wav").write_text("mine")
    assert "it exists" in refuse("render", preset, "-o", tmp_path / "a.wav", "--seconds", 0.1, code=1)
    assert run("render", preset, "-o", tmp_path / "a.wav", "--seconds", 0.1, "--overwrite").code == 0
    assert read(tmp_path / "a.wav").frames == 4_410


def test_the_link_to_an_output_stays_a_link(run, preset, tmp_path):
    (tmp_path / "link.wav").symlink_to(tmp_path / "real.wav")
    run("render", preset, "-o", tmp_path / "link.wav", "--seconds", 0.1)
    assert (tmp_path / "link.wav").is_symlink()
    assert (tmp_path / "real.wav").is_file()


def test_a_preset_of_a_synth_without_notes(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    bell = next(preset for preset in synth("fm").factory_presets() if preset.name == "Bell")
    bell.save("bell.json")
    assert run("render", "bell.json", "-o", "bell.wav", "--seconds", 0.5).code == 0
    np.testing.assert_array_equal(read("bell.wav").samples, render_preset(bell, seconds=0.5).samples)
    for words in (["-o", "a.wav", "--note", "C4"], ["-o", "a.sfz"]):
        outcome = run("render", "bell.json", *words)
        assert (outcome.code, outcome.out) == (2, "")
        assert "fm plays no notes, its pitch is a matter of its controls; got " in outcome.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bell.json", "bell.wav"]


def test_a_preset_whose_recording_is_gone(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write("my take #1.wav", Clip(np.sin(np.arange(9_000, dtype=np.float32))[None], 9_000))
    player = synth("granular:my take #1.wav")
    Preset.of(player, player.controls.defaults()).save("cloud.json")
    assert run("render", "cloud.json", "-o", "a.wav", "--seconds", 0.2).code == 0
    os.remove("my take #1.wav")
    outcome = run("render", "cloud.json", "-o", "b.wav")
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err == (
        "tonewright: 'cloud.json': the sound that this preset plays is missing or unfit: cannot read "
        "'my take #1.wav': no such file or directory; check the path\n"
    )
