"""Files and places that cannot be used: one line with the remedy, and nothing half-written."""

import json
import os

import numpy as np
import pytest
import soundfile

from tonewright.audio import Clip, write
from tonewright.synths.serum_lite.factory import factory_presets


def silent(path, sound):
    write(path, Clip(0 * sound, 16_000))


def empty(path, sound):
    path.touch()


def no_frames(path, sound):
    soundfile.write(path, np.zeros(0), 16_000)


def ten_milliseconds(path, sound):
    write(path, Clip(sound[:160], 16_000))


def not_a_number(path, sound):
    soundfile.write(path, np.where(np.arange(len(sound)) == 9, np.nan, sound), 16_000, subtype="FLOAT")


def infinite(path, sound):
    soundfile.write(path, np.where(np.arange(len(sound)) == 9, -np.inf, sound), 16_000, subtype="FLOAT")


def absurdly_loud(path, sound):
    soundfile.write(path, 1e30 * sound, 16_000, subtype="FLOAT")


def cut_short(path, sound):
    write(path, Clip(sound, 16_000))
    path.write_bytes(path.read_bytes()[:-999])


def cut_in_the_header(path, sound):
    write(path, Clip(sound, 16_000))
    path.write_bytes(path.read_bytes()[:30])


def text(path, sound):
    path.write_text("Dear diary\n")


def picture(path, sound):
    path.write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")


def midi(path, sound):
    path.write_bytes(b"MThd\0\0\0\6\0\1\0\1\0\x60")


def preset_file(path, sound):
    factory_presets()[0].save(path)


def folder(path, sound):
    path.mkdir()


def missing(path, sound):
    pass


def device(path, sound):
    path.symlink_to(os.devnull)


UNREADABLE = {
    empty: "is empty",
    no_frames: "its length is zero",
    not_a_number: "samples are finite numbers; got NaN or infinity",
    infinite: "samples are finite numbers; got NaN or infinity",
    absurdly_loud: "samples lie within ±1000, full scale being ±1",
    cut_short: "is cut short",
    cut_in_the_header: "; convert it|; copy or export it again",
    text: "is text; give a WAV",
    picture: "not a sound in a known format; give a WAV",
    midi: "is a MIDI file",
    preset_file: "is text; give a WAV",
    folder: "is a folder; give the path of a sound file",
    missing: "no such file or directory",
    device: "is a device; save what comes from it",
}
SILENT_OR_SHORT = {
    silent: "the target is silent; choose a recording with sound in it",
    ten_milliseconds: "the target sounds for 10 ms; a match needs at least 20 ms: choose a longer one",
}


def bad_sounds(kinds):
    return pytest.mark.parametrize(("make", "rule"), kinds.items(), ids=[make.__name__ for make in kinds])


def says(complaint, rule):
    return any(part in complaint for part in rule.split("|"))


@bad_sounds({make: rule for make, rule in (UNREADABLE | SILENT_OR_SHORT).items() if make is not folder})
def test_targets(refuse, tmp_path, sound, make, rule):
    make(tmp_path / "bad.wav", sound)
    complaint = refuse("match", tmp_path / "bad.wav", "-o", tmp_path / "out", "--renders", 5, code=1)
    assert says(complaint, rule)


def test_a_folder_of_targets_without_a_sound(refuse, tmp_path):
    (tmp_path / "empty").mkdir()
    complaint = refuse("match", tmp_path / "empty", "-o", tmp_path / "out", "--renders", 5, code=2)
    assert "holds no sound" in complaint


def test_a_target_without_a_name(refuse, tmp_path):
    complaint = refuse("match", "", "-o", tmp_path / "out", "--renders", 5, code=2)
    assert complaint == "TARGET takes a path; got ''; see tonewright match --help"


@bad_sounds(UNREADABLE)
def test_sounds_to_compare(refuse, wav, tmp_path, sound, make, rule):
    make(tmp_path / "bad.wav", sound)
    for pair in ((wav, tmp_path / "bad.wav"), (tmp_path / "bad.wav", wav)):
        assert says(refuse("compare", *pair, "--json", code=1), rule)


@bad_sounds(UNREADABLE)
def test_sounds_to_hear(refuse, tmp_path, sound, make, rule):
    make(tmp_path / "bad.wav", sound)
    words = ["-o", tmp_path / "a.csv", "--descriptors", "loudness_rms"]
    assert says(refuse("hear", tmp_path / "bad.wav", *words, code=1), rule)


FIELDS = json.loads(factory_presets()[0].to_json())


def changed(**fields):
    return json.dumps(FIELDS | fields)


def with_control(**controls):
    return changed(controls=FIELDS["controls"] | controls)


