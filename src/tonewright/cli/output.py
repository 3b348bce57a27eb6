"""Printing and writing results."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any


def print_json(value: object) -> None:
    """Print a value as JSON, and nothing else."""
    print(json.dumps(value, indent=1))


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
