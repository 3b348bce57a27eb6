from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from tonewright.errors import MissingExtraError, OutputError, UnknownNameError, UsageError
from tonewright.features import FeatureTable, hear, write_csv, write_parquet


@pytest.fixture
def table() -> FeatureTable:
    sounds = 0.1 * np.random.default_rng(0).standard_normal((2, 2000))
    return hear(sounds, 16_000, ["loudness", "mfcc", "spectral_skewness", "mfcc_delta"])


def test_selection_by_descriptor_category_and_column(table: FeatureTable):
    assert table["mfcc"].shape == (2, 8, 13)
    np.testing.assert_array_equal(table["mfcc"], table.values[..., 3:16])
    np.testing.assert_array_equal(table["loudness"], table.values[..., :3])
    np.testing.assert_array_equal(table["mfcc_03"], table.values[..., 5:6])
    np.testing.assert_array_equal(table["spectral_skewness"], table.values[..., 16:17])
    np.testing.assert_array_equal(table["cepstrum"], table["mfcc"])
    np.testing.assert_array_equal(table["cepstrum_delta"], table["mfcc_delta"])
    np.testing.assert_array_equal(table["mfcc_02_delta"], table.values[..., 18:19])


@pytest.mark.parametrize("name", ["chroma", "mfcc20", "mfcc_14", "all", ""])
def test_what_was_not_measured(table: FeatureTable, name: str):
    with pytest.raises(
        UnknownNameError, match=f"no measured descriptor, category or column is called '{name}'"
    ):
        table[name]


def test_rows(table: FeatureTable):
    rows = list(table.to_rows())
    assert len(rows) == 16
    assert tuple(rows[0]) == ("sound", "time_s", *table.names)
    assert rows[9]["sound"] == 1
    assert rows[9]["time_s"] == pytest.approx(0.032)
    assert rows[9]["mfcc_05"] == table.values[1, 1, 7]


def test_csv_holds_every_value_exactly(table: FeatureTable, tmp_path: Path):
    table.write_csv(tmp_path / "features.csv")
    with open(tmp_path / "features.csv", encoding="utf-8", newline="") as file:
        header, *rows = list(csv.reader(file))
    assert header == ["sound", "time_s", *table.names]
    numbers = np.array(rows, dtype=np.float64)
    np.testing.assert_array_equal(numbers[:, 2:].astype(np.float32), table.values.reshape(16, -1))
    np.testing.assert_array_equal(numbers[:, 0], np.repeat([0, 1], 8))
    np.testing.assert_allclose(numbers[:, 1], np.tile(table.times_s, 2), atol=1e-6)


def test_parquet_holds_values_and_units(table: FeatureTable, tmp_path: Path):
    table.write_parquet(tmp_path / "features.parquet")
    read = pq.read_table(tmp_path / "features.parquet")
    assert read.column_names == ["sound", "time_s", *table.names]
    assert read.schema.field("loudness_momentary_lufs").metadata == {b"unit": b"LUFS"}
    values = np.stack([read[name].to_numpy() for name in table.names], axis=-1)
    np.testing.assert_array_equal(values, table.values.reshape(16, -1))
    np.testing.assert_array_equal(read["time_s"].to_numpy(), np.tile(table.times_s, 2))


@pytest.mark.parametrize(("write", "read"), [(write_csv, None), (write_parquet, pq.read_table)])
def test_pieces_follow_one_another(table: FeatureTable, tmp_path: Path, write, read):
    write(tmp_path / "features", (piece for piece in (table, table)))
    rows = (
        len(read(tmp_path / "features"))
        if read
        else len((tmp_path / "features").read_text().splitlines()) - 1
    )
    assert rows == 32


@pytest.mark.parametrize("write", [write_csv, write_parquet])
def test_a_file_is_whole_or_not_there(table: FeatureTable, tmp_path: Path, write):
    def failing():
        yield table
        raise RuntimeError("the disk of the recorder broke")

    with pytest.raises(RuntimeError, match="recorder"):
        write(tmp_path / "features", failing())
    with pytest.raises(UsageError, match="at least one table"):
        write(tmp_path / "features", [])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("write", [write_csv, write_parquet])
def test_nothing_is_overwritten_silently(table: FeatureTable, tmp_path: Path, write):
    path = tmp_path / "features"
    path.write_text("precious")
    with pytest.raises(OutputError):
        write(path, [table])
    assert path.read_text() == "precious"
    write(path, [table], overwrite=True)
    assert path.stat().st_size > 1000


def test_parquet_without_pyarrow_names_the_extra(
    table: FeatureTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"pip install -c constraints.txt -e '\.\[parquet\]'"):
        table.write_parquet(tmp_path / "features.parquet")


def test_it_shows_itself_in_a_line():
    heard = hear(np.full((3, 300_000), 0.1, np.float32), 16_000, ["mfcc", "pitch"])
    assert repr(heard) == (
        "<FeatureTable of 3 sounds, 1172 frames and 15 columns: mfcc_01, mfcc_02, mfcc_03, …>"
    )
    one = repr(hear(np.full(512, 0.1, np.float32), 16_000, ["loudness_rms"]))
    assert one == "<FeatureTable of 1 sound, 2 frames and 1 column: loudness_rms_dbfs>"
