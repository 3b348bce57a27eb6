"""Corpora as files: Parquet, one row to a frame, the rows of a recording together.

Columns are `file` (name of the recording), `time_s` (end of the frame) and one float32 column to each value,
with its unit. A JSON document in the metadata of the schema tells all else. No group of rows spans two
recordings, so that one can be read alone, and files are written and read group by group.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields
from os import fspath
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tonewright.documents import document_text, parse_document
from tonewright.errors import CorpusError, MissingExtraError, TonewrightError, system_reason
from tonewright.features.framing import Framing
from tonewright.files import StrPath, replacing
from tonewright.improvising.corpus.corpus import SPLITS, Contents, Corpus, CorpusFile, Measured

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

FORM, FORM_VERSION = "tonewright-corpus", 1
_KEY = b"tonewright"
_FIELDS = {
    "version": str,
    "framing": dict,
    "measured": list,
    "files": list,
    "skipped": list,
    "shares": list,
    "seed": int,
}
_GROUP_ROWS = 1 << 16
"""Rows of a group at most: 6 minutes, some 20 MB in memory."""
_AGAIN = "analyse the folder again (tonewright corpus analyse)"


def check_parquet() -> None:
    """Refuse to begin without pyarrow.

    Raises:
        MissingExtraError: It is not installed.
    """
    _pyarrow("a corpus")


def write_corpus(
    path: StrPath,
    contents: Contents,
    values: Callable[[CorpusFile], NDArray[np.float32]],
    *,
    overwrite: bool = False,
) -> None:
    """Write a corpus, recording by recording.

    Args:
        path: The file to make.
        contents: All but the values.
        values: Gives the values of a recording, `[frames, C]` float32, once for every group of rows; a memory
            map, where they are many.
        overwrite: Whether a file already there may be replaced.

    Raises:
        MissingExtraError: pyarrow is not installed.
        OutputError: The file is there already or cannot be written.
    """
    pa, pq = _pyarrow("writing a corpus")
    schema = _schema(pa, contents)
    hop_s = contents.framing.hop / contents.framing.sample_rate_hz
    names = pa.array([file.name for file in contents.files], pa.string())
    with (
        replacing(path, overwrite=overwrite) as temporary,
        pq.ParquetWriter(
            temporary,
            schema,
            compression="zstd",
            compression_level=1,
            use_dictionary=["file"],
            # Bytes of the same weight lie together, which makes numbers a third smaller.
            column_encoding=dict.fromkeys(contents.columns, "BYTE_STREAM_SPLIT"),
            write_page_checksum=True,
        ) as writer,
    ):
        for number, file in enumerate(contents.files):
            for first in range(0, file.frames, _GROUP_ROWS):
                # Mapped anew for each group: what a map has shown stays in memory as long as it is there.
                group = np.array(values(file)[first : first + _GROUP_ROWS])
                indices = pa.array(np.full(len(group), number, np.int32))
                times_s = np.arange(first + 1, first + len(group) + 1) * hop_s
                arrays = [pa.DictionaryArray.from_arrays(indices, names), times_s, *group.T.copy()]
                writer.write_table(pa.Table.from_arrays(arrays, schema=schema), row_group_size=_GROUP_ROWS)


def read_contents(path: StrPath) -> Contents:
    """Tell what a corpus holds, without reading its values.

    Args:
        path: The file.

    Raises:
        MissingExtraError: pyarrow is not installed.
        CorpusError: It cannot be read, is no corpus, is damaged, or of a newer version.
    """
    with _opened(path) as (contents, _):
        return contents


def read_corpus(path: StrPath, columns: str | Iterable[str] | None = None) -> Corpus:
    """Read a corpus into memory: 4 bytes to a value, 70 MB to an hour of all usual descriptors.

    Args:
        path: The file.
        columns: Descriptors, categories or columns to read; all if not given.

    Raises:
        MissingExtraError: pyarrow is not installed.
        UnknownNameError: The corpus holds nothing of a name.
        CorpusError: It cannot be read, is no corpus, is damaged, or of a newer version.
    """
    with _opened(path) as (contents, parquet):
        chosen = contents.select(columns)
        values = np.empty((contents.frames, len(chosen)), np.float32)
        done = 0
        for group in range(parquet.num_row_groups):
            some = _read_groups(parquet, [group], chosen)
            values[done : done + len(some)] = some
            done += len(some)
        kept = tuple(one.name for one in contents.measured if set(one.columns) & set(chosen))
        return Corpus(
            contents.framing,
            kept,
            chosen,
            contents.files,
            contents.skipped,
            values,
            contents.units_of(chosen),
        )


def read_recordings(
    path: StrPath,
    columns: str | Iterable[str] | None = None,
    *,
    wanted: Callable[[CorpusFile], bool] = lambda file: True,
    every: int = 1,
) -> Iterator[tuple[CorpusFile, NDArray[np.float32]]]:
    """Read the recordings of a corpus one after another; no more than one is in memory.

    Args:
        path: The file.
        columns: As of `read_corpus`.
        wanted: Tells which recordings are read.
        every: Take one of so many frames.

    Yields:
        Each recording with its values, `[frames, C]` float32.

    Raises:
        MissingExtraError: pyarrow is not installed.
        UnknownNameError: The corpus holds nothing of a name.
        CorpusError: It cannot be read, is no corpus, is damaged, or of a newer version.
    """
    with _opened(path) as (contents, parquet):
        chosen = contents.select(columns)
        group = 0
        for file in contents.files:
            count = -(-file.frames // _GROUP_ROWS)
            if wanted(file):
                yield file, _read_groups(parquet, range(group, group + count), chosen)[::every]
            group += count


def _schema(pa: Any, contents: Contents) -> pa.Schema:
    columns = [
        pa.field("file", pa.dictionary(pa.int32(), pa.string())),
        pa.field("time_s", pa.float64(), metadata={"unit": "s"}),
    ]
    for name, unit in zip(contents.columns, contents.units_of(contents.columns), strict=True):
        columns.append(pa.field(name, pa.float32(), metadata={"unit": unit}))
    document = {
        "version": contents.version,
        "framing": asdict(contents.framing),
        "measured": [asdict(one) | {"columns": list(one.columns)} for one in contents.measured],
        "files": [asdict(file) for file in contents.files],
        "skipped": [list(one) for one in contents.skipped],
        "shares": list(contents.shares),
        "seed": contents.seed,
    }
    return pa.schema(columns, metadata={_KEY: document_text(FORM, FORM_VERSION, document)})


@contextmanager
def _opened(path: StrPath) -> Iterator[tuple[Contents, pq.ParquetFile]]:
    pa, pq = _pyarrow("reading a corpus")
    named = repr(fspath(path))
    try:
        with open(path, "rb") as file:
            # By this thread alone, also below: see `lookup.files.read_table`.
            parquet = pq.ParquetFile(file, page_checksum_verification=True, pre_buffer=False)
            with parquet:
                yield _checked(named, parquet), parquet
    except TonewrightError:  # some of which are ValueErrors
        raise
    except (pa.ArrowException, OSError, ValueError) as error:
        # Arrow tells damage as an OSError without a number, too; a ValueError may be a name with a zero byte.
        if isinstance(error, OSError) and error.errno is not None:
            raise CorpusError(f"cannot read {named}: {system_reason(error)}; check the path") from None
        raise CorpusError(
            f"a corpus is an intact Parquet file; got {named} ({_reason(error)}); {_AGAIN}"
        ) from None


def _checked(named: str, parquet: pq.ParquetFile) -> Contents:
    """What a file tells of itself, if its rows bear it out."""
    text = (parquet.schema_arrow.metadata or {}).get(_KEY)
    if text is None:
        raise CorpusError(f"{named} is a Parquet file, but no corpus; {_AGAIN}")
    try:
        contents = _contents(text)
    except CorpusError as problem:
        raise CorpusError(f"{named}: {problem}") from None
    expected = ("file", "time_s", *contents.columns)
    groups = sum(-(-file.frames // _GROUP_ROWS) for file in contents.files)
    found = (tuple(parquet.schema_arrow.names), parquet.metadata.num_rows, parquet.num_row_groups)
    if found != (expected, contents.frames, groups):
        raise CorpusError(f"{named} was changed: its rows are not those it tells of; {_AGAIN}")
    return contents


def _contents(text: bytes) -> Contents:
    document = parse_document(text, FORM, FORM_VERSION, _FIELDS, error=CorpusError)
    try:
        contents = Contents(
            framing=Framing(**document["framing"]),
            measured=tuple(
                Measured(**one | {"columns": tuple(map(str, one["columns"]))}) for one in document["measured"]
            ),
            files=tuple(CorpusFile(**file) for file in document["files"]),
            skipped=tuple((str(name), str(why)) for name, why in document["skipped"]),
            shares=tuple(document["shares"]),
            seed=document["seed"],
            version=document["version"],
        )
        fits = (
            all(map(_fits, [*contents.files, *contents.measured]))
            and [file.first for file in contents.files] == _firsts(contents.files)
            and all(file.split in SPLITS for file in contents.files)
            and len(contents.shares) == len(SPLITS)
        )
    except (TypeError, ValueError, KeyError, AttributeError):
        fits = False
    if not fits:
        raise CorpusError(f"what it tells of itself is damaged; {_AGAIN}")
    return contents


def _fits(part: Any) -> bool:
    """Whether the fields of a dataclass, which annotations tell as text, have their types."""
    kinds: dict[str, type | tuple[type, ...]] = {
        "str": str, "Split": str, "int": int, "float": (int, float), "tuple[str, ...]": tuple,
    }  # fmt: skip
    return all(isinstance(getattr(part, one.name), kinds[str(one.type)]) for one in fields(part))


def _firsts(files: Iterable[CorpusFile]) -> list[int]:
    """Where the rows of each recording begin, if they follow one another."""
    firsts, first = [], 0
    for file in files:
        firsts.append(first)
        first += file.frames
    return firsts


def _read_groups(
    parquet: pq.ParquetFile, groups: Iterable[int], columns: tuple[str, ...]
) -> NDArray[np.float32]:
    """Values of some groups of rows, `[rows, C]`."""
    if not columns:
        return np.empty((sum(parquet.metadata.row_group(one).num_rows for one in groups), 0), np.float32)
    table = parquet.read_row_groups(list(groups), columns=list(columns), use_threads=False)
    values = np.empty((len(table), len(columns)), np.float32)
    for i, column in enumerate(columns):
        values[:, i] = table.column(column)
    return values


def _pyarrow(purpose: str) -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as missing:
        raise MissingExtraError("pyarrow", "parquet", purpose) from missing
    return pyarrow, pyarrow.parquet


def _reason(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")
