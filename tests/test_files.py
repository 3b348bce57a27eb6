import errno
import os
import signal
import stat
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import pytest

from tonewright.errors import AudioError, OutputError
from tonewright.files import (
    check_file,
    check_folder,
    prepare_folder,
    replacing,
    replacing_folder,
    write_bytes,
    write_or_rescue,
    write_text,
)

from .small_disk import needs_small_disk, python_on_small_disk


def listing(folder):
    """All that lies in a folder, hidden or not, by its path within."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def interrupted(path, error):
    path.write_text("half of")
    raise error


def write_both(path, text, other_path, other_text):
    path.write_text(text)
    other_path.write_text(other_text)


@pytest.fixture
def script():
    """Start Python code in a process that ends, at the latest, with the test."""
    started = []

    def start(code, *words, **settings):
        process = subprocess.Popen(
            [sys.executable, "-c", code, *map(str, words)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **settings,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


class TestReplacing:
    def test_the_file_appears_when_the_body_ends(self, tmp_path):
        path = tmp_path / "a.txt"
        with replacing(path) as temporary:
            temporary.write_text("new")
            assert temporary.parent == tmp_path
            assert temporary.suffix == ".txt"
            assert not path.exists()
        assert path.read_text() == "new"
        assert listing(tmp_path) == ["a.txt"]

    @pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
    def test_any_exception_leaves_all_as_it_was(self, tmp_path, error):
        path = tmp_path / "a.txt"
        path.write_text("old")
        with pytest.raises(error), replacing(path, overwrite=True) as temporary:
            interrupted(temporary, error)
        assert path.read_text() == "old"
        assert listing(tmp_path) == ["a.txt"]

    def test_nothing_is_overwritten_unasked(self, tmp_path):
        path = tmp_path / "a.txt"
        path.write_text("old")
        with pytest.raises(OutputError, match="it exists; choose another name"), replacing(path):
            pytest.fail("the body must not run")
        write_text(path, "new", overwrite=True)
        assert path.read_text() == "new"

    def test_nor_what_appeared_meanwhile(self, tmp_path):
        path = tmp_path / "a.txt"
        with pytest.raises(OutputError, match="it exists"), replacing(path):
            path.write_text("somebody else's")
        assert path.read_text() == "somebody else's"
        assert listing(tmp_path) == ["a.txt"]

    def test_permissions_are_those_of_any_new_file(self, tmp_path):
        (tmp_path / "plain").touch()
        write_bytes(tmp_path / "written", b"")
        modes = {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("plain", "written")}
        assert len(modes) == 1

    def test_a_link_stays_a_link(self, tmp_path):
        (tmp_path / "elsewhere").mkdir()
        link = tmp_path / "link.txt"
        link.symlink_to(tmp_path / "elsewhere" / "real.txt")
        write_text(link, "new")
        assert link.is_symlink()
        assert (tmp_path / "elsewhere" / "real.txt").read_text() == "new"

    def test_text_is_utf8_with_plain_line_feeds(self, tmp_path):
        write_text(tmp_path / "a.txt", "−3 dB\n")
        assert (tmp_path / "a.txt").read_bytes() == b"\xe2\x88\x923 dB\n"

    @pytest.mark.parametrize(
        ("name", "rule"),
        [
            (".", "is a folder"),
            ("", "a name is not empty"),
            ("file/a.txt", "not a directory; choose another place"),
            ("file/b/a.txt", "not a directory; choose another place"),
            ("pipe", "device or pipe"),
            ("x" * 300, "name too long"),
            ("a\0b", "zero byte"),
        ],
    )
    def test_places_that_cannot_be_written(self, tmp_path, monkeypatch, name, rule):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "file").touch()
        os.mkfifo(tmp_path / "pipe")
        before = listing(tmp_path)
        with pytest.raises(OutputError, match=rule) as caught:
            write_text(name, "new", overwrite=True)
        assert "\n" not in str(caught.value)
        assert listing(tmp_path) == before

    @pytest.mark.skipif(not os.path.isdir("/proc"), reason="needs a file system that refuses")
    def test_a_folder_that_refuses(self):
        for attempt in (lambda: write_text("/proc/a.txt", ""), lambda: prepare_folder("/proc/a")):
            with pytest.raises(OutputError, match=r"cannot write '/proc/a.*; choose another place"):
                attempt()

    def test_a_full_disk_is_an_output_error(self, tmp_path):
        with pytest.raises(OutputError, match="no space left on device"), replacing(tmp_path / "a.txt"):
            raise OSError(28, "No space left on device")
        assert listing(tmp_path) == []

    def test_a_name_that_is_too_long_is_refused_before_the_work(self, tmp_path):
        for manager in (replacing(tmp_path / ("x" * 300)), replacing_folder(tmp_path / ("x" * 300))):
            with pytest.raises(OutputError, match="name too long"), manager:
                pytest.fail("the body must not run")


def write_into_folder(path):
    with replacing_folder(path) as stage:
        (stage / "a.txt").write_text("new")


class TestFoldersAbove:
    WAYS = pytest.mark.parametrize(
        ("make", "made"),
        [
            (lambda path: write_text(path, "new"), []),
            (prepare_folder, []),
            (write_into_folder, ["new/deep/out/a.txt"]),
        ],
        ids=["file", "folder", "staged"],
    )

    @WAYS
    def test_are_made(self, tmp_path, make, made):
        make(tmp_path / "new" / "deep" / "out")
        assert listing(tmp_path) == ["new", "new/deep", "new/deep/out", *made]

    @pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
    @pytest.mark.parametrize("way", [replacing, replacing_folder])
    def test_are_gone_where_nothing_is_written(self, tmp_path, way, error):
        (tmp_path / "old").mkdir()
        with pytest.raises(error), way(tmp_path / "old" / "new" / "deep" / "out"):
            raise error
        assert listing(tmp_path) == ["old"]

    def test_stay_where_somebody_else_has_written_meanwhile(self, tmp_path):
        with pytest.raises(OutputError, match="it exists"), replacing(tmp_path / "new" / "deep" / "out"):
            (tmp_path / "new" / "deep" / "out").touch()
        assert listing(tmp_path) == ["new", "new/deep", "new/deep/out"]


class TestPrepareFolder:
    def test_a_missing_folder_is_made(self, tmp_path):
        assert prepare_folder(tmp_path / "out") == (tmp_path / "out").resolve()
        assert listing(tmp_path) == ["out"]
        prepare_folder(tmp_path / "out")

    def test_a_folder_that_holds_something_needs_leave(self, tmp_path):
        (tmp_path / "mine.txt").touch()
        with pytest.raises(OutputError, match="not empty"):
            prepare_folder(tmp_path)
        prepare_folder(tmp_path, overwrite=True)
        assert listing(tmp_path) == ["mine.txt"]

    def test_places_that_are_no_folder(self, tmp_path):
        (tmp_path / "file").touch()
        for name, rule in [
            ("file", "not a folder"),
            ("file/out", "not a directory; choose another place"),
        ]:
            with pytest.raises(OutputError, match=rule):
                prepare_folder(tmp_path / name, overwrite=True)
        assert listing(tmp_path) == ["file"]


class TestReplacingFolder:
    def test_all_files_appear_together(self, tmp_path):
        out = tmp_path / "out"
        with replacing_folder(out) as stage:
            (stage / "a.txt").write_text("a")
            (stage / "deep").mkdir()
            (stage / "deep" / "b.txt").write_text("b")
            assert not out.exists()
        assert listing(tmp_path) == ["out", "out/a.txt", "out/deep", "out/deep/b.txt"]

    @pytest.mark.parametrize("exists", [False, True])
    @pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
    def test_any_exception_leaves_all_as_it_was(self, tmp_path, exists, error):
        out = tmp_path / "out"
        if exists:
            out.mkdir()
            (out / "a.txt").write_text("old")
        before = listing(tmp_path)
        with pytest.raises(error), replacing_folder(out, overwrite=exists) as stage:
            interrupted(stage / "a.txt", error)
        assert listing(tmp_path) == before
        if exists:
            assert (out / "a.txt").read_text() == "old"

    def test_an_empty_folder_is_filled_in_place(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        inode = tmp_path.stat().st_ino
        with replacing_folder(".") as stage:
            (stage / "a.txt").write_text("a")
        assert tmp_path.stat().st_ino == inode
        assert listing(tmp_path) == ["a.txt"]

    def test_overwriting_replaces_files_of_the_same_name_only(self, tmp_path):
        (tmp_path / "a.txt").write_text("old")
        (tmp_path / "mine.txt").write_text("mine")
        with pytest.raises(OutputError, match="not empty"), replacing_folder(tmp_path):
            pytest.fail("the body must not run")
        with replacing_folder(tmp_path, overwrite=True) as stage:
            (stage / "a.txt").write_text("new")
            (stage / "b.txt").write_text("b")
        texts = {name: (tmp_path / name).read_text() for name in listing(tmp_path)}
        assert texts == {"a.txt": "new", "b.txt": "b", "mine.txt": "mine"}

    def test_a_folder_in_the_way_stops_it_before_anything_moves(self, tmp_path):
        (tmp_path / "b.txt").mkdir()
        with (
            pytest.raises(OutputError, match="in the way"),
            replacing_folder(tmp_path, overwrite=True) as stage,
        ):
            write_both(stage / "a.txt", "a", stage / "b.txt", "b")
        assert listing(tmp_path) == ["b.txt"]

    def test_what_appeared_meanwhile_stays(self, tmp_path):
        with pytest.raises(OutputError, match="in the way"), replacing_folder(tmp_path) as stage:
            write_both(stage / "a.txt", "new", tmp_path / "a.txt", "somebody else's")
        assert (tmp_path / "a.txt").read_text() == "somebody else's"
        out = tmp_path / "out"
        with pytest.raises(OutputError, match="not empty"), replacing_folder(out):
            write_text(prepare_folder(out) / "b.txt", "b")
        assert listing(tmp_path) == ["a.txt", "out", "out/b.txt"]


FAULTS = {
    "a file below a file": lambda path: [write_text(path / name, "") for name in ("no", "no/a.txt")],
    "a file twice": lambda path: [write_text(path / "a.txt", "") for _ in range(2)],
    "another error": lambda path: interrupted(path / "a.txt", AudioError(f"{path}/a.txt has no frames")),
    "one of the system": lambda path: (path / "no" / "a.txt").open("w"),
    "one of the system that names it": lambda path: interrupted(
        path / "a.txt", OSError(f"cannot encode {path}/a.txt")
    ),
    "a folder below a file": lambda path: [write_text(path / "no", ""), prepare_folder(path / "no" / "b")],
}


class TestHiddenNames:
    """People are told the names that they gave, never those of hidden files and folders."""

    @pytest.mark.parametrize("exists", [False, True])
    @pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
    def test_in_a_folder(self, tmp_path, monkeypatch, exists, fault):
        monkeypatch.chdir(tmp_path)
        if exists:
            (tmp_path / "out").mkdir()
        with pytest.raises((OutputError, AudioError)) as caught, replacing_folder("out") as stage:
            fault(stage)
        assert ".tonewright" not in str(caught.value)
        assert "out" in str(caught.value)
        assert str(tmp_path) not in str(caught.value)

    def test_of_a_file(self, tmp_path):
        with pytest.raises(OutputError) as caught, replacing(tmp_path / "a.csv") as temporary:
            interrupted(temporary, OSError(f"cannot flush {temporary}"))
        assert str(caught.value) == (
            f"cannot write '{tmp_path}/a.csv': cannot flush {tmp_path}/a.csv; choose another place"
        )


class TestKilled:
    """What a process leaves that is killed in the middle of writing."""

    WRITE = """