@pytest.mark.parametrize(
    ("content", "rule", "code"),
    [
        (changed(synth="dexed"), "no synth is called 'dexed'", 2),
        (changed(synth_version=99), "update tonewright", 1),
        (changed(format_version=99), "newer than 1; update tonewright", 1),
        (changed(format="vital"), "not a preset", 1),
        (changed(volume=3), 'has no field "volume"; remove it', 1),
        (changed(midi_note=128), "midi_note lies between 0 and 127", 1),
        (changed(controls={}), "control osc1_morph is missing", 1),
        (with_control(osc3_morph=0.5), "no control is called 'osc3_morph'; did you mean", 1),
        (with_control(filter_cutoff_hz=5), "filter_cutoff_hz lies between 30 and 20000; got 5", 1),
        (with_control(osc1_unison=1.5), "osc1_unison is a whole number", 1),
        (with_control(osc1_level="loud"), "osc1_level is a number; got loud", 1),
        ("", "not valid JSON", 1),
        ("{", "not valid JSON", 1),
        ("[]", "not a preset", 1),
        ("[" * 100_000, "not valid JSON", 1),
        (changed().replace("0.", "NaN", 1), "not valid JSON", 1),
        (b"\xff\xfe\0", "not UTF-8 text", 1),
        (" " * 2_000_000, "larger than 1000000 bytes", 1),
    ],
    ids=lambda value: str(value)[:24],
)
def test_presets(refuse, tmp_path, content, rule, code):
    path = tmp_path / "preset.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert rule in refuse("render", path, "-o", tmp_path / "a.wav", code=code)


@pytest.mark.parametrize(("make", "rule"), [(folder, "is a directory"), (missing, "no such file")])
def test_places_without_a_preset(refuse, tmp_path, make, rule):
    make(tmp_path / "preset.json", None)
    complaint = refuse("render", tmp_path / "preset.json", "-o", tmp_path / "a.wav", code=1)
    assert rule in complaint.lower()
    assert complaint.endswith("give the path of a preset file")


def in_a_file(tmp_path):
    (tmp_path / "file").touch()
    return tmp_path / "file" / "out.wav"


def with_a_name_too_long(tmp_path):
    return tmp_path / ("x" * 300 + ".wav")


def where_the_system_refuses(tmp_path):
    if not os.path.isdir("/proc"):
        pytest.skip("needs a file system that refuses")
    return "/proc/out.wav"


NOWHERE = {
    in_a_file: "not a directory; choose another place",
    with_a_name_too_long: "too long; choose another place",
    where_the_system_refuses: "; choose another place",
}
places = pytest.mark.parametrize(
    ("place", "rule"), NOWHERE.items(), ids=[place.__name__ for place in NOWHERE]
)


@places
def test_places_for_a_match(refuse, wav, tmp_path, place, rule):
    where = place(tmp_path)
    assert rule in refuse("match", wav, "-o", where, "--renders", 5, code=1)


@places
def test_places_for_a_sound(refuse, preset, tmp_path, place, rule):
    where = place(tmp_path)
    assert rule in refuse("render", preset, "-o", where, "--seconds", 0.1, code=1)


@places
def test_places_for_a_table(refuse, wav, tmp_path, place, rule):
    where = str(place(tmp_path)).replace(".wav", ".csv")
    assert rule in refuse("hear", wav, "-o", where, "--descriptors", "loudness_rms", code=1)


@places
def test_places_for_measurements(refuse, tmp_path, place, rule):
    where = place(tmp_path)
    assert rule in refuse("bench", "render", "-o", where, code=1)


@pytest.mark.parametrize(
    ("name", "rule"),
    [("file", "is not a folder; choose another name"), ("folder", "the folder is not empty")],
)
def test_folders_that_are_taken(refuse, wav, tmp_path, name, rule):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "mine.txt").write_text("mine")
    assert rule in refuse("match", wav, "-o", tmp_path / name, "--renders", 5, code=1)


@pytest.mark.parametrize("ending", ["mp3", "ogg", "", "json"])
def test_endings_of_sounds(refuse, preset, tmp_path, ending):
    complaint = refuse("render", preset, "-o", tmp_path / f"a.{ending}", "--seconds", 0.1, code=2)
    assert "end the name in .wav or .flac" in complaint


@pytest.mark.parametrize("ending", ["xlsx", "", "json"])
def test_endings_of_tables(refuse, wav, tmp_path, ending):
    complaint = refuse("hear", wav, "-o", tmp_path / f"a.{ending}", code=2)
    assert complaint == f"a table ends in .csv or .parquet; got 'a.{ending}'"


def test_a_preset_too_loud_for_whole_numbers(refuse, tmp_path):
    loud = with_control(master_volume=1.0, osc1_level=1.0, osc2_level=1.0, osc1_unison=7, amp_sustain=1.0)
    (tmp_path / "preset.json").write_text(loud)
    complaint = refuse("render", tmp_path / "preset.json", "-o", tmp_path / "a.flac", code=1)
    assert "write encoding 'float' to WAV" in complaint


def test_what_goes_wrong_while_the_report_is_written_leaves_nothing(refuse, wav, tmp_path, monkeypatch):
    def full_disk(result):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tonewright.matching.report.report_html", full_disk)
    complaint = refuse("match", wav, "-o", tmp_path / "out", "--renders", 5, code=1)
    assert "no space left on device" in complaint
