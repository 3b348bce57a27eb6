"""Printing and writing results, and what goes wrong."""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO

from tonewright.errors import system_reason

if TYPE_CHECKING:
    from tonewright.files import StrPath

_WIDEST = 200  # columns of a table
_ABOUT_BYTES = 1 << 20  # of an evaluation's records


def print_json(value: object) -> None:
    """Print a value as JSON, and nothing else."""
    print(json.dumps(value, indent=1))


def print_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table as wide as its cells: what a terminal wraps can still be read.

    Args:
        heads: Of the columns; all but the first are flush right.
        rows: Their cells, each printed in one line.
    """
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from tonewright.wording import one_line

    table = Table(heads[0], box=SIMPLE_HEAD, pad_edge=False)
    for head in heads[1:]:
        table.add_column(head, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*(Text(one_line(cell)) for cell in row))
    Console(width=_WIDEST).print(table)


def check_page(output: Path, *, overwrite: bool) -> None:
    """Refuse a place for a page that is none, or is taken.

    Raises:
        UsageError: It does not end in .html.
        OutputError: The file is there already, or cannot be written.
    """
    from tonewright.errors import UsageError
    from tonewright.files import check_file

    if output.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"a page ends in .html; got {output.name!r}; name it so")
    check_file(output, overwrite=overwrite)


def print_written(files: Iterable[StrPath], facts: Mapping[str, Any]) -> None:
    """Print as JSON which files were written, by their full paths, and what is known about them."""
    print_json({"files": [os.path.abspath(file) for file in files]} | dict(facts))


def complain(text: str) -> None:
    """Say what went wrong, in one line on stderr; where even that fails, the exit code has to do."""
    try:
        print(f"tonewright: {' '.join(text.split())}", file=sys.stderr, flush=True)
    except OSError:
        _silence(sys.stderr)


class CannotPrintError(Exception):
    """Standard output takes nothing more.

    Attributes:
        told: Whether somebody wants to know; not where the reader, `head` for one, has seen enough.
    """

    def __init__(self, error: OSError) -> None:
        super().__init__(f"cannot write to standard output: {system_reason(error)}; send it elsewhere")
        self.told = not isinstance(error, BrokenPipeError)


@contextmanager
def standard_output() -> Iterator[None]:
    """Tell failures to print from all others: they raise `CannotPrintError`."""
    output: Any = _Output(sys.stdout)
    with redirect_stdout(output):
        yield


class _Output:
    """Standard output, or the bytes below it, whose failures say that they are its own."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    @property
    def buffer(self) -> _Output:
        return _Output(self._stream.buffer)

    def write(self, part: Any) -> Any:
        with self._failing():
            return self._stream.write(part)

    def writelines(self, parts: Iterable[Any]) -> None:
        for part in parts:
            self.write(part)

    def flush(self) -> None:
        with self._failing():
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    @contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            _silence(self._stream)
            raise CannotPrintError(error) from error


def _silence(stream: TextIO | BinaryIO) -> None:
    """Have what a stream still holds go nowhere: Python would try again as it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def open_missing_streams() -> None:
    """Give streams that the process was started without (`>&-`) a descriptor, which no file can have then.

    Writing to standard output fails as before; what would go to stderr is dropped.
    """
    if sys.stdin is None:
        os.open(os.devnull, os.O_RDONLY)
    if sys.stdout is None:
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_RDONLY), "w", encoding="utf-8")
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")


def measured(
    measure: Callable[[], dict[str, Any]], output: Path | None, *, overwrite: bool
) -> dict[str, Any]:
    """What a measurement gives, also written to a file if one is named; whether it can be shows beforehand.

    Raises:
        OutputError: The file is there already, or cannot be written.
    """
    from tonewright.files import check_file, write_or_rescue, write_text

    if output is None:
        return measure()
    check_file(output, overwrite=overwrite, expected_bytes=_ABOUT_BYTES)
    result = measure()
    text = json.dumps(result, indent=1) + "\n"
    write_or_rescue(partial(write_text, text=text, overwrite=overwrite), output)
    return result


@contextmanager
def skipped_sounds_told() -> Iterator[None]:
    """List on stderr the sounds that are skipped because they cannot be used, each folder once."""
    from tonewright.audio.folders import SkippedSoundsWarning

    told = set()
    with warnings.catch_warnings():
        warnings.simplefilter("always", SkippedSoundsWarning)
        show_others = warnings.showwarning

        def show(message: Warning | str, *where: Any, **how: Any) -> None:
            if not isinstance(message, SkippedSoundsWarning):
                show_others(message, *where, **how)
            elif str(message) not in told:
                told.add(str(message))
                print(f"tonewright: {message.heading}:", *message.faults, sep="\n  ", file=sys.stderr)

        warnings.showwarning = show
        yield
