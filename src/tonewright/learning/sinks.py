"""Sinks: where the log of a run goes besides its own files, to be watched while it trains.

`metrics.jsonl` is the truth; a sink shows it. Sinks get sounds and pictures as the files the run has written.
"""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

from tonewright.errors import MissingExtraError, OutputError, UnknownNameError, UsageError, system_reason
from tonewright.files import StrPath


class Sink(Protocol):
    """Shows the log of a run; names may be grouped by a slash ("loss/policy")."""

    def log(self, step: int, scalars: Mapping[str, float]) -> None:
        """Show numbers of a step."""
        ...

    def audio(self, step: int, name: str, path: Path) -> None:
        """Let a WAV file be heard."""
        ...

    def picture(self, step: int, name: str, path: Path) -> None:
        """Show a PNG file."""
        ...

    def table(self, step: int, name: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Show a table of texts."""
        ...

    def close(self) -> None:
        """Write what is left and let go."""
        ...


class TensorBoardSink:
    """Event files for `tensorboard --logdir`.

    Args:
        folder: Holds the event files; made if missing.
        first_step: First step to come. TensorBoard drops what earlier files in the folder hold from there on.
    """

    def __init__(self, folder: Path, first_step: int = 0) -> None:
        from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2
        from tensorboard.summary.writer.record_writer import RecordWriter

        self._event, self._summary = event_pb2.Event, summary_pb2.Summary
        self._tensor = tensor_pb2.TensorProto
        plugin = summary_pb2.SummaryMetadata.PluginData(plugin_name="text")
        self._text = summary_pb2.SummaryMetadata(plugin_data=plugin)
        folder.mkdir(exist_ok=True)
        # TensorBoard reads files in the order of their names.
        stamp = f"{time.time_ns() // 1000:017}.{socket.gethostname()}.{os.getpid()}"
        self._records = RecordWriter((folder / f"events.out.tfevents.{stamp}").open("xb"))
        self._write(0, file_version="brain.Event:2")
        self._write(first_step, session_log=event_pb2.SessionLog(status=event_pb2.SessionLog.START))

    def log(self, step: int, scalars: Mapping[str, float]) -> None:
        """Show numbers of a step."""
        self._show(step, *({"tag": name, "simple_value": value} for name, value in scalars.items()))

    def audio(self, step: int, name: str, path: Path) -> None:
        """Let a WAV file be heard."""
        import soundfile

        sound = soundfile.info(path)
        audio = self._summary.Audio(
            sample_rate=sound.samplerate,
            num_channels=sound.channels,
            length_frames=sound.frames,
            encoded_audio_string=path.read_bytes(),
            content_type="audio/wav",
        )
        self._show(step, {"tag": name, "audio": audio})

    def picture(self, step: int, name: str, path: Path) -> None:
        """Show a PNG file."""
        png = path.read_bytes()
        width, height = struct.unpack(">II", png[16:24])  # of the header chunk, always the first
        image = self._summary.Image(width=width, height=height, encoded_image_string=png)
        self._show(step, {"tag": name, "image": image})

    def table(self, step: int, name: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Show a table of texts, under "text"."""
        lines = [columns, ["---"] * len(columns), *rows]
        markdown = "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)
        tensor = self._tensor(dtype="DT_STRING", string_val=[markdown.encode()])
        self._show(step, {"tag": name, "tensor": tensor, "metadata": self._text})

    def close(self) -> None:
        """Close the event file."""
        self._records.close()

    def _show(self, step: int, *values: dict[str, Any]) -> None:
        summary = self._summary(value=[self._summary.Value(**value) for value in values])
        self._write(step, summary=summary)

    def _write(self, step: int, **what: Any) -> None:
        event = self._event(wall_time=time.time(), step=step, **what)
        self._records.write(event.SerializeToString())
        self._records.flush()


class WandbSink:
    """A run of Weights & Biases, named as its folder.

    Offline unless the variable WANDB_MODE says otherwise: no account, no network; `wandb sync` uploads it
    later. A run that is resumed becomes a second one in the same group.

    Args:
        folder: The run's; files go to `folder/wandb`.
        config: The run's.

    Raises:
        UsageError: It was asked not to stay offline, and has no account or no network.
        OutputError: The folder cannot be written.
    """

    def __init__(self, folder: Path, config: Mapping[str, Any]) -> None:
        import wandb

        self._wandb = wandb
        os.environ.setdefault("WANDB_DISABLE_WEAVE", "true")  # it advertises that wherever openai is imported
        try:
            self._run = wandb.init(
                project="tonewright",
                name=folder.name,
                group=folder.name,
                dir=folder,
                config=dict(config),
                mode=None if "WANDB_MODE" in os.environ else "offline",
                settings=wandb.Settings(silent=True, console="off"),
            )
        except wandb.Error as error:
            raise UsageError(
                f"Weights & Biases refuses to begin ({error}); log in, or set WANDB_MODE=offline"
            ) from error
        except OSError as error:
            raise _unwritable(folder / "wandb", system_reason(error)) from error
        if not _real(self._run.dir).is_relative_to(_real(folder)):  # it goes elsewhere without a word
            self._run.finish()
            raise _unwritable(folder / "wandb", "not allowed")

    def log(self, step: int, scalars: Mapping[str, float]) -> None:
        """Show numbers of a step."""
        self._run.log(dict(scalars), step=step)

    def audio(self, step: int, name: str, path: Path) -> None:
        """Let a WAV file be heard."""
        self._run.log({name: self._wandb.Audio(str(path))}, step=step)

    def picture(self, step: int, name: str, path: Path) -> None:
        """Show a PNG file."""
        self._run.log({name: self._wandb.Image(str(path))}, step=step)

    def table(self, step: int, name: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Show a table of texts."""
        self._run.log({name: self._wandb.Table([*columns], [[*row] for row in rows])}, step=step)

    def close(self) -> None:
        """Write what is left."""
        self._run.finish()


def _real(path: StrPath) -> Path:
    return Path(os.path.realpath(path))


def _unwritable(folder: Path, reason: str) -> OutputError:
    told = f"Weights & Biases cannot write to {str(folder)!r}: {reason}"
    return OutputError(f"{told}; make it writable, or leave that sink out")


def _cell(text: str) -> str:
    """Text as a cell of Markdown has it."""
    return " ".join(text.replace("|", "\\|").split())


@dataclass(frozen=True)
class _Kind:
    package: str
    extra: str
    make: Callable[[Path, Mapping[str, Any], int], Sink]


_KINDS = {
    "tensorboard": _Kind(
        "tensorboard", "train", lambda folder, _, step: TensorBoardSink(folder / "tensorboard", step)
    ),
    "wandb": _Kind("wandb", "track", lambda folder, config, _: WandbSink(folder, config)),
}
SINKS = tuple(_KINDS)
"""Names of the sinks there are."""


def check_sinks(names: Iterable[str]) -> None:
    """Check that every sink can be opened.

    Raises:
        UnknownNameError: There is none of this name.
        MissingExtraError: Its package is not installed.
    """
    for name in names:
        if name not in _KINDS:
            raise UnknownNameError("sink", name, SINKS)
        kind = _KINDS[name]
        if find_spec(kind.package) is None:
            raise MissingExtraError(kind.package, kind.extra, f"the sink '{name}'")


def open_sinks(
    names: Iterable[str], folder: Path, config: Mapping[str, Any], first_step: int = 0
) -> list[Sink]:
    """Open the sinks of a run that passed `check_sinks`.

    Args:
        names: Which.
        folder: The run's.
        config: The run's.
        first_step: First step to come; what a sink shows from there on is out of date.
    """
    return [_KINDS[name].make(folder, config, first_step) for name in names]
