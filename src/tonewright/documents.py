"""Files that training writes and reads again: JSON documents of a named format, and bytes they vouch for.

Whatever such a file holds, reading it gives checked JSON or one clear error; nothing in it is executed.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from os import PathLike, fspath
from typing import Any

from tonewright.errors import CheckpointError, UsageError
from tonewright.files import read_limited

_MOST_DOCUMENT_BYTES = 16 << 20


def sha256(content: bytes) -> str:
    """Give the SHA-256 of `content`, by which a document vouches for a file beside it."""
    return hashlib.sha256(content).hexdigest()


def document_text(form: str, version: int, fields: Mapping[str, Any]) -> str:
    """Give `fields` as JSON text headed by their format and its version.

    Raises:
        UsageError: They hold something JSON has no word for.
    """
    try:
        document = {"format": form, "format_version": version, **fields}
        return json.dumps(document, indent=1, allow_nan=False) + "\n"
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(
            f"a {form} holds numbers, text, lists and mappings only ({error}); change what does not fit"
        ) from None


def read_document(
    path: str | PathLike[str], form: str, version: int, fields: Mapping[str, type]
) -> dict[str, Any]:
    """Read a JSON document of a format, no newer than `version`.

    Args:
        path: The file.
        form: What "format" must say.
        version: The newest version of the format known here.
        fields: The fields it must have, with the type of each.

    Raises:
        CheckpointError: It cannot be read, is another kind of file, or a field is missing or of another type.
    """
    named = repr(fspath(path))
    document = read_json(path)
    if not isinstance(document, dict) or document.get("format") != form:
        raise CheckpointError(f'{named} is not a {form}: it does not say "format": "{form}"; choose another')
    found = document.get("format_version")
    if type(found) is not int or not 1 <= found <= version:
        raise CheckpointError(
            f"{named} has format version {_short(found)} and this tonewright reads 1 to {version}; "
            "update tonewright"
        )
    for name, kind in fields.items():
        if type(document.get(name)) is not kind:
            raise CheckpointError(
                f'{named} needs a field "{name}" of type {kind.__name__}; got {_short(document.get(name))}; '
                "use an intact copy"
            )
    return document


def read_json(path: str | PathLike[str]) -> Any:
    """Read a JSON file of at most 16 MiB.

    Raises:
        CheckpointError: It cannot be read or is no JSON.
    """
    try:
        text = read_whole(path, _MOST_DOCUMENT_BYTES)
        return json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)
    except (ValueError, RecursionError):  # UnicodeDecodeError is a ValueError, too
        raise CheckpointError(f"{fspath(path)!r} is not valid JSON; use an intact copy") from None


def read_whole(path: str | PathLike[str], most_bytes: int) -> bytes:
    """Read a file of at most `most_bytes`.

    Raises:
        CheckpointError: It cannot be read or is larger.
    """
    return read_limited(path, most_bytes, CheckpointError, "check the path")


def read_vouched(path: str | PathLike[str], digest: str, most_bytes: int) -> bytes:
    """Read a file whose document gives its SHA-256, `digest`.

    Raises:
        CheckpointError: It cannot be read, is larger than `most_bytes`, or is not the file vouched for.
    """
    content = read_whole(path, most_bytes)
    if sha256(content) != digest:
        raise CheckpointError(
            f"{fspath(path)!r} is truncated, changed or belongs to another run: its SHA-256 is not the one "
            "beside it; use an intact copy"
        )
    return content


def _short(value: object) -> str:
    text = ascii(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _finite(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise ValueError(f"{text} is beyond the range of numbers")
    return number


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")
