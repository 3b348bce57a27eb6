import json
import sys
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tonewright.errors import CorpusError, MissingExtraError, OutputError, UnknownNameError
from tonewright.features.framing import Framing
from tonewright.improvising.corpus import files
from tonewright.improvising.corpus.corpus import Contents, CorpusFile, Measured
from tonewright.improvising.corpus.files import (
    read_contents,
    read_corpus,
    read_recordings,
    write_corpus,
)

MEASURED = (
    Measured("loudness_rms", "loudness", "dBFS", ("loudness_rms_dbfs",)),
    Measured("pitch_f0", "pitch", "Hz", ("pitch_f0_hz",)),
    Measured("pitch_confidence", "pitch", "1", ("pitch_confidence",)),
)
NAMES = ("a.wav", 'b/"quoted" #1.flac', "c\n.wav")
LENGTHS = (5, 1, 9)


def contents(**changes):
    recorded, first = [], 0
    for name, frames, split in zip(NAMES, LENGTHS, ("train", "test", "validation"), strict=True):
        recorded.append(CorpusFile(name, f"{first:064x}", split, first, frames, frames * 0.005, 48_000, 2, 1))
        first += frames
    whole = Contents(
        Framing(44_100, 1024, 256),
        MEASURED,
        tuple(recorded),
        (("d.wav", "it is empty"),),
        (70, 15, 15),
        3,
        "0.1",
    )
    return replace(whole, **changes)


VALUES = np.random.default_rng(0).standard_normal((sum(LENGTHS), 3)).astype(np.float32)


@pytest.fixture
def corpus(tmp_path, monkeypatch):
    """A file whose last recording has three groups of rows."""
    monkeypatch.setattr(files, "_GROUP_ROWS", 4)
    path = tmp_path / "corpus.parquet"
    write_corpus(path, contents(), lambda file: VALUES[file.rows])
    return path


def test_what_is_written_is_read(corpus):
    assert read_contents(corpus) == contents()
    read = read_corpus(corpus)
    np.testing.assert_array_equal(read.values, VALUES)
    assert read.values.dtype == np.float32
    assert (read.files, read.skipped, read.framing) == (
        contents().files,
        contents().skipped,
        contents().framing,
    )
    assert read.descriptors == ("loudness_rms", "pitch_f0", "pitch_confidence")
    assert (read.columns, read.units) == (contents().columns, ("dBFS", "Hz", "1"))
    assert [file.name for file in read.part("test")] == [NAMES[1]]


def test_any_reader_of_parquet_understands_it(corpus):
    table = pq.read_table(corpus)
    assert table.column_names == ["file", "time_s", "loudness_rms_dbfs", "pitch_f0_hz", "pitch_confidence"]
    assert table.schema.field("pitch_f0_hz").type == pa.float32()
    assert table.schema.field("pitch_f0_hz").metadata == {b"unit": b"Hz"}
    assert table["file"].to_pylist() == [
        name for name, n in zip(NAMES, LENGTHS, strict=True) for _ in range(n)
    ]
    times_s = np.concatenate([np.arange(1, n + 1) * 256 / 44_100 for n in LENGTHS])
    np.testing.assert_allclose(table["time_s"], times_s, rtol=1e-12)


def test_no_group_of_rows_spans_two_recordings(corpus):
    parquet = pq.ParquetFile(corpus)
    rows = [parquet.metadata.row_group(i).num_rows for i in range(parquet.num_row_groups)]
    assert rows == [4, 1, 1, 4, 4, 1]


@pytest.mark.parametrize(
    ("names", "columns"),
    [
        ("pitch", ("pitch_f0_hz", "pitch_confidence")),
        (["pitch_confidence", "loudness"], ("pitch_confidence", "loudness_rms_dbfs")),
        (["pitch_f0_hz", "pitch"], ("pitch_f0_hz", "pitch_confidence")),
        ((), ()),
    ],
)
def test_reads_the_columns_asked_for(corpus, names, columns):
    read = read_corpus(corpus, names)
    assert read.columns == columns
    np.testing.assert_array_equal(read.values, VALUES[:, [contents().columns.index(one) for one in columns]])


def test_reads_recordings_alone_and_some_of_their_frames(corpus):
    read = list(read_recordings(corpus, "pitch_f0", wanted=lambda file: file.split != "test", every=2))
    assert [file.name for file, _ in read] == [NAMES[0], NAMES[2]]
    np.testing.assert_array_equal(read[0][1][:, 0], VALUES[0:5:2, 1])
    np.testing.assert_array_equal(read[1][1][:, 0], VALUES[6:15:2, 1])


