import numpy as np
import pytest

from tonewright.audio import Clip, write
from tonewright.errors import AudioError, UsageError
from tonewright.matching import Job
from tonewright.matching.many.jobs import find_jobs, note_jobs


@pytest.fixture
def make(tmp_path):
    """Make empty files, and give the path of the folder they are in."""

    def make_files(*names):
        for name in names:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).touch()
        return tmp_path

    return make_files


def folders(jobs, below):
    return {job.source.relative_to(below).as_posix(): job.folder for job in jobs}


def test_a_folder_is_mirrored(make):
    place = make("in/kick.wav", "in/b/snare.FLAC", "in/b/c/hat.mp3", "in/notes.txt", "in/b/preset.json")
    assert folders(find_jobs([place / "in"], place / "out"), place / "in") == {
        "b/c/hat.mp3": "b/c/hat",
        "b/snare.FLAC": "b/snare",
        "kick.wav": "kick",
    }


def test_results_and_hidden_files_in_a_folder_are_no_sources(make):
    place = make("a.wav", "._a.wav", ".trash/b.wav", "out/a/match.wav", "out/a/target.wav", "other/c.wav")
    assert folders(find_jobs([place], place / "out"), place) == {"a.wav": "a", "other/c.wav": "other/c"}


def test_several_folders_are_mirrored_under_their_names(make):
    place = make("one/a.wav", "two/a.wav", "b.wav")
    jobs = find_jobs([place / "one", place / "two", place / "b.wav"], place / "out")
    assert [job.folder for job in jobs] == ["one/a", "two/a", "b"]


def test_equal_names_are_told_apart(make):
    place = make("x/kick.wav", "x/kick.aif", "y/kick.wav", "y/KICK.WAV", "z/kick.wav")
    names = ("x/kick.aif", "x/kick.wav", "y/kick.wav", "y/KICK.WAV", "z/kick.wav")
    jobs = find_jobs([place / name for name in names], place / "out")
    assert [job.folder for job in jobs] == ["kick", "kick.wav", "kick-2", "KICK-3", "kick-4"]


def test_a_sound_is_never_called_as_what_lies_beside_or_above(make):
    place = make("in/drums.wav", "in/drums/a.wav", "in/index.html.wav", "in/matches.jsonl.flac")
    assert folders(find_jobs([place / "in"], place / "out"), place / "in") == {
        "drums.wav": "drums.wav",
        "drums/a.wav": "drums/a",
        "index.html.wav": "index.html.wav",
        "matches.jsonl.flac": "matches.jsonl.flac",
    }


@pytest.mark.parametrize(
    ("name", "folder"), [("a. .wav", "a"), ("..wav", "sound"), ("a\\b.wav", "a_b"), ("\udcff.wav", "\ufffd")]
)
def test_names_that_not_every_system_takes_are_changed(make, name, folder):
    place = make(name)
    assert [job.folder for job in find_jobs([place / name], place / "out")] == [folder]


def test_a_source_that_is_not_there_is_told_before_the_work(make):
    place = make("a.wav")
    with pytest.raises(
        AudioError, match=r"cannot read '.*b\.wav': no such file or directory; check the path"
    ):
        find_jobs([place / "a.wav", place / "b.wav"], place / "out")


def test_the_source_may_be_text(make):
    place = make("a.wav")
    (job,) = find_jobs([Job(str(place / "a.wav"), "first")], place / "out")
    assert (job.source, job.folder) == (place / "a.wav", "first")


def test_files_beside_jobs_get_other_names(make):
    place = make("a.wav")
    jobs = find_jobs([place / "a.wav", Job(place / "a.wav", "a"), Job(place / "a.wav", "b/c")], place / "out")
    assert [job.folder for job in jobs] == ["a", "b/c", "a.wav"]


@pytest.mark.parametrize(
    "wrong",
    [{"folder": ""}, {"folder": "../a"}, {"folder": "/a"}, {"folder": "a\\b"}, {"start_s": -1.0},
     {"start_s": float("nan")}, {"length_s": 0.0}, {"length_s": float("inf")}],
    ids=str,
)  # fmt: skip
def test_a_job_that_makes_no_sense(wrong, tmp_path):
    with pytest.raises(UsageError, match="; got "):
        Job(**{"source": tmp_path / "a.wav", "folder": "a", **wrong})


RATE_HZ = 16_000


def melody(*notes, seconds=0.4):
    """Saws of so many Hz with silence after each."""
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    parts = []
    for hz in notes:
        parts += [0.2 * (2 * (hz * time_s % 1) - 1), np.zeros(RATE_HZ // 4)]
    return Clip(np.concatenate(parts).astype(np.float32), RATE_HZ)


def test_each_note_of_a_recording_is_a_job(tmp_path):
    write(tmp_path / "melody.wav", melody(220, 330, 440))
    jobs = note_jobs([tmp_path / "melody.wav"], tmp_path / "out")
    assert [job.folder for job in jobs] == ["01", "02", "03"]
    assert [job.start_s for job in jobs] == pytest.approx([0.0, 0.645, 1.295], abs=0.011)
    assert [job.length_s for job in jobs] == pytest.approx([0.41] * 3, abs=0.011)


def test_notes_of_several_recordings_lie_below_the_folder_of_each(tmp_path):
    write(tmp_path / "in" / "a.wav", melody(220, 330))
    write(tmp_path / "in" / "b.wav", melody(220))
    (tmp_path / "in" / "c.wav").write_text("no sound")
    jobs = note_jobs([tmp_path / "in"], tmp_path / "out")
    assert [job.folder for job in jobs] == ["a/01", "a/02", "b/01", "c"]
    assert jobs[-1].start_s is None


def test_a_note_is_matched_by_its_first_four_seconds(tmp_path):
    write(tmp_path / "pad.wav", melody(220, seconds=6.0))
    (job,) = note_jobs([tmp_path / "pad.wav"], tmp_path / "out")
    assert job.length_s == 4.0


def test_a_long_recording_is_not_matched_note_by_note(tmp_path):
    write(tmp_path / "long.wav", Clip(np.tile(melody(220).samples, 470), RATE_HZ))
    with pytest.raises(UsageError, match=r"of up to 5 minutes are matched; got 5 minutes in .*; cut it"):
        note_jobs([tmp_path / "long.wav"], tmp_path / "out")
