"""`tonewright lookup show`: what it writes, what it tells, and what it refuses."""

import json
import re
from dataclasses import replace

import pytest

from tonewright.cli.lookup import LookupShow
from tonewright.improvising.lookup.building import build_table
from tonewright.improvising.lookup.files import read_table, write_table
from tonewright.improvising.lookup.map.drawing import DEFAULT_POINTS, DEFAULT_SECONDS

FEW = ("--points", 16, "--projection", "pca")


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    path = tmp_path_factory.mktemp("tables") / "my #1 'table'.v2.parquet"
    build_table("sine", path, grid=5, descriptors=["loudness_rms", "spectral_centroid", "mfcc"])
    return path


def test_a_page_and_a_line(run, table, tmp_path):
    done = run("lookup", "show", table, "-o", tmp_path / "map.html", "--seconds", 0.05)
    assert (done.code, done.err) == (0, "")
    size = (tmp_path / "map.html").stat().st_size
    said = f"wrote {tmp_path / 'map.html'}: 20 points of 25, 5 silent ones left out, by t-SNE and PCA; "
    assert done.out == f"{said}{size / 1e6:.1f} MB\n"
    page = (tmp_path / "map.html").read_text("utf-8").replace("\u00a0", " ")
    assert "20 of 25 settings of 2 controls" in page


def test_the_page_lies_beside_the_table_unless_told_otherwise(run, table):
    done = run("lookup", "show", table, *FEW, "--no-sound", "--overwrite")
    assert (done.code, done.err) == (0, "")
    assert table.with_name("my #1 'table'.v2.html").is_file()


def test_json_tells_the_same(run, table, tmp_path):
    words = ("--seconds", 0.05, "--colour", "mfcc_02", "-d", "mfcc", "--json")
    done = run("lookup", "show", table, "-o", tmp_path / "m.html", *FEW, *words)
    assert (done.code, done.err) == (0, "")
    told = json.loads(done.out)
    kept = told["projections"]["pca"].pop("kept_neighbours")
    assert 0 < kept <= 1
    assert told == {
        "files": [str(tmp_path / "m.html")],
        "synth": "sine",
        "points": 16,
        "points_of_table": 25,
        "silent_points": 5,
        "projections": {"pca": {}},
        "descriptors": ["mfcc"],
        "seconds": 0.05,
        "bytes": (tmp_path / "m.html").stat().st_size,
    }
    page = (tmp_path / "m.html").read_text("utf-8")
    assert re.search("<option [^>]*selected>mfcc 02</option>", page)


def test_defaults_are_those_of_the_function():
    assert LookupShow.points == DEFAULT_POINTS
    assert LookupShow.seconds == DEFAULT_SECONDS


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["-o", "map.pdf"], "a page ends in .html; got 'map.pdf'; name it so"),
        (["--projection", "t-sne"], "no projection is called 't-sne'; did you mean 'tsne'?"),
        (["--colour", "pitch"], "no control or column of the table is called 'pitch'; "),
        (["--points", 3], "a map has 4 points or more that sound; got 3; measure more"),
        (["--points", 0], "--points takes a whole number from 1; got '0'"),
        (["--seconds", 0], "--seconds takes a number of seconds above 0; got '0'"),
        (["-d", "mffc"], "no descriptor is called 'mffc'; did you mean 'mfcc'?"),
    ],
)
def test_nonsense_is_refused(refuse, table, tmp_path, monkeypatch, words, complaint):
    monkeypatch.chdir(tmp_path)
    words = words if "-o" in words else [*words, "-o", "map.html"]
    assert refuse("lookup", "show", table, *words, code=2).startswith(complaint)


def test_a_page_that_is_there_is_not_replaced(run, refuse, table, tmp_path):
    path = tmp_path / "map.html"
    path.write_text("mine")
    assert "it exists; choose another name" in refuse("lookup", "show", table, *FEW, "-o", path, code=1)
    assert run("lookup", "show", table, *FEW, "-o", path, "--overwrite").code == 0
    assert path.read_text("utf-8").startswith("<!doctype html>")


def test_tables_that_do_not_fit_are_refused(refuse, table, tmp_path):
    stale = tmp_path / "stale.parquet"
    ours = read_table(table)
    write_table(stale, replace(ours, synth=replace(ours.synth, version=9)))
    assert "its version from 9 to 1; build it anew" in refuse("lookup", "show", stale, *FEW, code=1)
    refused = refuse("lookup", "show", table, *FEW, "-d", "chroma", "-o", tmp_path / "m.html", code=1)
    assert "got one without chroma; build it anew" in refused
    (tmp_path / "no-table.parquet").write_bytes(b"no table")
    assert "no-table.parquet" in refuse("lookup", "show", tmp_path / "no-table.parquet", code=1)


def test_ctrl_c_leaves_nothing(run, table, tmp_path, monkeypatch):
    from tonewright.improvising.lookup.map import drawing

    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(drawing, "render_sounds", interrupted)
    done = run("lookup", "show", table, *FEW, "-o", tmp_path / "map.html")
    assert done.code == 130
    assert not list(tmp_path.iterdir())
