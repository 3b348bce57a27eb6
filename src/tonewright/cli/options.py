"""Types of options that several verbs share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tyro

OutputPath = Annotated[Path, tyro.conf.arg(aliases=["-o"], metavar="PATH")]
"""Where the result goes: `-o`."""

Flag = tyro.conf.FlagCreatePairsOff[bool]
"""A switch that is off unless named."""


def print_json(value: object) -> None:
    """Print a value as JSON, numbers that JSON lacks as null."""
    import json

    print(json.dumps(_plain(value), indent=1))


def _plain(value: object) -> object:
    import math

    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
