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
import re
from collections.abc import Mapping
from difflib import get_close_matches
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
    other = document.get("format") if isinstance(document, dict) else None
    if isinstance(other, str) and other != form and other.startswith(_PREFIX):
        raise error(f"this is a {short_text(other.removeprefix(_PREFIX))}, no {noun}; choose another file")
    if not isinstance(document, dict) or other != form:
        raise error(f'not a {noun}: a {noun} is a JSON object with "format": "{form}"; choose another file')
    found = document.get("format_version")
    if type(found) is not int or found < 1:
        raise error(f"format_version is a whole number from 1; got {short_text(found)}; use an intact copy")
    if found > version:
        raise error(
            f"this {noun} has format version {short_text(found)}, newer than {version}; update tonewright"
        )
    check_fields(
        {name: value for name, value in document.items() if name not in _HEAD},
        noun,
        fields,
        optional,
        error=error,
    )
    return document


def check_fields(
    mapping: Mapping[str, Any],
    noun: str,
    fields: Mapping[str, type],
    optional: Mapping[str, type] | None,
    *,
    error: type[TonewrightError],
) -> dict[str, Any]:
    """Check names and types of the fields of a document, or of an entry in it.

    Args:
        mapping: The fields.
        noun: What it is, for messages.
        fields: The fields it must have, with the type of each, as `parse_document` takes them.
        optional: The fields it may have besides; any others if None.
        error: What is raised.

    Returns:
        A copy of the fields.

    Raises:
        TonewrightError: Of the kind `error`: a field is missing, unknown or of another type.
    """
    for name, kind in fields.items():
        if name not in mapping:
            raise error(f'a {noun} needs the field "{name}" ({_WORDS[kind]}); add it')
    known = {**fields, **(optional or {})}
    for name, value in mapping.items():
        if name not in known:
            if optional is not None:
                near = get_close_matches(name, known, n=1)
                remedy = f'did you mean "{near[0]}"?' if near else "remove it"
                raise error(f'a {noun} has no field "{short_text(name)}"; {remedy}')
        elif not _fits(value, known[name]):
            raise error(
                f'the field "{name}" of a {noun} has the wrong type: it is {_WORDS[known[name]]};'
                f" got {short_text(value)}"
            )
    return dict(mapping)


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
    """Read JSON text strictly: numbers that fit a float only, no key twice, nothing nested without end.

    Args:
        text: JSON, as text or as UTF-8.
        error: What is raised.
        what: What it should be, for the message.

    Raises:
        TonewrightError: Of the kind `error`: it is no JSON; line and column are told.
    """
    try:
        return load_json(text)
    except JSONFault as fault:
        raise error(f"not a {what}: this is {fault.reason}{fault.place}; {fault.remedy}") from None


class JSONFault(ValueError):  # noqa: N818 (told on as an error of the caller's kind)
    """Why a text is no JSON that is read here.

    Args:
        reason: What it is instead.
        text: The text.
        at: Position in it, if that is known.
        remedy: What to do.

    Attributes:
        reason: The same.
        remedy: The same.
        column: Column of the fault in its line, from 1; None if that is not known.
        place: Where the fault is, as ` (line 3, column 7)`; empty if that is not known.
    """

    def __init__(self, reason: str, text: str = "", at: int | None = None, remedy: str = "mend it there"):
        super().__init__(reason)
        self.reason, self.remedy = reason, remedy
        self.column = None if at is None else at - text.rfind("\n", 0, at)
        line = 0 if at is None else text.count("\n", 0, at) + 1
        self.place = f" (line {line}, column {self.column})" if line else ""


def load_json(text: str | bytes) -> Any:
    """Read JSON text as `parse_json` does.

    Raises:
        JSONFault: It is none.
    """
    try:
        text = text.decode("utf-8-sig") if isinstance(text, bytes) else text
    except UnicodeDecodeError:
        raise JSONFault("not UTF-8 text", remedy="choose another file") from None
    try:
        return json.loads(
            text,
            parse_constant=_refuse_constant,
            parse_float=_finite,
            parse_int=_whole,
            object_pairs_hook=_mapping,
        )
    except _RefusedError as refused:
        found = [match.start() for match in re.finditer(refused.pattern, text)]
        at = found[-1] if len(found) == refused.times else None  # more, and it may be any of them
        raise JSONFault(f"not valid JSON: {short_text(str(refused))}", text, at) from None
    except json.JSONDecodeError as problem:
        raise JSONFault(f"not valid JSON: {_small(problem.msg)}", text, problem.pos) from None
    except (ValueError, RecursionError) as problem:
        reason = f"not valid JSON: {_small(str(problem))}"
        raise JSONFault(reason, remedy="use an intact copy") from None


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


class _RefusedError(Exception):
    """What Python's own reader would take.

    Args:
        reason: Why it is refused.
        pattern: Finds it in the text.
        times: How often it is there, unless others like it are.
    """

    def __init__(self, reason: str, pattern: str, times: int = 1) -> None:
        super().__init__(reason)
        self.pattern, self.times = pattern, times


def _mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in mapping if names.count(name) > 1)
        raise _RefusedError(f'the key "{twice}" is given twice', re.escape(json.dumps(twice)) + r"\s*:", 2)
    return mapping


def _small(text: str) -> str:
    """A reason within a sentence."""
    return short_text(text[:1].lower() + text[1:])


def _finite(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise _RefusedError(f"{text} is beyond the range of numbers", _alone(text))
    return number


def _whole(text: str) -> int:
    number = int(text)
    try:
        float(number)
    except OverflowError:
        reason = f"a number of {len(text)} digits is beyond the range of numbers"
        raise _RefusedError(reason, _alone(text)) from None
    return number


def _refuse_constant(name: str) -> float:
    raise _RefusedError(f"{name} is no JSON number", _alone(name))


def _alone(word: str) -> str:
    return rf"(?<![\w.+-]){re.escape(word)}(?![\w.+-])"
