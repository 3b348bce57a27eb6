"""Runs: the folder of a training, from which it can be watched, resumed after a crash and made again.

```
config.json              configuration, seed, versions, platform, commit; those before it was extended
metrics.jsonl            the truth: one JSON object a line, with `step`, `wall_s` and the numbers of that step
checkpoints/00000040/    the last three (see `checkpoints`)
audio/00000040/*.wav     sounds and pictures of the evaluation after that step
pictures/00000040/*.png
tensorboard/, wandb/     the same to look at (see `sinks`)
lock                     held by the process that trains
```
"""

from __future__ import annotations

import json
import math
import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from tonewright.documents import document_text, read_document
from tonewright.errors import CheckpointError, OutputError, UsageError, system_reason
from tonewright.files import StrPath, prepare_folder, write_bytes, write_text
from tonewright.learning.checkpoints import (
    Checkpoint,
    check_checkpoint,
    check_space,
    checkpoints,
    restore_checkpoint,
    save_checkpoint,
)
from tonewright.learning.sinks import Sink, check_sinks, open_sinks
from tonewright.measuring.provenance import provenance
from tonewright.measuring.records import read_records, write_records

if TYPE_CHECKING:
    from filelock import BaseFileLock

    from tonewright.learning.checkpoints import TrainingState

FORMAT = "tonewright-run"
FORMAT_VERSION = 1
FIRST_CHECKPOINT_S = 30.0
"""After which time a run has its first checkpoint with the next update, however rare the others are."""
_CONFIG, _METRICS, _CHECKPOINTS, _LOCK = "config.json", "metrics.jsonl", "checkpoints", "lock"
_FIELDS: dict[str, type] = {"config": dict, "seed": int, "sinks": list}
_NAME = re.compile(r"[\w-][\w.-]*")
_OWN_KEYS = {"step", "wall_s"}


