from pathlib import Path

import pytest

from tonewright.audio.folders import SOUND_ENDINGS, sound_files
from tonewright.errors import UsageError


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
    rule = rf"'{tmp_path}' holds no sound \(WAV, AIFF, FLAC, OGG or MP3\); name another folder"
    with pytest.raises(UsageError, match=rule):
        sound_files(tmp_path)
