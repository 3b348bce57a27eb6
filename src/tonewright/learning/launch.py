"""Starting a training from what a user gave: a new run that was tried out before, or one that goes on."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from tonewright.errors import UsageError
from tonewright.learning.configuration import config_from, read_config
from tonewright.learning.runs import Run, holds_run, read_run, steps_done, too_few
from tonewright.wording import quantity

Config = TypeVar("Config")


def open_run(
    folder: Path,
    kind: type[Config],
    run_config: Callable[[Config], Mapping[str, Any]],
    *,
    config_file: Path | None = None,
    options: Mapping[str, Any] | None = None,
    seed: int = 0,
    sinks: Sequence[str] = ("tensorboard",),
    try_out: Callable[[Config], object] = lambda config: None,
) -> tuple[Run, Config]:
    """Begin a run.

    Args:
        folder: Empty or not there yet; those that are missing above it are made, too.
        kind: Dataclass of the configuration.
        run_config: The configuration as the run keeps it, with the name of its "recipe".
        config_file: JSON file with fields of the configuration, or the `config.json` of a run of this recipe.
        options: Fields that go before those of the file, nested as there; None stands for one not given.
        seed: Seed of everything random.
        sinks: Where numbers go besides the log.
        try_out: Raises if a training with this configuration cannot start; called before a folder is made.

    Returns:
        The run and its configuration.

    Raises:
        UsageError: The folder holds a run already, or the configuration makes no sense.
        OutputError: The folder cannot be written.
    """
    config = read_config(kind, config_file, run_config(kind())["recipe"]) if config_file else kind()
    config = config_from(kind, given(options or {}), default=config)
    try_out(config)
    if holds_run(folder):
        raise UsageError(f"{str(folder)!r} holds a run; choose another folder, or go on with --resume")
    return Run.create(folder, run_config(config), seed, sinks=sinks), config


def given(options: Mapping[str, Any]) -> dict[str, Any]:
    """Those of some options, nested or not, that are not None."""
    kept = {name: given(value) if isinstance(value, Mapping) else value for name, value in options.items()}
    return {name: value for name, value in kept.items() if value is not None and value != {}}


def resume_run(
    folder: Path,
    kind: type[Config],
    run_config: Callable[[Config], Mapping[str, Any]],
    *,
    updates: int | None = None,
) -> tuple[Run, Config]:
    """Go on with a run, as it was configured.

    Args:
        folder: The run's.
        kind: Dataclass of the configuration.
        run_config: As of `open_run`.
        updates: Updates in all, in place of the `updates` of its configuration, which they replace.

    Raises:
        CheckpointError: There is no run, or it is damaged.
        UsageError: The run is of another recipe, has done more updates, or another process is at it.
    """
    values = dict(read_run(folder)["config"])
    recipe, expected = values.pop("recipe", None), run_config(kind())["recipe"]
    if recipe != expected:
        raise UsageError(f"{str(folder)!r} is a run of recipe {recipe!r}; resume it with that verb")
    config = config_from(kind, values)  # first: resuming cuts the log
    if updates is None or updates == values.get("updates"):
        return Run.resume(folder), config
    done = steps_done(folder)
    if updates < done:
        raise too_few(folder, done, updates)
    config = config_from(kind, {"updates": updates}, default=config)
    return Run.resume(folder, run_config(config)), config


@contextmanager
def stoppable(run: Run, verb: str) -> Iterator[None]:
    """The run of a verb (`tonewright train match`), closed in the end; Ctrl-C tells what of it is kept."""
    with run:
        try:
            yield
        except KeyboardInterrupt:
            again = f"{verb} -o {shlex.quote(str(run.folder))} --resume"
            told = f"nothing is kept yet; begin again with: {again}"
            if run.checkpoint is not None:
                updates = quantity(int(run.checkpoint.name) + 1, "update", 12)
                told = f"what was learned in {updates} is kept; go on with: {again}"
            raise KeyboardInterrupt(f": {told}") from None
