import hashlib
import json
from importlib import import_module

import numpy as np
import pytest
import soundfile

from tonewright.audio import Clip, note_name, read, write
from tonewright.distances import names
from tonewright.synths import load_preset

FILES = ["match.wav", "preset.json", "report.html", "result.json", "target.wav"]


def listing(folder):
    return sorted(path.name for path in folder.iterdir())


def test_writes_the_result_and_says_what_came_out(run, wav, tmp_path):
    outcome = run("match", wav, "-o", tmp_path / "out", "--renders", 60)
    assert (outcome.code, outcome.err) == (0, "")
    assert listing(tmp_path) == ["out", "sound.wav"]
    assert listing(tmp_path / "out") == FILES
    lines = outcome.out.splitlines()
    assert lines[0].startswith("similarity ")
    assert "60 renders" in lines[0]
    preset = load_preset(tmp_path / "out" / "preset.json")
    note = f"note {note_name(preset.midi_note)} (MIDI {preset.midi_note:.2f}), gate "
    assert lines[1].startswith(note)
    assert "note A3" in note
    assert lines[-1] == (
        f"wrote preset.json, match.wav, target.wav, result.json and report.html to {tmp_path / 'out'}"
    )


def test_json_is_the_result_and_nothing_else(run, wav, tmp_path):
    outcome = run("match", wav, "-o", tmp_path / "out", "--renders", 60, "--json")
    result = json.loads(outcome.out)
    assert outcome.err == ""
    assert result == json.loads((tmp_path / "out" / "result.json").read_text())
    assert list(result["distances"]) == names()
    assert (result["renders"], result["seed"], result["synth"]) == (60, 0, "serum-lite")
    assert result["target"]["path"] == str(wav)
    assert result["target"]["sha256"] == hashlib.sha256(wav.read_bytes()).hexdigest()
    page = (tmp_path / "out" / "report.html").read_text()
    assert "sound.wav" in page
    assert str(tmp_path) not in page  # a page that is shared shows no folders
    assert result["target"]["sha256"] not in page
    assert {"similarity", "loss", "seconds", "versions", "curve", "midi_note"} <= set(result)


def test_folders_above_the_result_are_made(run, wav, tmp_path):
    assert run("match", wav, "-o", tmp_path / "new" / "sub", "--renders", 20).code == 0
    assert listing(tmp_path / "new" / "sub") == FILES


def test_render_makes_the_match_again_bit_for_bit(run, wav, tmp_path):
    out, again = tmp_path / "out", tmp_path / "again.wav"
    result = json.loads(run("match", wav, "-o", out, "--renders", 60, "--seed", 3, "--json").out)
    match = read(out / "match.wav")
    rate, seed = result["sample_rate_hz"], result["seed"]
    run(
        "render", out / "preset.json", "-o", again, "--seconds", match.seconds, "--rate", rate, "--seed", seed
    )
    np.testing.assert_array_equal(read(again).samples, match.samples)
    assert (again).read_bytes() == (out / "match.wav").read_bytes()


