"""Logs of finished work as JSON lines: what was measured is kept, and a second run goes on from it.

```
{"format": "tonewright-records", "format_version": 1, "header": {"suite": "random", …}}
{"target": "random-000", "method": "full", "seed": 0, "renders": 50, "loss": 0.21, …}
```
The header says what decides the results. A log with another one is refused, so that going on never mixes the
results of different code, networks or targets.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from tonewright.documents import JSONFault, load_json, parse_document, short_text
from tonewright.errors import OutputError, TonewrightError, UsageError, system_reason
from tonewright.files import write_text

FORMAT = "tonewright-records"
FORMAT_VERSION = 1

Record = dict[str, Any]
Key = tuple[Any, ...]


class RecordLog:
    """Finished work by key, kept in a file.

    Makes the file, and folders above it, if there is none, so that a place that cannot be written shows
    before the work.

    Args:
        path: The file.
        key: Fields of a record that tell it from every other.
        header: What decides the results: numbers, text, lists and mappings.

    Attributes:
        records: Every record by its key. A later one of the same key replaces an earlier one.

    Raises:
        UsageError: The file holds something else, or the results of other code, networks or targets.
        OutputError: It cannot be read or written.
    """

    def __init__(self, path: str | PathLike[str], *, key: Sequence[str], header: Mapping[str, Any]) -> None:
        self.path = Path(path)
        self._key = tuple(key)
        head = {"format": FORMAT, "format_version": FORMAT_VERSION, "header": dict(header)}
        line = json.dumps(head).encode() + b"\n"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a+b") as file:
                file.seek(0)
                content = file.read()
                if line.startswith(content):  # empty, or a killed process was at the header
                    file.truncate(0)
                    file.write(line)
                    content = line
                lines = content.splitlines(keepends=True)
                self._check_header(lines[0], json.loads(line)["header"])
                if not lines[-1].endswith(b"\n"):  # a killed process was at it
                    file.truncate(sum(map(len, lines[:-1])))
                    lines.pop()
        except OSError as error:
            raise self._unusable(error) from error
        found = [_record(line, number, self.path, UsageError) for number, line in enumerate(lines[1:], 2)]
        try:
            self.records: dict[Key, Record] = {self.key(record): record for record in found}
        except (KeyError, TypeError):
            raise UsageError(
                f"a record in {fspath(self.path)!r} lacks one of {', '.join(self._key)}; name another file"
            ) from None

    def key(self, record: Mapping[str, Any]) -> Key:
        """What tells a record from every other."""
        return tuple(record[name] for name in self._key)

    def append(self, records: Iterable[Record]) -> None:
        """Keep finished work.

        Raises:
            UsageError: A record holds what JSON has no word for, such as a number that is not finite.
            OutputError: The file cannot be written.
        """
        records = list(records)
        text = _text(records)
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise self._unusable(error) from error
        self.records |= {self.key(record): record for record in records}

    def _check_header(self, line: bytes, header: Mapping[str, Any]) -> None:
        named = fspath(self.path)
        try:
            document = parse_document(line, FORMAT, FORMAT_VERSION, {"header": dict}, error=UsageError)
        except UsageError:
            raise UsageError(f"{named!r} is no log of finished work; name another file") from None
        there = document["header"]
        for name in dict.fromkeys([*header, *there]):
            old, new = there.get(name), header.get(name)
            if old == new:
                continue
            if isinstance(old, dict) and isinstance(new, dict):  # only where they differ
                part = next(part for part in [*new, *old] if old.get(part) != new.get(part))
                name, old, new = f"{name} {part}", old.get(part), new.get(part)
            raise UsageError(
                f"{named!r} holds results with {name} {short_text(old)}, and these have {short_text(new)};"
                " name another file, or delete it to begin anew"
            )

    def _unusable(self, error: OSError) -> OutputError:
        reason = system_reason(error)
        return OutputError(f"cannot keep a log in {fspath(self.path)!r}: {reason}; name another file")


def read_records(path: str | PathLike[str], *, error: type[TonewrightError] = UsageError) -> list[Record]:
    """Read a log, also while it is being written: every record, without the header if there is one.

    Args:
        path: A file of JSON lines.
        error: What is raised.

    Raises:
        TonewrightError: Of the kind `error`: the file cannot be read, or a line but the last is damaged.
    """
    try:
        lines = Path(path).read_bytes().split(b"\n")
    except OSError as problem:
        reason = system_reason(problem)
        raise error(f"cannot read {fspath(path)!r}: {reason}; check the path") from None
    # What follows the last line feed is unfinished: the process writes it just now, or was killed.
    records = [_record(line, number, path, error) for number, line in enumerate(lines[:-1], 1)]
    return records[1:] if records and records[0].get("format") == FORMAT else records


def write_records(path: str | PathLike[str], records: Iterable[Record]) -> None:
    """Write a log without a header anew, whole or not at all.

    Raises:
        UsageError: A record holds what JSON has no word for, such as a number that is not finite.
        OutputError: The file cannot be written.
    """
    write_text(path, _text(records), overwrite=True)


def _text(records: Iterable[Record]) -> str:
    try:
        return "".join(json.dumps(record, allow_nan=False) + "\n" for record in records)
    except (TypeError, ValueError) as error:
        raise UsageError(f"a record holds finite numbers, text, lists and mappings only ({error})") from None


def _record(line: bytes, number: int, path: str | PathLike[str], error: type[TonewrightError]) -> Record:
    try:
        record, reason = load_json(line), ""
    except JSONFault as fault:
        at = "" if fault.column is None else f"column {fault.column}: "
        record, reason = None, f" ({at}{fault.reason})"
    if not isinstance(record, dict):
        raise error(f"line {number} of {fspath(path)!r} is damaged{reason}; restore or delete that line")
    return record
