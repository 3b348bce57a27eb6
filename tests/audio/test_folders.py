from pathlib import Path

import pytest

from tonewright.audio.folders import SOUND_ENDINGS, SkippedSoundsWarning, read_sounds, sound_files
from tonewright.errors import AudioError, UsageError


def test_sounds_come_in_the_order_of_their_names(tmp_path: Path) -> None:
    names = ["b.flac", "a10.wav", "a2.WAV", "C.Mp3", "d.ogg", "e.aiff", "f.AIF", "h.M4A", "i.opus"]
    names += ["j.aifc", "k.oga", "l.mp2", "m.w64", "n.rf64", "o.caf", "p.au", "q.aac", "r.wma"]
    for name in [*names, "notes.txt", "wav", "g.wav.part"]:
        (tmp_path / name).touch()
    assert [path.name for path in sound_files(tmp_path)] == sorted(names)
    assert {path.suffix.lower() for path in sound_files(tmp_path)} == set(SOUND_ENDINGS)


def test_folders_within_are_not_searched(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "a.wav").touch()
    with pytest.raises(UsageError, match="holds no sound"):
        sound_files(tmp_path)
    (tmp_path / "inner.wav").mkdir()  # stems, bounced into a folder of that name
    (tmp_path / "b.wav").touch()
    assert sound_files(tmp_path) == [tmp_path / "b.wav"]


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no folder '.*none'; check the path"):
        sound_files(tmp_path / "none")


def test_a_folder_without_sounds_is_refused(tmp_path: Path) -> None:
    (tmp_path / "preset.json").touch()
    rule = rf"'{tmp_path}' holds no sound \(.wav, .flac, .mp3, .m4a and the like\); name another folder"
    with pytest.raises(UsageError, match=rule):
        sound_files(tmp_path)


def read(path: Path) -> str:
    """The text of a file; `bad` is none that can be used."""
    text = path.read_text()
    if text.startswith("bad"):
        raise AudioError(text.replace("NAME", path.name))
    return text


def test_what_cannot_be_used_is_skipped_and_listed(tmp_path: Path) -> None:
    texts = {"a.wav": "bad: NAME is empty", "b.wav": "b", "c.flac": "bad: it is silent", "d.wav": "d"}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    with pytest.warns(SkippedSoundsWarning) as warned:
        assert read_sounds(tmp_path, read) == [(tmp_path / "b.wav", "b"), (tmp_path / "d.wav", "d")]
    (one,) = warned
    assert one.filename == __file__
    assert one.message.faults == ("bad: a.wav is empty", "'c.flac': bad: it is silent")
    assert str(one.message) == (
        f"skipped 2 of 4 sounds in '{tmp_path}': bad: a.wav is empty; 'c.flac': bad: it is silent"
    )


def test_a_folder_of_which_nothing_can_be_used_is_refused(tmp_path: Path) -> None:
    for name in "abcd":
        (tmp_path / f"{name}.wav").write_text("bad: NAME is empty")
    with pytest.raises(AudioError) as refused:
        read_sounds(tmp_path, read)
    assert str(refused.value) == (
        f"none of the 4 sounds in '{tmp_path}' can be used; name another folder, or mend them:"
        " bad: a.wav is empty; bad: b.wav is empty; bad: c.wav is empty…"
    )


def test_what_is_no_fault_of_a_sound_is_raised(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / f"{name}.wav").touch()

    def interrupted(path: Path) -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_sounds(tmp_path, interrupted)