def test_the_same_seed_gives_the_same_files(run, wav, tmp_path):
    for name in ("one", "two"):
        run("match", wav, "-o", tmp_path / name, "--renders", 80, "--seed", 9)
    for file in ("preset.json", "match.wav", "target.wav"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_options_reach_the_search(run, wav, tmp_path):
    words = ["--note", 57.25, "--gate", 0.2, "--method", "random", "--seed", 5, "--seconds-budget", 10_000]
    outcome = run("match", wav, "-o", tmp_path / "out", "--renders", 30, "--json", *words)
    result = json.loads(outcome.out)
    assert (result["midi_note"], result["gate_seconds"]) == (57.25, 0.2)
    assert (result["method"], result["seed"], result["renders"]) == ("random", 5, 30)
    preset = load_preset(tmp_path / "out" / "preset.json")
    assert (preset.midi_note, preset.gate_seconds) == (57.25, 0.2)


def test_a_note_by_name(run, wav, tmp_path):
    words = ["--renders", 20, "--json", "--note", "A#3"]
    assert json.loads(run("match", wav, "-o", tmp_path / "out", *words).out)["midi_note"] == 58


def test_auto_is_what_is_done_without_the_option(run, wav, tmp_path):
    words = ["--renders", 40, "--json"]
    plain = json.loads(run("match", wav, "-o", tmp_path / "a", *words).out)
    auto = json.loads(run("match", wav, "-o", tmp_path / "b", *words, "--note", "auto", "--gate", "auto").out)
    assert (plain["midi_note"], plain["gate_seconds"]) == (auto["midi_note"], auto["gate_seconds"])


def test_a_time_budget_alone(run, wav, tmp_path):
    result = json.loads(run("match", wav, "-o", tmp_path / "out", "--seconds-budget", 0.2, "--json").out)
    assert result["seconds"] >= 0.2
    assert not result["interrupted"]


def test_overwrite_replaces_the_five_files_and_leaves_others(run, refuse, wav, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "notes.txt").write_text("mine")
    (out / "preset.json").write_text("old")
    assert "not empty" in refuse("match", wav, "-o", out, "--renders", 20, code=1)
    assert run("match", wav, "-o", out, "--renders", 20, "--overwrite").code == 0
    assert listing(out) == sorted([*FILES, "notes.txt"])
    assert (out / "notes.txt").read_text() == "mine"
    load_preset(out / "preset.json")


class TestUnusualSounds:
    def test_192_khz(self, run, tmp_path):
        time_s = np.arange(48_000) / 192_000
        soundfile.write(tmp_path / "a.wav", 0.3 * np.sin(2 * np.pi * 220 * time_s), 192_000)
        outcome = run("match", tmp_path / "a.wav", "-o", tmp_path / "out", "--renders", 20, "--json")
        result = json.loads(outcome.out)
        assert (result["sample_rate_hz"], result["target"]["sample_rate_hz"]) == (44_100, 192_000)
        assert result["midi_note"] == pytest.approx(57, abs=0.6)

    def test_8_channels(self, run, tmp_path, sound):
        write(tmp_path / "a.wav", Clip(np.stack([sound] * 8), 16_000))
        outcome = run("match", tmp_path / "a.wav", "-o", tmp_path / "out", "--renders", 20, "--json")
        assert json.loads(outcome.out)["target"]["channels"] == 8
        assert read(tmp_path / "out" / "target.wav").channels == 1

    def test_an_hour_of_which_the_beginning_counts(self, run, tmp_path, sound):
        with soundfile.SoundFile(tmp_path / "a.flac", "w", 16_000, 1) as file:
            for minute in range(60):
                silence = np.zeros(60 * 16_000, np.int16)
                if minute in (20, 40):
                    silence[8_000 : 8_000 + len(sound)] = (32_767 * sound).astype(np.int16)
                file.write(silence)
        outcome = run("match", tmp_path / "a.flac", "-o", tmp_path / "out", "--renders", 20, "--json")
        target = json.loads(outcome.out)["target"]
        assert target["seconds"] == 3_600
        assert target["start_s"] == pytest.approx(1_200.5, abs=0.02)
        assert target["matched_seconds"] == pytest.approx(0.25, abs=0.02)

    def test_a_mislabelled_file_is_read_by_its_contents(self, run, tmp_path, sound):
        write(tmp_path / "a.flac", Clip(sound, 16_000))
        (tmp_path / "a.flac").rename(tmp_path / "a.wav")
        assert run("match", tmp_path / "a.wav", "-o", tmp_path / "out", "--renders", 20).code == 0

    def test_the_shortest(self, run, tmp_path, sound):
        write(tmp_path / "a.wav", Clip(sound[:320], 16_000))
        assert run("match", tmp_path / "a.wav", "-o", tmp_path / "out", "--renders", 20).code == 0


class TestInterrupted:
    @pytest.fixture
    def interrupt_at(self, monkeypatch):
        """Press Ctrl-C when a function of a module is called."""

        def interrupt(module, name):
            def pressed(*args, **settings):
                raise KeyboardInterrupt

            monkeypatch.setattr(import_module(module), name, pressed)

        return interrupt

    @pytest.mark.parametrize(
        ("module", "name"),
        [
            ("tonewright.matching.recording", "read_blocks"),
            ("tonewright.matching.matcher", "prepare"),
            ("tonewright.matching.matcher", "rank_by_ear"),
            ("tonewright.matching.report", "report_html"),
        ],
    )
    def test_outside_the_search_leaves_nothing(self, run, wav, tmp_path, interrupt_at, module, name):
        interrupt_at(module, name)
        outcome = run("match", wav, "-o", tmp_path / "out", "--renders", 20)
        assert outcome == (130, "", "tonewright: interrupted; nothing was written\n")
        assert listing(tmp_path) == ["sound.wav"]
