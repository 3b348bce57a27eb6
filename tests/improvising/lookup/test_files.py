"""Tables as files: what is written is read, and nothing else is taken for a table."""

import json
import re
import sys
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tonewright.errors import MissingExtraError, OutputError, TableError, UsageError
from tonewright.improvising.lookup.files import KEY, read_table, write_table


@pytest.fixture
def table(made):
    return made(2, lambda p: np.stack([p[:, 0] + p[:, 1], 1 - p[:, 0]], axis=1), grid=4)


def rewritten(path, change):
    """The file again, with its columns and document as `change` leaves them."""
    content = pq.read_table(path)
    document = json.loads(content.schema.metadata[KEY])
    columns = dict(zip(content.column_names, content.columns, strict=True))
    change(columns, document)
    text = document if isinstance(document, str) else json.dumps(document)
    pq.write_table(pa.table(columns).replace_schema_metadata({KEY: text}), path)


@pytest.mark.parametrize("layout", [{"grid": 4}, {"sobol": 20}])
def test_what_is_written_is_read(made, tmp_path, layout):
    table = made(3, lambda p: p @ np.arange(6).reshape(3, 2), seed=7, **layout)
    sounding = np.linspace(0, 1, len(table), dtype=np.float32)
    table = replace(table, units=("dB", "Hz"), sounding=sounding, note=48.5)
    write_table(tmp_path / "table.parquet", table)
    read = read_table(tmp_path / "table.parquet")
    for name in ("params", "means", "spreads", "sounding"):
        assert getattr(read, name).dtype == np.float32
        assert (getattr(read, name) == getattr(table, name)).all(), name
    for name in (
        "synth",
        "framing",
        "seconds",
        "layout",
        "grid",
        "descriptors",
        "columns",
        "units",
        "seed",
        "note",
    ):
        assert getattr(read, name) == getattr(table, name), name


@pytest.mark.parametrize(
    "name", ["a.b.c.parquet", "a b.parquet", 'it\'s "so".parquet', "a#1%20?.parquet", "ä.parquet"]
)
def test_any_name_will_do(table, tmp_path, name):
    path = tmp_path / "folder #1 'x'.d" / name
    write_table(path, table)
    assert (read_table(path).means == table.means).all()
    assert [one.name for one in path.parent.iterdir()] == [name]


def test_file_is_plain_parquet(table, tmp_path):
    """Anyone can read it: a column to each control under its own name, means and spreads, one document."""
    write_table(tmp_path / "t.parquet", table)
    content = pq.read_table(tmp_path / "t.parquet")
    assert content.column_names == [
        "c0", "c1", "sounding", "column_0_mean", "column_1_mean", "column_0_spread", "column_1_spread",
    ]  # fmt: skip
    assert content.column("c1").to_numpy() == pytest.approx(table.params[:, 1])
    assert content.column("column_1_mean").to_numpy() == pytest.approx(1 - table.params[:, 0])
    document = json.loads(content.schema.metadata[b"tonewright"])
    assert document["format"] == "tonewright-lookup-table"
    assert document["synth"] == {"name": "made", "version": 1, "controls": ["c0", "c1"], "file_sha256": None}
    assert document["framing"] == {"sample_rate_hz": 44100, "window": 1024, "hop": 256}
    assert (document["points"], document["grid"], document["layout"]) == (16, [4, 4], "grid")


def test_existing_file_is_not_replaced_silently(table, tmp_path):
    path = tmp_path / "t.parquet"
    path.write_bytes(b"something")
    with pytest.raises(OutputError, match="it exists"):
        write_table(path, table)
    assert path.read_bytes() == b"something"
    write_table(path, table, overwrite=True)
    assert len(read_table(path)) == 16


def test_every_damaged_byte_shows(table, tmp_path):
    """Wherever a file is changed it is refused, or read as it was; never read as another table."""
    path = tmp_path / "t.parquet"
    write_table(path, table)
    intact = path.read_bytes()
    refused = 0
    for at in range(0, len(intact), 7):
        damaged = bytearray(intact)
        damaged[at] ^= 0x5A
        path.write_bytes(damaged)
        try:
            read = read_table(path)
        except TableError:
            refused += 1
        else:
            assert (read.means == table.means).all(), at
            assert (read.params == table.params).all(), at
    assert refused > 0.5 * len(intact) / 7


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.99])
def test_truncated_file_is_refused(table, tmp_path, share):
    path = tmp_path / "t.parquet"
    write_table(path, table)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(TableError, match=r"intact Parquet file; got .*build it anew"):
        read_table(path)