class Run:
    """A training's folder; made by `Run.create` and `Run.resume`, closed by `close` or at the end of `with`.

    Attributes:
        folder: Where it is.
        config: Its configuration, as JSON gives it back (tuples are lists).
        seed: Its seed.
        checkpoint: Folder of its last checkpoint; None before the first.
        first_step: First step to come: 0, or in a run that goes on the one after its checkpoint.
    """

    def __init__(self, folder: Path, document: Mapping[str, Any], checkpoint: Path | None) -> None:
        self.folder = folder
        self.config: dict[str, Any] = document["config"]
        self.seed: int = document["seed"]
        self.checkpoint = checkpoint
        self.first_step = int(checkpoint.name) + 1 if checkpoint else 0
        check_space(folder)
        self._lock = _locked(folder)
        with _writing(folder):
            (folder / _CHECKPOINTS).mkdir(exist_ok=True)
            kept = _cut(folder / _METRICS, self.first_step)
            self._metrics = (folder / _METRICS).open("ab")
            self._sinks: list[Sink] = open_sinks(document["sinks"], folder, self.config, self.first_step)
        self._began_s = time.monotonic() - (kept[-1]["wall_s"] if kept else 0.0)

    @classmethod
    def create(
        cls,
        folder: StrPath,
        config: Mapping[str, Any],
        seed: int,
        sinks: Sequence[str] = ("tensorboard",),
    ) -> Run:
        """Begin a run.

        Args:
            folder: Empty or not there yet; those that are missing above it are made, too.
            config: Everything that decides what is learned, as numbers, text, lists and mappings.
            seed: Seed of everything random.
            sinks: Names out of `sinks.SINKS`.

        Raises:
            OutputError: The folder holds something, cannot be written to, or its disk is full.
            UsageError: The configuration cannot be written as JSON.
            UnknownNameError: There is no such sink.
            MissingExtraError: A sink's package is not installed.
        """
        check_sinks(sinks)
        fields = {"config": dict(config), "seed": seed, "sinks": list(sinks)}
        text = document_text(FORMAT, FORMAT_VERSION, fields | provenance())
        if Path(folder).is_dir() and any(Path(folder).iterdir()):
            raise OutputError(
                f"{os.fspath(folder)!r} is not empty, and a run begins in a folder of its own; choose another"
            )
        folder = prepare_folder(folder)
        write_text(folder / _CONFIG, text)
        return cls(folder, json.loads(text), None)

    @classmethod
    def resume(cls, folder: StrPath, config: Mapping[str, Any] | None = None) -> Run:
        """Go on with a run from its last checkpoint, or from the start if it has none.

        What was logged after the checkpoint is cut off; it will be logged again.

        Args:
            folder: The run's.
            config: Takes the place of its configuration from now on; the one before it is kept under
                `earlier`, with the step it led to.

        Raises:
            CheckpointError: There is no run, or its configuration, log or last checkpoint is damaged.
            OutputError: The folder cannot be written to, or its disk is full.
            UsageError: Another process is at it.
            UnknownNameError, MissingExtraError: A sink of the run is not there.
        """
        folder = Path(os.path.realpath(folder))
        document = read_run(folder)
        check_sinks(map(str, document["sinks"]))
        found = checkpoints(folder / _CHECKPOINTS)
        if found:
            try:
                check_checkpoint(found[-1])
            except CheckpointError as error:
                raise CheckpointError(
                    f"{error}, or remove its folder to resume from the one before"
                ) from error
        text = None
        if config is not None:
            changed = {"until_step": steps_done(folder), "config": document["config"]}
            fields = document | {"config": dict(config), "earlier": [*document.get("earlier", []), changed]}
            text = document_text(FORMAT, FORMAT_VERSION, fields)
            document = json.loads(text)
        run = cls(folder, document, found[-1] if found else None)
        if text is not None:  # now that no other process is at it
            try:
                write_text(folder / _CONFIG, text, overwrite=True)
            except OutputError:
                run.close()
                raise
        return run

    @property
    def first_checkpoint_due(self) -> bool:
        """Whether there is no checkpoint yet, and it is time for one: who stops the run loses little."""
        return self.checkpoint is None and time.monotonic() - self._began_s >= FIRST_CHECKPOINT_S

    def check_total(self, steps: int) -> None:
        """Check that so many steps in all are not fewer than are done.

        Raises:
            UsageError: They are.
        """
        if steps < self.first_step:
            raise too_few(self.folder, self.first_step, steps)

    def log(self, step: int, scalars: Mapping[str, float]) -> None:
        """Write the numbers of a step as one line; such as are not finite become null.

        Raises:
            UsageError: A number is called `step` or `wall_s`.
            OutputError: The disk is full or gone.
        """
        if not _OWN_KEYS.isdisjoint(scalars):
            raise UsageError("'step' and 'wall_s' are written by the run itself; choose other names")
        numbers = {name: float(value) for name, value in scalars.items()}
        line: dict[str, float | None] = {"step": step, "wall_s": round(time.monotonic() - self._began_s, 3)}
        line |= {name: value if math.isfinite(value) else None for name, value in numbers.items()}
        with _writing(self.folder):
            self._metrics.write(json.dumps(line).encode() + b"\n")
            self._metrics.flush()
            for sink in self._sinks:
                sink.log(step, numbers)

    def audio(self, name: str, samples: ArrayLike, sample_rate_hz: int, step: int) -> None:
        """Keep a sound of the evaluation after a step, as a float WAV file.

        Args:
            name: Letters, digits, `-`, `_` and `.`.
            samples: `[frames]` or `[channels, frames]`.
            sample_rate_hz: Their rate.
            step: The step.

        Raises:
            UsageError: The name has other characters.
            AudioError: The samples are no sound.
            OutputError: The system refuses.
        """
        from tonewright.audio import Clip, write

        path = self._path("audio", step, name, ".wav")
        write(path, Clip(np.atleast_2d(np.asarray(samples, np.float32)), sample_rate_hz), overwrite=True)
        with _writing(self.folder):
            for sink in self._sinks:
                sink.audio(step, name, path)

    def picture(self, name: str, png: bytes, step: int) -> None:
        """Keep a picture of the evaluation after a step; arguments and errors as those of `audio`."""
        path = self._path("pictures", step, name, ".png")
        write_bytes(path, png, overwrite=True)
        with _writing(self.folder):
            for sink in self._sinks:
                sink.picture(step, name, path)

    def table(self, name: str, columns: Sequence[str], rows: Sequence[Sequence[str]], step: int) -> None:
        """Show a table of texts, of the evaluation after a step, in the sinks.

        Args:
            name: What it is of.
            columns: Their names.
            rows: A text for each column.
            step: The step.

        Raises:
            OutputError: The disk is full or gone.
        """
        with _writing(self.folder):
            for sink in self._sinks:
                sink.table(step, name, columns, rows)

    def save(self, step: int, state: TrainingState, values: Mapping[str, Any] | None = None) -> None:
        """Write a checkpoint after a step, which must have been logged; see `save_checkpoint`."""
        with _writing(self.folder):
            os.fsync(self._metrics.fileno())
        self.checkpoint = save_checkpoint(self.folder / _CHECKPOINTS, step, state, values)

    def restore(self, state: TrainingState) -> Checkpoint | None:
        """Bring `state` to the last checkpoint, if there is one; see `restore_checkpoint`."""
        return restore_checkpoint(self.checkpoint, state) if self.checkpoint else None

    def close(self) -> None:
        """Close the log and the sinks, and let other processes go on with the run."""
        # What could be written has been; what could not was reported then, and would be again.
        for close in (self._metrics.close, *(sink.close for sink in self._sinks), self._lock.release):
            with suppress(OSError):
                close()

    def __enter__(self) -> Run:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _path(self, kind: str, step: int, name: str, ending: str) -> Path:
        if not _NAME.fullmatch(name):
            raise UsageError(f"sounds and pictures are named by letters, digits, - _ and .; got {name!r}")
        folder = self.folder / kind / f"{step:08}"
        with _writing(self.folder):
            folder.mkdir(parents=True, exist_ok=True)
        return folder / (name + ending)


