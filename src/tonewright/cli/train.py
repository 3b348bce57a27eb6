"""`tonewright train`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import tyro

from tonewright.cli.options import Count, Flag, Names, OutputFolder, Seed
from tonewright.cli.verbs import VerbGroup

if TYPE_CHECKING:
    from tonewright.learning.runs import Run

Config = TypeVar("Config")
_File = Annotated[Path | None, tyro.conf.arg(metavar="FILE", help_behavior_hint="")]
_OptionalName = Annotated[str | None, tyro.conf.arg(metavar="NAME", help_behavior_hint="")]

TRAIN = VerbGroup("Train what matches: an agent, or an estimator of presets.")


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
        from tonewright.learning.launch import stoppable
        from tonewright.matching.estimator.training import (
            EstimatorConfig,
            make_estimator,
            run_config,
            train_estimator,
        )
        from tonewright.matching.networks.export import export_estimator

        given = {"synth": self.synth, "updates": self.updates}
        run, config = _open(self, EstimatorConfig, given, run_config, make_estimator)
        with stoppable(run), training_progress(config.updates, run.first_step) as progress:
            network = train_estimator(run, config, progress=progress)
            export_estimator(run.folder / "estimator.onnx", network, run_config(config))
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
        from tonewright.learning.launch import stoppable
        from tonewright.learning.pools import check_workers
        from tonewright.matching.networks.export import export_agent
        from tonewright.matching.training import MatchConfig, first_policy, make_env, run_config, train_match

        episodes = {"synth": self.synth, "stage": self.stage, "targets": self.targets}
        given = {"episodes": episodes, "workers": self.workers, "updates": self.updates}

        def try_out(config: MatchConfig) -> None:
            first_policy(config)
            make_env(config, config.num_envs)  # memory runs out before there is a folder
            check_workers(config.workers)

        run, config = _open(self, MatchConfig, given, run_config, try_out)
        with stoppable(run), training_progress(config.updates, run.first_step) as progress:
            policy = train_match(run, config, progress=progress)
            export_agent(run.folder / "agent.onnx", policy, run_config(config))
        print(f"wrote agent.onnx and agent.json to {self.output}")


def _need_torch() -> None:
    """Say which extra is missing before anything is read or written."""
    import tonewright.learning.torch_import  # noqa: F401


def _open(
    verb: _Training,
    kind: type[Config],
    given: Mapping[str, Any],
    run_config: Callable[[Config], Mapping[str, Any]],
    try_out: Callable[[Config], object],
) -> tuple[Run, Config]:
    """The run, new or resumed, and its configuration."""
    from tonewright.errors import UsageError
    from tonewright.learning.launch import given as options_given
    from tonewright.learning.launch import open_run, resume_run

    if not verb.resume:
        return open_run(
            verb.output,
            kind,
            run_config,
            config_file=verb.config,
            options=given,
            seed=verb.seed,
            sinks=verb.sinks,
            try_out=try_out,
        )
    given_by_default = (verb.seed, verb.sinks) == (_Training.seed, _Training.sinks)
    if verb.config or not given_by_default or options_given(given):
        raise UsageError("a run goes on as it was configured; give --resume no other option than -o")
    run, config = resume_run(verb.output, kind, run_config)
    if run.checkpoint is None:
        print(f"the run in {verb.output} has no checkpoint yet; it begins again")
    if run.first_step >= config.updates:  # type: ignore[attr-defined]
        print(f"the run in {verb.output} had ended already")
    return run, config
