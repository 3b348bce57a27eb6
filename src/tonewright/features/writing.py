"""Feature tables as files, whole or piece by piece; a file is written completely or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from os import PathLike
from typing import TYPE_CHECKING

import numpy as np

from tonewright.errors import MissingExtraError, UsageError
from tonewright.files import replacing

if TYPE_CHECKING:
    import pyarrow as pa

    from tonewright.features.table import FeatureTable


def write_csv(path: str | PathLike[str], tables: Iterable[FeatureTable], *, overwrite: bool = False) -> None:
    """Write tables, one after another, as comma-separated values: `sound`, `time_s`, then every column.

    Args:
        path: The file to make.
        tables: One table, or the pieces that `hear_file` yields; they hold the same columns.
        overwrite: Whether a file already there may be replaced.

    Raises:
        OutputError: The file is there already or cannot be written.
        UsageError: There is no table.
    """
    lines = csv_lines(tables)
    with replacing(path, overwrite=overwrite) as temporary, open(temporary, "w", encoding="utf-8") as file:
        file.writelines(lines)


def csv_lines(tables: Iterable[FeatureTable]) -> Iterator[str]:
    """The lines that `write_csv` writes, line feeds included, as they come to be.

    Args:
        tables: One table, or the pieces that `hear_file` yields; they hold the same columns.

    Raises:
        UsageError: There is no table.
    """
    return _csv_lines(_at_least_one(tables))


def _csv_lines(tables: Iterator[FeatureTable]) -> Iterator[str]:
    for i, table in enumerate(tables):
        if i == 0:
            yield ",".join(("sound", "time_s", *table.names)) + "\n"
        for sound, frames in enumerate(table.values):
            # Nine digits tell any two float32 apart.
            line = f"{sound},%.6f" + ",%.9g" * len(table.names) + "\n"
            for time_s, row in zip(table.times_s.tolist(), frames.tolist(), strict=True):
                yield line % (time_s, *row)


def write_parquet(
    path: str | PathLike[str], tables: Iterable[FeatureTable], *, overwrite: bool = False
) -> None:
    """Write tables, one after another, as Parquet: `sound`, `time_s`, then every column with its unit.

    Args:
        path: The file to make.
        tables: One table, or the pieces that `hear_file` yields; they hold the same columns.
        overwrite: Whether a file already there may be replaced.

    Raises:
        MissingExtraError: pyarrow is not installed.
        OutputError: The file is there already or cannot be written.
        UsageError: There is no table.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as missing:
        raise MissingExtraError("pyarrow", "parquet", "writing Parquet") from missing

    tables = _at_least_one(tables)
    first = next(tables)
    fields = [pa.field("sound", pa.int32()), pa.field("time_s", pa.float64(), metadata={"unit": "s"})]
    for name, unit in zip(first.names, first.units, strict=True):
        fields.append(pa.field(name, pa.float32(), metadata={"unit": unit}))
    schema = pa.schema(fields)
    with replacing(path, overwrite=overwrite) as temporary, pq.ParquetWriter(temporary, schema) as writer:
        for table in chain([first], tables):
            writer.write_table(_arrow_table(table, schema))


def _arrow_table(table: FeatureTable, schema: pa.Schema) -> pa.Table:
    import pyarrow as pa

    batch, n_frames, columns = table.values.shape
    sounds = np.repeat(np.arange(batch, dtype=np.int32), n_frames)
    values = np.ascontiguousarray(table.values.reshape(-1, columns).T)
    return pa.Table.from_arrays([sounds, np.tile(table.times_s, batch), *values], schema=schema)


def _at_least_one(tables: Iterable[FeatureTable]) -> Iterator[FeatureTable]:
    """The tables again; the first is made now, so that an error in making it leaves no file behind."""
    remaining = iter(tables)
    first = next(remaining, None)
    if first is None:
        raise UsageError("a feature file needs at least one table; got none")
    return chain([first], remaining)
