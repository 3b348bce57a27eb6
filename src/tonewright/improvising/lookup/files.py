"""Lookup tables as Parquet files: a row to each point, and what the table is of in the schema's metadata.

The columns are the controls under their own names (unit values), `sounding`, and `COLUMN_mean` and
`COLUMN_spread` of every column of a descriptor, all float32. The metadata has one JSON document under the key
`tonewright`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from os import PathLike, fspath
from types import ModuleType
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from tonewright.documents import document_text, parse_document, short_text
from tonewright.errors import MissingExtraError, TableError, UsageError, system_reason
from tonewright.features.framing import Framing
from tonewright.files import replacing
from tonewright.improvising.lookup.points import LAYOUTS, ends, grid_points
from tonewright.improvising.lookup.table import LookupTable, SynthIdentity

FORM, VERSION = "tonewright-lookup-table", 1
KEY = b"tonewright"
SOUNDING = "sounding"
MEAN, SPREAD = "_mean", "_spread"
_FIELDS: Mapping[str, type] = {
    "synth": dict,
    "framing": dict,
    "seconds": float,
    "layout": str,
    "grid": list,
    "descriptors": list,
    "columns": list,
    "units": list,
    "seed": int,
    "note": float,
    "points": int,
    "tonewright": str,
}
_SYNTH: Mapping[str, Any] = {"name": str, "version": int, "controls": list, "file_sha256": (str, type(None))}
_REMEDY = "use an intact copy, or build it anew with `tonewright lookup build`"


def file_columns(controls: tuple[str, ...], columns: tuple[str, ...]) -> tuple[str, ...]:
    """Names of the columns of a file, in order.

    Raises:
        UsageError: Two of them would have the same name.
    """
    named = (*controls, SOUNDING, *(one + MEAN for one in columns), *(one + SPREAD for one in columns))
    if len(set(named)) < len(named):
        twice = next(name for name in named if named.count(name) > 1)
        raise UsageError(
            f"the columns of a table have different names; got a control {short_text(twice)!r}; rename it"
        )
    return named


def write_table(path: str | PathLike[str], table: LookupTable, *, overwrite: bool = False) -> None:
    """Write a table as Parquet, whole or not at all.

    Args:
        path: The file to make.
        table: The table.
        overwrite: Whether a file already there may be replaced.

    Raises:
        MissingExtraError: pyarrow is not installed.
        OutputError: The file is there already or cannot be written.
        UsageError: A control has the name of another column.
    """
    pa, pq = parquet()
    named = file_columns(table.synth.controls, table.columns)
    values = np.concatenate([table.params, table.sounding[:, None], table.means, table.spreads], axis=1)
    schema = pa.schema([pa.field(name, pa.float32()) for name in named], metadata={KEY: describe(table)})
    arrays = list(np.ascontiguousarray(values.T))
    with replacing(path, overwrite=overwrite) as temporary:
        pq.write_table(
            pa.Table.from_arrays(arrays, schema=schema),
            temporary,
            compression="zstd",
            use_dictionary=False,
            use_byte_stream_split=True,
            write_page_checksum=True,
        )


def describe(table: LookupTable) -> str:
    """What a table is of, as the JSON document in its file."""
    from importlib.metadata import version

    synth, framing = table.synth, table.framing
    return document_text(
        FORM,
        VERSION,
        {
            "synth": {
                "name": synth.name,
                "version": synth.version,
                "controls": list(synth.controls),
                "file_sha256": synth.file_sha256,
            },
            "framing": {
                "sample_rate_hz": framing.sample_rate_hz,
                "window": framing.window,
                "hop": framing.hop,
            },
            "seconds": table.seconds,
            "layout": table.layout,
            "grid": list(table.grid),
            "descriptors": list(table.descriptors),
            "columns": list(table.columns),
            "units": list(table.units),
            "seed": table.seed,
            "note": table.note,
            "points": len(table),
            "tonewright": version("tonewright"),
        },
    )


def read_table(path: str | PathLike[str]) -> LookupTable:
    """Read a table that `write_table` has written; everything in it is checked.

    Raises:
        MissingExtraError: pyarrow is not installed.
        TableError: The file cannot be read, is damaged, is another kind of file, or of a newer version.
    """
    pa, pq = parquet()
    named = repr(fspath(path))
    try:
        with open(path, "rb") as file:
            # By this thread alone: one of Arrow's that still holds a Python file as Python ends aborts it.
            content = pq.read_table(
                file, page_checksum_verification=True, use_threads=False, pre_buffer=False
            )
    except FileNotFoundError:
        raise TableError(
            f"cannot read {named}: no such file; make it with `tonewright lookup build`"
        ) from None
    except pa.ArrowException as error:
        raise TableError(
            f"a lookup table is an intact Parquet file; got {named} ({_short(error)}); {_REMEDY}"
        ) from None
    except (OSError, ValueError) as error:  # ValueError: a name with a zero byte
        # Arrow tells damage as an OSError without a number, too.
        if isinstance(error, OSError) and error.errno is not None:
            raise TableError(f"cannot read {named}: {system_reason(error)}; check the path") from None
        raise TableError(
            f"a lookup table is an intact Parquet file; got {named} ({_short(error)}); {_REMEDY}"
        ) from None
    text = (content.schema.metadata or {}).get(KEY)
    if text is None:
        raise TableError(f"a lookup table says what it is of; got {named}, another Parquet file; {_REMEDY}")
    try:
        return _checked(content, parse_document(text, FORM, VERSION, _FIELDS, error=TableError))
    except TableError as error:
        raise TableError(f"{named}: {error}") from None


def parquet() -> tuple[ModuleType, ModuleType]:
    """The library that reads and writes Parquet: `pyarrow` and `pyarrow.parquet`.

    Raises:
        MissingExtraError: It is not installed.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as missing:
        raise MissingExtraError("pyarrow", "parquet", "a lookup table") from missing
    return pyarrow, pyarrow.parquet


