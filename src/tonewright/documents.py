"""JSON documents of a named format and version: presets, runs, checkpoints, descriptions of networks.

```json
{"format": "tonewright-preset", "format_version": 1, "synth": "serum-lite", …}
```
Whatever such a file holds, reading it gives checked JSON or one clear error of the caller's kind; nothing
in it is executed. A document can vouch for a file beside it by its SHA-256.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from os import PathLike, fspath
from typing import Any

from tonewright.errors import TonewrightError, UsageError
from tonewright.files import read_limited

MOST_BYTES = 16 << 20
"""What is longer is no document."""
_PREFIX = "tonewright-"
_HEAD = {"format", "format_version"}


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


def parse_document(
    text: str | bytes,
    form: str,
    version: int,
    fields: Mapping[str, type],
    *,
    error: type[TonewrightError],
    optional: Mapping[str, type] | None = None,
) -> dict[str, Any]:
    """Read a JSON document of a format, no newer than `version`.

    Args:
        text: JSON, as text or as UTF-8.
        form: What "format" must say.
        version: The newest version of the format known here.
        fields: The fields it must have, with the type of each; float takes whole numbers, too, and object
            anything.
        error: What is raised.
        optional: The fields it may have besides; any others if not given.

    Returns:
        The document, its format and version included.

    Raises:
        TonewrightError: Of the kind `error`: it is another kind of document, or a field is missing, unknown
            or of another type.
    """
    noun = form.removeprefix(_PREFIX)
    document = parse_json(text, error=error, what=noun)
    if not isinstance(document, dict) or document.get("format") != form:
        raise error(f'not a {noun}: a {noun} is a JSON object with "format": "{form}"; choose another file')
    found = document.get("format_version")
    if type(found) is not int or found < 1:
        raise error(f"format_version is a whole number from 1; got {short_text(found)}; use an intact copy")
    if found > version:
        raise error(
            f"this {noun} has format version {short_text(found)}, newer than {version}; update tonewright"
        )
    for name, kind in fields.items():
        if name not in document:
            raise error(f'a {noun} needs the field "{name}" ({_WORDS[kind]}); add it')
    known = {**fields, **(optional or {})}
    for name, value in document.items():
        if name in _HEAD:
            continue
        if name not in known:
            if optional is not None:
                raise error(f'a {noun} has no field "{short_text(name)}"; remove it')
        elif not _fits(value, known[name]):
            raise error(
                f'the field "{name}" of a {noun} has the wrong type: it is {_WORDS[known[name]]};'
                f" got {short_text(value)}"
            )
    return document


def read_document(
    path: str | PathLike[str],
    form: str,
    version: int,
    fields: Mapping[str, type],
    *,
    error: type[TonewrightError],
    optional: Mapping[str, type] | None = None,
    most_bytes: int = MOST_BYTES,
) -> dict[str, Any]:
    """Read a file with `parse_document`; whatever is wrong is told with the file's name.

    Raises:
        TonewrightError: Of the kind `error`: it cannot be read, is longer than `most_bytes`, or does not fit.
    """
    content = read_whole(path, most_bytes, error=error)
    try:
        return parse_document(content, form, version, fields, error=error, optional=optional)
    except error as problem:
        raise error(f"{fspath(path)!r}: {problem}") from None


def parse_json(text: str | bytes, *, error: type[TonewrightError], what: str = "document") -> Any:
    """Read JSON text strictly: numbers that fit a float only, nothing nested without end.

    Args:
        text: JSON, as text or as UTF-8.
        error: What is raised.
        what: What it should be, for the message.

    Raises:
        TonewrightError: Of the kind `error`: it is no JSON.
    """
    try:
        text = text.decode("utf-8-sig") if isinstance(text, bytes) else text
        return json.loads(text, parse_constant=_refuse_constant, parse_float=_finite, parse_int=_whole)
    except UnicodeDecodeError:
        raise error(f"not a {what}: this is not UTF-8 text; choose another file") from None
    except (ValueError, RecursionError) as problem:
        reason = short_text(str(problem))
        raise error(f"not a {what}: this is not valid JSON ({reason}); use an intact copy") from None


def read_json(path: str | PathLike[str], *, error: type[TonewrightError]) -> Any:
    """Read a JSON file of at most 16 MiB.

    Raises:
        TonewrightError: Of the kind `error`: it cannot be read or is no JSON.
    """
    content = read_whole(path, MOST_BYTES, error=error)
    try:
        return parse_json(content, error=error)
    except error as problem:
        raise error(f"{fspath(path)!r}: {problem}") from None


def read_whole(path: str | PathLike[str], most_bytes: int, *, error: type[TonewrightError]) -> bytes:
    """Read a file of at most `most_bytes`.

    Raises:
        TonewrightError: Of the kind `error`: it cannot be read or is larger.
    """
    return read_limited(path, most_bytes, error, "check the path")


def read_vouched(
    path: str | PathLike[str], digest: str, most_bytes: int, *, error: type[TonewrightError]
) -> bytes:
    """Read a file whose document gives its SHA-256, `digest`.

    Raises:
        TonewrightError: Of the kind `error`: it cannot be read, is larger than `most_bytes`, or is not the
            file vouched for.
    """
    content = read_whole(path, most_bytes, error=error)
    if sha256(content) != digest:
        raise error(
            f"{fspath(path)!r} is truncated, changed or belongs to another run: its SHA-256 is not the one "
            "beside it; use an intact copy"
        )
    return content


def short_text(value: object) -> str:
    """Anything as one short line, for messages."""
    text = ascii(value)[1:-1] if isinstance(value, str) else ascii(value)
    return text if len(text) <= 80 else text[:77] + "..."


_WORDS = {
    int: "a whole number",
    float: "a number",
    str: "text",
    bool: "true or false",
    list: "a list",
    dict: "a mapping",
    object: "anything",
}


def _fits(value: object, kind: type) -> bool:
    if kind is object:
        return True
    return type(value) in (int, float) if kind is float else type(value) is kind  # bool is no int here


def _finite(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise ValueError(f"{text} is beyond the range of numbers")
    return number


def _whole(text: str) -> int:
    number = int(text)
    try:
        float(number)
    except OverflowError:
        raise ValueError(f"a number of {len(text)} digits is beyond the range of numbers") from None
    return number


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")