def last_checkpoint(folder: StrPath) -> tuple[dict[str, Any], Path]:
    """Configuration of a run, and the folder of its last checkpoint.

    Raises:
        CheckpointError: There is no run, or none of its checkpoints yet.
    """
    folder = Path(folder)
    document = read_run(folder)
    found = checkpoints(folder / _CHECKPOINTS)
    if not found:
        raise CheckpointError(f"the run in {os.fspath(folder)!r} has no checkpoint yet; let it go on first")
    return document["config"], found[-1]


def steps_done(folder: StrPath) -> int:
    """Steps of a run up to its last checkpoint."""
    found = checkpoints(Path(folder) / _CHECKPOINTS)
    return int(found[-1].name) + 1 if found else 0


def too_few(folder: StrPath, done: int, asked: int) -> UsageError:
    """The error where a run is to make fewer updates than it has made."""
    return UsageError(
        f"the updates of a run are counted from its beginning: {os.fspath(folder)!r} has done {done:,}; "
        f"got {asked:,} in all; ask for more than {done:,} to train on"
    )


def holds_run(folder: StrPath) -> bool:
    """Whether a folder is that of a run."""
    return (Path(folder) / _CONFIG).exists()


def read_run(folder: StrPath) -> dict[str, Any]:
    """What `config.json` of a run holds: `config`, `seed`, `sinks` and where it was made.

    Raises:
        CheckpointError: There is no run, or its configuration is damaged.
    """
    folder = Path(folder)
    if not holds_run(folder):
        raise CheckpointError(f"{os.fspath(folder)!r} holds no run; name the folder of one")
    return read_document(folder / _CONFIG, FORMAT, FORMAT_VERSION, _FIELDS, error=CheckpointError)


def read_metrics(folder: StrPath) -> list[dict[str, Any]]:
    """Read the log of a run, also while it is being written: one dictionary to each line.

    Raises:
        CheckpointError: There is no log, or a line other than the last is damaged.
    """
    path = Path(folder) / _METRICS
    lines = read_records(path, error=CheckpointError)
    for number, line in enumerate(lines, 1):
        if type(line.get("step")) is not int or type(line.get("wall_s")) not in (int, float):
            raise CheckpointError(
                f"line {number} of {os.fspath(path)!r} is damaged; restore or delete that line"
            )
    return lines


def _cut(path: Path, first_step: int) -> list[dict[str, Any]]:
    """Cut from the log what is `first_step` or later, and give what stays."""
    if not path.exists():
        return []
    kept = [fields for fields in read_metrics(path.parent) if fields["step"] < first_step]
    write_records(path, kept)
    return kept


def _locked(folder: Path) -> BaseFileLock:
    """A lock that one process has; the system takes it back from one that is killed."""
    from filelock import FileLock, Timeout

    lock = FileLock(folder / _LOCK, blocking=False)
    with _writing(folder):
        try:
            lock.acquire()
        except Timeout:
            raise UsageError(
                f"another process is training in {os.fspath(folder)!r}; wait for it or stop it"
            ) from None
    return lock


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = system_reason(error)
        raise OutputError(
            f"cannot write to the run {os.fspath(folder)!r}: {reason}; set that right, then resume it"
        ) from error