def test_an_unknown_name(corpus):
    with pytest.raises(UnknownNameError, match="did you mean 'pitch_f0'"):
        read_corpus(corpus, ["pitch_f"])


def test_nothing_is_overwritten_silently(corpus):
    before = corpus.read_bytes()
    with pytest.raises(OutputError, match="it exists"):
        write_corpus(corpus, contents(), lambda file: VALUES[file.rows])
    assert corpus.read_bytes() == before


def test_a_failure_leaves_nothing(tmp_path):
    def fail(file):
        raise RuntimeError("the disk is gone")

    with pytest.raises(RuntimeError):
        write_corpus(tmp_path / "corpus.parquet", contents(), fail)
    assert list(tmp_path.iterdir()) == []


class TestWhatIsNoCorpus:
    def test_is_not_there(self, tmp_path):
        for name in ("none.parquet", "a\0b", "."):
            with pytest.raises(CorpusError, match=r"got|cannot read"):
                read_contents(tmp_path / name)

    def test_is_text(self, tmp_path):
        (tmp_path / "a.parquet").write_text("time_s,file\n" * 10)
        with pytest.raises(
            CorpusError, match=r"a corpus is an intact Parquet file; got .*analyse the folder"
        ):
            read_contents(tmp_path / "a.parquet")

    def test_is_another_parquet_file(self, tmp_path):
        pq.write_table(pa.table({"a": [1]}), tmp_path / "a.parquet")
        with pytest.raises(CorpusError, match="is a Parquet file, but no corpus"):
            read_contents(tmp_path / "a.parquet")

    def test_is_newer(self, corpus):
        self.change(corpus, lambda document: document.update(format_version=2))
        with pytest.raises(CorpusError, match="newer than 1; update tonewright"):
            read_contents(corpus)

    @pytest.mark.parametrize(
        "change",
        [
            lambda document: document["files"].pop(),
            lambda document: document["files"][1].update(first=7),
            lambda document: document["files"][0].update(split="practice"),
            lambda document: document["files"][0].update(frames="5"),
            lambda document: document["files"][0].update(length=5),
            lambda document: document["framing"].update(hop=0),
            lambda document: document.update(shares=[100]),
            lambda document: document.update(seed="0"),
            lambda document: document["measured"].reverse(),
            lambda document: document["measured"][0].update(columns=7),
            lambda document: document.pop("skipped"),
        ],
    )
    def test_tells_something_else_than_it_holds(self, corpus, change):
        self.change(corpus, change)
        with pytest.raises(CorpusError, match=r"'.*corpus.parquet'"):
            read_contents(corpus)

    def test_is_damaged_anywhere(self, corpus):
        content = corpus.read_bytes()
        rng, refused = np.random.default_rng(1), 0
        for place in rng.integers(4, len(content), 300):
            damaged = bytearray(content)
            damaged[place] ^= int(rng.integers(1, 256))
            corpus.write_bytes(damaged)
            try:
                read = read_corpus(corpus)
            except CorpusError:
                refused += 1
            else:  # the times, statistics and other things that nobody reads
                np.testing.assert_array_equal(read.values, VALUES)
        assert refused > 100

    @pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
    def test_is_cut_short(self, corpus, share):
        content = corpus.read_bytes()
        corpus.write_bytes(content[: int(share * len(content))])
        with pytest.raises(CorpusError, match="intact Parquet file"):
            read_contents(corpus)

    @staticmethod
    def change(path, change):
        table = pq.read_table(path)
        document = json.loads(table.schema.metadata[b"tonewright"])
        change(document)
        parquet = pq.ParquetFile(path)
        groups = [parquet.read_row_group(i) for i in range(parquet.num_row_groups)]
        schema = table.schema.with_metadata({b"tonewright": json.dumps(document)})
        with pq.ParquetWriter(path, schema) as writer:
            for group in groups:
                writer.write_table(group.cast(schema))


def test_without_pyarrow(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    for attempt in (
        lambda: read_contents(tmp_path / "a.parquet"),
        lambda: write_corpus(tmp_path / "a.parquet", contents(), lambda file: VALUES[file.rows]),
    ):
        with pytest.raises(MissingExtraError, match=r"pip install .*\[parquet\]"):
            attempt()
    assert list(tmp_path.iterdir()) == []