def set_document(**fields):
    return lambda columns, document: document.update(fields)


def set_synth(**fields):
    return lambda columns, document: document["synth"].update(fields)


def drop(name):
    return lambda columns, document: columns.pop(name)


def put(name, change):
    def change_column(columns, document):
        values = columns[name].to_numpy().copy()
        columns[name] = change(values)

    return change_column


def with_nan(values):
    values[3] = np.nan
    return values


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (set_document(format="tonewright-preset"), "this is a preset, no lookup-table; choose another file"),
        (set_document(format_version=2), "format version 2, newer than 1; update tonewright"),
        (set_document(seconds="long"), '"seconds" of a lookup-table has the wrong type'),
        (lambda columns, document: document.pop("framing"), 'needs the field "framing"'),
        (
            set_document(framing={"sample_rate_hz": 44100, "window": 1024, "hop": 0}),
            "a rate, a window and a hop",
        ),
        (set_document(grid=[4, 5]), r"grid has the values of each control.*got \(4, 5\)"),
        (set_document(layout="spiral"), "layout is grid or sobol; got spiral"),
        (set_document(layout="sobol", grid=[]), "end with both ends of each control"),
        (set_document(points=15), "points are as many as the rows; got 15"),
        (set_document(units=["dB"]), "units are one for each column"),
        (set_document(columns=["column_0", "c9"], units=["1", "1"]), "got one without 'c9_mean'"),
        (set_synth(version="1"), "synth version has the right type"),
        (set_synth(controls=["c0", "c0"]), "different names"),
        (drop("c1"), "got one without 'c1'"),
        (drop("column_1_spread"), "got one without 'column_1_spread'"),
        (put("column_0_mean", with_nan), "column 'column_0_mean' is finite"),
        (put("c0", lambda values: values + np.float32(0.5)), r"controls lie in \[0, 1\]"),
        (put("c0", lambda values: np.sort(values)[::-1].copy()), "points lie on the grid"),
        (put("c0", lambda values: values.astype(np.float64)), "is float32; got double"),
        (lambda columns, document: document.clear(), "not a lookup-table"),
    ],
)
def test_what_does_not_fit_is_refused(table, tmp_path, change, told):
    path = tmp_path / "t.parquet"
    write_table(path, table)
    rewritten(path, change)
    with pytest.raises(TableError, match=told) as refused:
        read_table(path)
    assert repr(str(path)) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_rewriting_alone_changes_nothing(table, tmp_path):
    """So that the refusals above are of what was changed."""
    path = tmp_path / "t.parquet"
    write_table(path, table)
    rewritten(path, lambda columns, document: None)
    assert (read_table(path).means == table.means).all()


def test_other_parquet_is_no_table(tmp_path):
    pq.write_table(pa.table({"x": [1.0]}), tmp_path / "x.parquet")
    with pytest.raises(TableError, match="says what it is of; got"):
        read_table(tmp_path / "x.parquet")


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(TableError, match="no such file; make it with `tonewright lookup build`"):
        read_table(tmp_path / "none.parquet")
    with pytest.raises(TableError, match="is a directory"):
        read_table(tmp_path)


def test_control_named_like_a_column_is_refused(table, tmp_path):
    clash = replace(table, synth=replace(table.synth, controls=("c0", "column_0_mean")))
    with pytest.raises(UsageError, match=re.escape("got a control 'column_0_mean'; rename it")):
        write_table(tmp_path / "t.parquet", clash)
    assert not (tmp_path / "t.parquet").exists()


def test_missing_pyarrow_is_named(table, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"a lookup table needs pyarrow.*\[parquet\]"):
        write_table(tmp_path / "t.parquet", table)
    with pytest.raises(MissingExtraError):
        read_table(tmp_path / "t.parquet")
