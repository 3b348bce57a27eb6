"""`tonewright train`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import tyro

from tonewright.cli.options import Count, Flag, Names, OptionalFile, OutputFolder, Seed
from tonewright.cli.verbs import VerbGroup

if TYPE_CHECKING:
    from tonewright.learning.runs import Run

Config = TypeVar("Config")
_OptionalName = Annotated[str | None, tyro.conf.arg(metavar="NAME", help_behavior_hint="")]

TRAIN = VerbGroup("Train what matches: an agent, or an estimator of presets.")


@dataclass(frozen=True)
class _Training:
    """What every training takes."""

    output: OutputFolder
    """Folder of the run: log, checkpoints, and in the end the network as ONNX + JSON."""
    config: OptionalFile = None
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
    """Go on with the run in that folder, as it was configured; with --updates, to so many in all."""
    json: Flag = False
    """Print what was written as JSON."""


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
            follows_total,
            make_estimator,
            run_config,
            train_estimator,
        )
        from tonewright.matching.networks.export import export_estimator

        given = {"synth": self.synth, "updates": self.updates}
        run, config = _open(self, EstimatorConfig, given, run_config, make_estimator, follows_total)
        with stoppable(run), training_progress(config.updates, run.first_step) as progress:
            network = train_estimator(run, config, progress=progress)
            export_estimator(run.folder / "estimator.onnx", network, run_config(config))
        _tell(self, run, "estimator", config.updates)


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
        from tonewright.cli.output import skipped_sounds_told
        from tonewright.cli.progress import training_progress
        from tonewright.learning.launch import stoppable
        from tonewright.learning.pools import check_workers
        from tonewright.matching.networks.export import export_agent
        from tonewright.matching.training import (
            MatchConfig,
            first_policy,
            follows_total,
            make_env,
            run_config,
            train_match,
        )

        episodes = {"synth": self.synth, "stage": self.stage, "targets": self.targets}
        given = {"episodes": episodes, "workers": self.workers, "updates": self.updates}

        def try_out(config: MatchConfig) -> None:
            first_policy(config)
            make_env(config, config.num_envs)  # memory runs out before there is a folder
            check_workers(config.workers)

        with skipped_sounds_told():
            run, config = _open(self, MatchConfig, given, run_config, try_out, follows_total)
            with stoppable(run), training_progress(config.updates, run.first_step) as progress:
                policy = train_match(run, config, progress=progress)
                export_agent(run.folder / "agent.onnx", policy, run_config(config))
        _tell(self, run, "agent", config.updates)


def _need_torch() -> None:
    """Say which extra is missing before anything is read or written."""
    import tonewright.learning.torch_import  # noqa: F401


def _open(
    verb: _Training,
    kind: type[Config],
    given: Mapping[str, Any],
    run_config: Callable[[Config], Mapping[str, Any]],
    try_out: Callable[[Config], object],
    follows_total: Callable[[Config], Sequence[str]],
) -> tuple[Run, Config]:
    """The run, new or resumed, and its configuration."""
    from tonewright.errors import UsageError
    from tonewright.learning.launch import given as options_given
    from tonewright.learning.launch import open_run, resume_run
    from tonewright.learning.runs import read_run

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
    others = {name: value for name, value in given.items() if name != "updates"}
    given_by_default = (verb.seed, verb.sinks) == (_Training.seed, _Training.sinks)
    if verb.config or not given_by_default or options_given(others):
        fresh = "to change others, begin a new run"
        if hasattr(kind, "start_from"):
            fresh += f' whose --config says {{"start_from": "{verb.output}"}}'
        raise UsageError(
            f"a run goes on as it was configured; --resume takes only -o, --updates and --json; {fresh}"
        )
    before = read_run(verb.output)["config"].get("updates") if verb.updates else None
    run, config = resume_run(verb.output, kind, run_config, updates=verb.updates)
    _say_how_it_goes_on(run, config, before, follows_total(config))
    return run, config


def _say_how_it_goes_on(run: Run, config: Any, before: int | None, following: Sequence[str]) -> None:
    """On stderr, where a run stands, and in what it will differ from one that is trained at one go.

    Args:
        run: The run.
        config: Its configuration.
        before: Updates in all that it was to make before this time, if that is changed now.
        following: What depends on the updates in all.
    """
    from tonewright.wording import listing

    named, done, total = f"the run in {str(run.folder)!r}", run.first_step, config.updates
    if run.checkpoint is None:
        told = [f"{named} has no checkpoint yet; it begins again"]
    elif done >= total:
        told = [f"{named} had ended already; to train on, give --updates with more than its {done:,}"]
    else:
        told = [f"{named} goes on after {done:,} of {total:,} updates"]
        if before not in (None, total) and following:
            verb = "depends" if len(following) == 1 else "depend"
            told.append(
                f"{listing(list(following))} {verb} on how many updates come in all, {before:,} up to now;"
                f" {total:,} from the beginning would give another result"
            )
        if hasattr(config, "loop") and done % config.loop.checkpoint_every:
            told.append("its episodes begin anew here, as they would not in a run that was never stopped")
    for line in told:
        print(f"tonewright: {line}", file=sys.stderr)


def _tell(verb: _Training, run: Run, network: str, updates: int) -> None:
    """Say what a training has written."""
    from tonewright.cli.output import print_written
    from tonewright.learning.runs import read_metrics

    files = [run.folder / f"{network}.{ending}" for ending in ("onnx", "json")]
    if verb.json:
        facts = {"run": str(run.folder), "recipe": run.config["recipe"], "seed": run.seed, "updates": updates}
        print_written(files, facts | {"metrics": read_metrics(run.folder)[-1]})
    else:
        print(f"wrote {files[0].name} and {files[1].name} to {verb.output}")
