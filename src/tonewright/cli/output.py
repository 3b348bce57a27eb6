"""Printing and writing results."""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tonewright.files import StrPath


def print_json(value: object) -> None:
    """Print a value as JSON, and nothing else."""
    print(json.dumps(value, indent=1))


def print_written(files: Iterable[StrPath], facts: Mapping[str, Any]) -> None:
    """Print as JSON which files were written, by their full paths, and what is known about them."""
    print_json({"files": [os.path.abspath(file) for file in files]} | dict(facts))


def measured(
    measure: Callable[[], dict[str, Any]], output: Path | None, *, overwrite: bool
) -> dict[str, Any]:
    """What a measurement gives, also written to a file if one is named; the file is claimed beforehand.

    Raises:
        OutputError: The file is there already, or cannot be written.
    """
    from tonewright.files import replacing

    if output is None:
        return measure()
    with replacing(output, overwrite=overwrite) as temporary:
        result = measure()
        temporary.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
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
