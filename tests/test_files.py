import os
import stat

import pytest

from tonewright.errors import OutputError
from tonewright.files import prepare_folder, replacing, replacing_folder, write_bytes, write_text


def listing(folder):
    """All that lies in a folder, hidden or not, by its path within."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def interrupted(path, error):
    path.write_text("half of")
    raise error


def write_both(path, text, other_path, other_text):
    path.write_text(text)
    other_path.write_text(other_text)


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
