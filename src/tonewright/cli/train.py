"""`tonewright train`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import tyro

from tonewright.cli.options import Count, Flag, Names, OutputFolder, Seed
from tonewright.cli.words import Words

if TYPE_CHECKING:
    from tonewright.learning.runs import Run

Config = TypeVar("Config")
_File = Annotated[Path | None, tyro.conf.arg(metavar="FILE", help_behavior_hint="")]
_OptionalName = Annotated[str | None, tyro.conf.arg(metavar="NAME", help_behavior_hint="")]

TRAIN = Words("Train what matches: an agent, or an estimator of presets.")


@dataclass(frozen=True)
class _Training:
    """What every training takes."""

    output: OutputFolder
    """Folder of the run: log, checkpoints, and in the end the network as ONNX + JSON."""
    config: _File = None
    """JSON file with fields of the configuration, as a run's config.json shows them."""
    synth: _OptionalName = None
    """Synth to train for; serum-lite unless the configuration says otherwise."""
    updates: Count = None
    """How long to train; as the configuration says unless given."""
    seed: Seed = 0
    """Seed of weights, examples and exploration."""
    sinks: Names = ("tensorboard",)
    """Where numbers go besides metrics.jsonl: tensorboard, wandb."""
    resume: Flag = False
    """Go on with the run in that folder, as it was configured."""


@TRAIN.word("estimator")
@dataclass(frozen=True)
class TrainEstimator(_Training):
    """Train a network that hears a sound and proposes presets."""

    def run(self) -> None:
        """Train, or go on, and export."""
        _need_torch()
        from tonewright.cli.progress import training_progress
        from tonewright.matching.estimator.training import (
            EstimatorConfig,
            make_estimator,
            run_config,
            train_estimator,
        )
        from tonewright.matching.networks.export import export_estimator

        given = {"synth": self.synth, "updates": self.updates}
        run, config = _open(self, EstimatorConfig, given, run_config, make_estimator)
        with _stoppable(run), training_progress(config.updates, run.first_step) as progress:
            network = train_estimator(run, config, progress=progress)
            export_estimator(run.folder / "estimator.onnx", network, config)
        print(f"wrote estimator.onnx and estimator.json to {self.output}")


@TRAIN.word("match")
@dataclass(frozen=True)
class TrainMatch(_Training):
    """Train an agent that turns controls until a sound matches."""

    stage: _OptionalName = None
    """Stage of the curriculum to stay in; promoted from the first on unless named."""
    targets: _OptionalName = None
    """random, factory, or a folder of sounds."""
    workers: _OptionalName = None
    """local, local:N, or ray:N."""

    def run(self) -> None:
        """Train, or go on, and export."""
        _need_torch()
        from tonewright.cli.progress import training_progress
        from tonewright.learning.pools import check_workers
        from tonewright.matching.networks.export import export_agent
        from tonewright.matching.training import MatchConfig, first_policy, run_config, train_match

        names = ("synth", "stage", "targets", "workers", "updates")
        given = {name: getattr(self, name) for name in names}

        def try_out(config: MatchConfig) -> None:
            first_policy(config)
            check_workers(config.workers)

        run, config = _open(self, MatchConfig, given, run_config, try_out)
        with _stoppable(run), training_progress(config.updates, run.first_step) as progress:
            policy = train_match(run, config, progress=progress)
            export_agent(run.folder / "agent.onnx", policy, config)
        print(f"wrote agent.onnx and agent.json to {self.output}")


def _need_torch() -> None:
    """Say which extra is missing before anything is read or written."""
    import tonewright.learning._torch  # noqa: F401


def _open(
    verb: _Training,
    kind: type[Config],
    given: Mapping[str, Any],
    run_config: Callable[[Config], Mapping[str, Any]],
    try_out: Callable[[Config], object],
) -> tuple[Any, Config]:
    """The run, new or resumed, and its configuration, which is tried out before a folder is made."""
    from tonewright.errors import UsageError
    from tonewright.learning.configuration import config_from, read_config
    from tonewright.learning.runs import Run, read_run

    options = {name: value for name, value in given.items() if value is not None}
    if not verb.resume:
        config = read_config(kind, verb.config) if verb.config else kind()
        config = replace(config, **options)  # type: ignore[type-var]
        try_out(config)
        if (verb.output / "config.json").exists():
            raise UsageError(
                f"{str(verb.output)!r} holds a run; choose another folder, or go on with --resume"
            )
        with suppress(OSError):  # `runs` in runs/agent; what else is missing is told by the next line
            verb.output.parent.mkdir(exist_ok=True)
        return Run.create(verb.output, run_config(config), verb.seed, sinks=verb.sinks), config
    given_by_default = (verb.seed, verb.sinks) == (_Training.seed, _Training.sinks)
    if options or verb.config or not given_by_default:
        raise UsageError("a run goes on as it was configured; give --resume no other option than -o")
    values = dict(read_run(verb.output)["config"])
    recipe, expected = values.pop("recipe", None), run_config(kind())["recipe"]
    if recipe != expected:
        raise UsageError(f"{str(verb.output)!r} is a run of recipe {recipe!r}; resume it with that verb")
    config = config_from(kind, values)
    run = Run.resume(verb.output)
    if run.first_step >= config.updates:  # type: ignore[attr-defined]
        print(f"the run in {verb.output} had ended already")
    return run, config


@contextmanager
def _stoppable(run: Run) -> Iterator[None]:
    """The run, closed in the end; Ctrl-C tells what of it is kept."""
    with run:
        try:
            yield
        except KeyboardInterrupt:
            kept = "nothing is kept yet"
            if run.checkpoint is not None:
                kept = f"what was learned in {int(run.checkpoint.name) + 1} updates is kept"
            raise KeyboardInterrupt(f": {kept}; go on with --resume") from None