def _checked(content: Any, document: dict[str, Any]) -> LookupTable:
    """The table of a file and its document.

    Raises:
        TableError: They do not fit together.
    """
    synth = _synth(document["synth"])
    framing = _framing(document["framing"])
    for name in ("descriptors", "columns", "units"):
        _check(all(isinstance(one, str) for one in document[name]), name, "are names", document[name])
    columns = tuple(document["columns"])
    _check(len(document["units"]) == len(columns), "units", "are one for each column", document["units"])
    try:
        expected = file_columns(synth.controls, columns)
    except UsageError as error:
        raise TableError(str(error)) from None
    missing = [name for name in expected if name not in content.column_names]
    if missing:
        raise TableError(f"a table has the columns that it names; got one without {missing[0]!r}; {_REMEDY}")
    values = np.stack([_column(content, name) for name in expected], axis=1)
    first, count = len(synth.controls) + 1, len(columns)
    table = LookupTable(
        synth=synth,
        framing=framing,
        seconds=float(document["seconds"]),
        layout=document["layout"],
        grid=tuple(document["grid"]),
        descriptors=tuple(document["descriptors"]),
        columns=columns,
        params=np.ascontiguousarray(values[:, : first - 1]),
        means=np.ascontiguousarray(values[:, first : first + count]),
        spreads=np.ascontiguousarray(values[:, first + count :]),
        units=tuple(document["units"]),
        sounding=np.ascontiguousarray(values[:, first - 1]),
        seed=document["seed"],
        note=float(document["note"]),
    )
    _check(len(table) == document["points"] > 0, "points", "are as many as the rows", document["points"])
    _check_points(table)
    return table


def _check_points(table: LookupTable) -> None:
    params, dimensions = table.params, len(table.synth.controls)
    _check(bool(((params >= 0) & (params <= 1)).all()), "controls", "lie in [0, 1]", "others")
    _check(table.layout in LAYOUTS, "layout", f"is {' or '.join(LAYOUTS)}", table.layout)
    if table.layout == "grid":
        whole = all(type(one) is int and one >= 2 for one in table.grid)
        fits = whole and len(table.grid) == dimensions and math.prod(table.grid) == len(table)
        _check(fits, "grid", "has the values of each control, and their product points", table.grid)
        _check(bool((params == grid_points(table.grid)).all()), "points", "lie on the grid", "others")
    else:
        _check(not table.grid, "grid", "is empty for a Sobol sequence", table.grid)
        corners = ends(dimensions)
        _check(
            len(table) >= len(corners) and bool((params[-len(corners) :] == corners).all()),
            "points",
            "end with both ends of each control",
            "others",
        )


def _synth(fields: dict[str, Any]) -> SynthIdentity:
    _check(fields.keys() == _SYNTH.keys(), "synth", f"has {', '.join(_SYNTH)}", list(fields))
    for name, kind in _SYNTH.items():
        _check(isinstance(fields[name], kind), f"synth {name}", "has the right type", fields[name])
    controls = fields["controls"]
    _check(
        bool(controls) and all(isinstance(one, str) for one in controls), "controls", "are names", controls
    )
    return SynthIdentity(fields["name"], fields["version"], tuple(controls), fields["file_sha256"])


def _framing(fields: dict[str, Any]) -> Framing:
    try:
        return Framing(fields["sample_rate_hz"], fields["window"], fields["hop"])
    except (KeyError, UsageError):
        raise TableError(
            f"a framing has a rate, a window and a hop; got {short_text(fields)}; {_REMEDY}"
        ) from None


def _column(content: Any, name: str) -> NDArray[np.float32]:
    column = content.column(name)
    _check(
        str(column.type) == "float" and not column.null_count,
        f"column {name!r}",
        "is float32",
        str(column.type),
    )
    values = column.to_numpy()
    _check(bool(np.isfinite(values).all()), f"column {name!r}", "is finite", "NaN or infinity")
    return cast("NDArray[np.float32]", values)


def _check(fits: bool, what: str, rule: str, got: object) -> None:
    if not fits:
        raise TableError(f"in a lookup table, {what} {rule}; got {short_text(got)}; {_REMEDY}")


def _short(error: Exception) -> str:
    return short_text(str(error).splitlines()[0] if str(error) else type(error).__name__)
