"""Files of rollouts: a line of JSON for each group, whole or not at all, that a later run goes on with.

Whatever ends a process, nothing that was written is lost: what it was writing then is taken back when the
file is opened again, and what a full disk leaves of a line is taken back at once.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from tonewright.documents import JSONFault, load_json
from tonewright.errors import OutputError, UsageError, system_reason
from tonewright.files import StrPath
from tonewright.prompting.task.task import Episode, ReplyScore

Group = dict[str, Any]


def group_of(episode: Episode, scores: Sequence[ReplyScore]) -> Group:
    """A group as its line has it: `scores`, what became of each reply, and what was asked."""
    return {
        "scores": [one.reward for one in scores],
        "overrides": [one.fields() for one in scores],
        "group_overrides": {"seed": episode.seed, "brief": episode.brief.fields()},
    }


class RolloutFile:
    """A file of groups, one a line, held by one process.

    Args:
        path: The file; made if there is none, and the folders above it.

    Attributes:
        path: The same.
        groups: How many it holds.

    Raises:
        OutputError: It cannot be written, or another process writes it.
        UsageError: A line of it is no group.
    """

    def __init__(self, path: StrPath) -> None:
        from filelock import FileLock, Timeout

        self.path = Path(path)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(self.path.with_name(self.path.name + ".lock"))
            self._lock.acquire(timeout=0)
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        except Timeout:
            raise OutputError(
                f"{os.fspath(path)!r} is being written by another process; wait for it, or name another file"
            ) from None
        except OSError as error:
            raise self._unusable(error) from error
        whole = self.path.read_bytes()
        self._size = whole.rfind(b"\n") + 1
        if self._size < len(whole):  # a killed process was at it
            os.ftruncate(self._file, self._size)
        self.groups = sum(1 for _ in read_groups(self.path))

    def write(self, group: Mapping[str, Any]) -> None:
        """Write a group to the disk.

        Raises:
            UsageError: It holds what JSON has no word for, such as a number that is not finite.
            OutputError: The disk is full or gone; the file is as it was.
        """
        try:
            line = json.dumps(group, allow_nan=False).encode() + b"\n"
        except (TypeError, ValueError) as error:
            raise UsageError(
                f"a group holds finite numbers, text, lists and mappings only ({error})"
            ) from None
        try:
            os.lseek(self._file, self._size, os.SEEK_SET)
            rest = memoryview(line)
            while rest:
                rest = rest[os.write(self._file, rest) :]
            os.fsync(self._file)
        except OSError as error:
            with suppress(OSError):
                os.ftruncate(self._file, self._size)
            raise self._unusable(error) from error
        self._size += len(line)
        self.groups += 1

    def close(self) -> None:
        """Let others write it; once is enough."""
        if self._file >= 0:
            os.close(self._file)
            self._lock.release()
        self._file = -1

    def __enter__(self) -> RolloutFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _unusable(self, error: OSError) -> OutputError:
        return OutputError(
            f"cannot write rollouts to {os.fspath(self.path)!r}: {system_reason(error)}; make room, or name "
            "another file (what is written stays)"
        )


def read_groups(path: StrPath) -> Iterator[Group]:
    """The groups of a file, also while it is written.

    Raises:
        UsageError: It cannot be read, or a line is no group; it is named.
    """
    try:
        with Path(path).open("rb") as file:
            for number, line in enumerate(file, 1):
                if not line.endswith(b"\n"):
                    return  # it is being written
                try:
                    group = load_json(line)
                except JSONFault as fault:
                    group = fault.reason
                if not isinstance(group, dict):
                    raise UsageError(
                        f"line {number} of {os.fspath(path)!r} is no group; restore or delete that line"
                    )
                yield group
    except OSError as error:
        raise UsageError(f"cannot read {os.fspath(path)!r}: {system_reason(error)}; check the path") from None