import sys
from tonewright import files
with getattr(files, sys.argv[1])(sys.argv[2]) as hidden:
    if hidden.is_dir():
        (hidden / "half.txt").write_text("half of")
    print("at it", flush=True)
    sys.stdin.read()
"""

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows has no locks of this kind")
    def test_is_swept_by_the_next_that_writes_there(self, tmp_path, script):
        (tmp_path / "out").mkdir()
        mine = [".tonewright-notes", ".0123456789abcdef", ".tonewright-0123456789ABCDEF", "tonewright-1"]
        for name in mine:
            (tmp_path / "out" / name).touch()
        dead = [
            script(self.WRITE, "replacing", tmp_path / "out" / "a.wav"),
            script(self.WRITE, "replacing_folder", tmp_path / "out" / "b"),
        ]
        alive = script(self.WRITE, "replacing_folder", tmp_path / "out" / "c")
        for process in (*dead, alive):
            assert process.stdout.readline() == "at it\n"
        at_it = {path.name for path in (tmp_path / "out").iterdir()} - set(mine)
        assert len(at_it) == 3
        for process in dead:
            process.kill()
            assert process.wait() == -signal.SIGKILL
        write_text(tmp_path / "out" / "d.txt", "new")
        (left,) = {path.name for path in (tmp_path / "out").iterdir()} - {*mine, "d.txt"}
        assert left in at_it
        assert (tmp_path / "out" / left / "half.txt").exists()
        out, err = alive.communicate("")
        assert (alive.returncode, out, err) == (0, "", "")
        assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted([*mine, "c", "d.txt"])

    def test_within_an_output_folder_too(self, tmp_path, script):
        (tmp_path / "out").mkdir()
        process = script(self.WRITE, "replacing_folder", tmp_path / "out")
        assert process.stdout.readline() == "at it\n"
        process.kill()
        process.wait()
        assert len(listing(tmp_path / "out")) == 2
        with replacing_folder(tmp_path / "out", overwrite=True) as stage:
            (stage / "a.txt").write_text("a")
        assert listing(tmp_path / "out") == ["a.txt"]


class TestBeforeTheWork:
    def test_a_place_that_can_be_written_is_left_as_it_is(self, tmp_path):
        (tmp_path / "full").mkdir()
        (tmp_path / "full" / "a.txt").write_text("old")
        before = listing(tmp_path)
        check_file(tmp_path / "b.txt", expected_bytes=3 << 20)
        check_file(tmp_path / "full" / "a.txt", overwrite=True)
        check_folder(tmp_path / "out", expected_bytes=3 << 20)
        check_folder(tmp_path / "full", overwrite=True, expected_bytes=10)
        check_file(tmp_path / "deep" / "er" / "c.txt")
        check_folder(tmp_path / "deep" / "er" / "out")
        assert listing(tmp_path) == before
        assert (tmp_path / "full" / "a.txt").read_text() == "old"

    def test_others_are_refused(self, tmp_path):
        (tmp_path / "a.txt").touch()
        for check, name, rule in [
            (check_file, "a.txt", "it exists; choose another name"),
            (check_file, "a.txt/b.txt", "not a directory; choose another place"),
            (check_folder, "a.txt", "it is not a folder"),
            (check_folder, "a.txt/b", "not a directory; choose another place"),
            (check_folder, "", "the folder is not empty"),
        ]:
            with pytest.raises(OutputError, match=rule):
                check(tmp_path / name)
        assert listing(tmp_path) == ["a.txt"]

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit of the size of files")
    def test_too_little_room_shows(self, tmp_path):
        resource = pytest.importorskip("resource")
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2 << 20, before[1]))  # the system refuses what is larger
        try:
            check_file(tmp_path / "a.txt", expected_bytes=2 << 20)
            check_folder(tmp_path / "out", expected_bytes=2 << 20)
            for check, name in ((check_file, "a.txt"), (check_folder, "out")):
                with pytest.raises(OutputError, match=f"cannot write '{tmp_path}/{name}': file too large"):
                    check(tmp_path / name, expected_bytes=(2 << 20) + 1)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert listing(tmp_path) == []


class TestRescue:
    @pytest.fixture
    def temporary(self, tmp_path, monkeypatch):
        folder = tmp_path / "temporary"
        folder.mkdir()
        monkeypatch.setattr(tempfile, "tempdir", str(folder))
        return folder

    def test_what_can_be_written_is_written_to_its_place(self, tmp_path, temporary):
        write_or_rescue(partial(write_text, text="found"), tmp_path / "a.json")
        assert (tmp_path / "a.json").read_text() == "found"
        assert listing(temporary) == []

    def test_else_to_the_temporary_folder(self, tmp_path, temporary):
        def write(path):
            with replacing_folder(path) as stage:
                (stage / "a.txt").write_text("found")

        (tmp_path / "no").touch()
        for save, name in ((partial(write_text, text="found"), "no/a.json"), (write, "no/out")):
            with pytest.raises(OutputError, match=r"not a directory.*; the result is in") as caught:
                write_or_rescue(save, tmp_path / name)
            rescued = Path(str(caught.value).split("'")[-2])
            assert rescued.is_relative_to(temporary)
            assert rescued.suffix == Path(name).suffix
            file = rescued if rescued.is_file() else rescued / "a.txt"
            assert file.read_text() == "found"

    def test_if_that_one_can_be_written(self, tmp_path, temporary):
        def write(path):
            raise OutputError(f"no room for {path.name}")

        with pytest.raises(OutputError, match=r"^no room for a\.txt$"):
            write_or_rescue(write, tmp_path / "a.txt")
        assert listing(temporary) == []
        temporary.rmdir()
        with pytest.raises(OutputError, match=r"^no room for a\.txt$"):
            write_or_rescue(write, tmp_path / "a.txt")

    @needs_small_disk
    def test_on_a_disk_that_is_full(self, tmp_path, temporary):
        """A real one, of one MiB, which only this script sees."""
        code = """
import sys
from tonewright.files import check_folder, replacing_folder, write_or_rescue
def save(path):
    with replacing_folder(path) as stage:
        (stage / "a.bin").write_bytes(bytes(2 << 20))
check = lambda: check_folder("disk/out", expected_bytes=2 << 20)
for attempt in (check, lambda: write_or_rescue(save, "disk/out")):
    try:
        attempt()
    except Exception as error:
        print(error)
"""
        done = python_on_small_disk(tmp_path, "-c", code, TMPDIR=str(temporary))
        assert (done.returncode, done.stderr) == (0, "")
        before, after = done.stdout.splitlines()
        full = f"cannot write 'disk/out': {os.strerror(errno.ENOSPC).lower()}; choose another place"
        assert before == full
        assert after.startswith(f"{full}; the result is in '{temporary}")
        (rescued,) = temporary.rglob("a.bin")
        assert rescued.stat().st_size == 2 << 20
