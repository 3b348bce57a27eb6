"""Printing and writing results, and what goes wrong."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from tonewright.errors import system_reason

_ABOUT_BYTES = 1 << 20  # of an evaluation's records


def print_json(value: object) -> None:
    """Print a value as JSON, and nothing else."""
    print(json.dumps(value, indent=1))


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
    with redirect_stdout(_Output(sys.stdout)):
        yield


class _Output:
    """Standard output, whose failures say that they are its own."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with self._failing():
            return self._stream.write(text)

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


def _silence(stream: TextIO) -> None:
    """Have what a stream still holds go nowhere: Python would try again as it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def open_missing_streams() -> None:
    """Give streams that the process was started without (`>&-`) a descriptor, which no file can have then.

    Writing to standard output fails as before; what would go to stderr is dropped.
    """
    if sys.stdin is None:
        sys.stdin = os.fdopen(os.open(os.devnull, os.O_RDONLY))
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
