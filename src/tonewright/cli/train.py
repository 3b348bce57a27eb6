"""`tonewright train`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from tonewright.cli.options import (
    Count,
    Flag,
    Names,
    OptionalFile,
    OptionalName,
    OptionalNames,
    OutputFolder,
    Seed,
)
from tonewright.cli.verbs import VerbGroup

if TYPE_CHECKING:
    from tonewright.learning.runs import Run

Config = TypeVar("Config")

TRAIN = VerbGroup("Train an agent, an estimator of presets, a sketch, or a writer of prompts.")


@dataclass(frozen=True)
class _Training:
    """What every training takes."""

    output: OutputFolder
    """Folder of the run: log, checkpoints, and in the end the network as ONNX + JSON."""
    config: OptionalFile = None
    """JSON file with fields of the configuration, as a run's config.json shows them."""
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


@dataclass(frozen=True)
class _SynthTraining(_Training):
    """What every training for a synth takes."""

    synth: OptionalName = None
    """Synth to train for; serum-lite unless the configuration says otherwise."""


@TRAIN.word("estimator")
@dataclass(frozen=True)
class TrainEstimator(_SynthTraining):
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
        with (
            stoppable(run, "tonewright train estimator"),
            training_progress(config.updates, run.first_step) as progress,
        ):
            network = train_estimator(run, config, progress=progress)
            export_estimator(run.folder / "estimator.onnx", network, run_config(config))
        _tell(self, run, _network("estimator"), config.updates)


@TRAIN.word("sketch")
@dataclass(frozen=True)
class TrainSketch(_Training):
    """Train a small text-to-audio model, on sounds that it composes itself."""

    songbook: OptionalFile = None
    """File of composed pieces, of another run; composed anew unless given."""
    pieces: Count = None
    """How many of each category to compose."""

    def run(self) -> None:
        """Compose, train, or go on, and export."""
        _need_torch()
        from tonewright.cli.progress import training_progress, work_progress
        from tonewright.learning.launch import stoppable
        from tonewright.prompting.generators.sketch.piece import CATEGORIES
        from tonewright.prompting.generators.sketch.text import Reader
        from tonewright.prompting.generators.sketch.training import (
            SketchConfig,
            export_sketch,
            follows_total,
            make_flow,
            open_songbook,
            run_config,
            train_sketch,
        )
        from tonewright.threads import available_threads

        songbook = None if self.songbook is None else str(self.songbook)
        given = {"songbook": songbook, "updates": self.updates, "pieces": self.pieces}

        def try_out(config: SketchConfig) -> None:
            make_flow(config, Reader(()))

        run, config = _open(self, SketchConfig, given, run_config, try_out, follows_total)
        with stoppable(run, "tonewright train sketch"):
            with work_progress("composing", float(config.pieces * len(CATEGORIES))) as done:
                open_songbook(run, config, workers=available_threads(), progress=lambda n: done(float(n)))
            with training_progress(config.updates, run.first_step) as progress:
                flow, words = train_sketch(run, config, progress=progress)
            export_sketch(run.folder / "sketch.onnx", flow, words, config)
        _tell(self, run, _network("sketch"), config.updates)


@TRAIN.word("prompt")
@dataclass(frozen=True)
class TrainPrompt(_Training):
    """Train a language model that writes prompts and settings, by GRPO on its sounds."""

    model: OptionalName = None
    """Language model to begin with: a folder, a name on the Hugging Face hub, or
    tiny (the default), which is made first and knows nothing else."""
    generator: OptionalName = None
    """What renders: sketch (the default), diffusers, stable-audio or remote."""
    generator_model: OptionalName = None
    """Its weights; its own unless given."""
    categories: OptionalNames = None
    """Of the briefs; all unless given."""
    replies: Count = None
    """Replies to each brief that are compared."""

    def run(self) -> None:
        """Make a model if none is named, train, or go on, and keep it."""
        _need_torch()
        from tonewright.cli.progress import training_progress, work_progress
        from tonewright.learning.launch import stoppable
        from tonewright.prompting.writers.language_model import quiet
        from tonewright.prompting.writers.tiny import TinyConfig
        from tonewright.prompting.writers.training import (
            MODEL,
            TINY,
            WriterConfig,
            begin_with,
            follows_total,
            run_config,
            task_of,
            train_writer,
        )

        quiet()
        given = {
            "model": self.model,
            "generator": self.generator,
            "generator_model": self.generator_model,
            "categories": self.categories,
            "replies": self.replies,
            "updates": self.updates,
        }
        run, config = _open(self, WriterConfig, given, run_config, task_of, follows_total)
        with stoppable(run, "tonewright train prompt"):
            if config.model == TINY:
                with work_progress("imitating", float(TinyConfig().updates)) as done:
                    begin_with(run, config, lambda update, loss: done(1.0))
            with training_progress(config.updates, run.first_step) as progress:
                train_writer(run, config, progress=progress)
        _tell(self, run, [MODEL], config.updates)


@TRAIN.word("match")
@dataclass(frozen=True)
class TrainMatch(_SynthTraining):
    """Train an agent that turns controls until a sound matches."""

    stage: OptionalName = None
    """Stage of the curriculum to stay in; promoted from the first on unless named."""
    targets: OptionalName = None
    """random, factory, or a folder of sounds."""
    workers: OptionalName = None
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
            with (
                stoppable(run, "tonewright train match"),
                training_progress(config.updates, run.first_step) as progress,
            ):
                policy = train_match(run, config, progress=progress)
                export_agent(run.folder / "agent.onnx", policy, run_config(config))
        _tell(self, run, _network("agent"), config.updates)


@TRAIN.word("improvise")
@dataclass(frozen=True)
class TrainImprovise(_Training):
    """Train an agent that follows a musician by turning the controls of a synth."""

    synth: OptionalName = None
    """Synth to train for; that of the table unless given, sine without a table."""
    table: OptionalFile = None
    """What the synth can do, from `tonewright lookup build`; a small one is measured without it."""
    corpus: OptionalFile = None
    """What the musician plays, from `tonewright corpus analyse`; random sounds of the synth without it."""
    algorithm: OptionalName = None
    """ppo (our own, the default), sb3-ppo, a2c, dqn, qrdqn, sac, td3 or tqc."""
    features_keep: OptionalNames = None
    """What the agent hears of both sides: descriptors or whole categories."""
    features_reward: OptionalNames = None
    """What counts: descriptors or whole categories."""
    reward_type: OptionalName = None
    """closeness, linear or cubic."""
    training_mode: OptionalName = None
    """What is followed: static, dynamic, corpus or mixed."""
    action_view: OptionalName = None
    """continuous, each (down, hold, up of every control) or joint; as the algorithm needs it unless given."""
    hearing: OptionalName = None
    """How the agent hears itself: both (the default), table, or render."""
    workers: OptionalName = None
    """local, local:N, or ray:N; of our own ppo alone."""

    def run(self) -> None:
        """Train, or go on, and export."""
        _need_torch()
        from tonewright.cli.progress import training_progress
        from tonewright.improvising.networks.export import export_agent
        from tonewright.improvising.training import (
            TrainImproviseConfig,
            follows_total,
            held_out_env,
            make_env,
            run_config,
            suited_view,
            train_improvise,
        )
        from tonewright.learning.launch import stoppable
        from tonewright.learning.pools import check_workers

        view = self.action_view
        if view is None and self.algorithm is not None:
            view = suited_view(self.algorithm)
        episodes = {
            "synth": self._synth(),
            "table": None if self.table is None else str(self.table),
            "corpus": None if self.corpus is None else str(self.corpus),
            "features_keep": self.features_keep,
            "features_reward": self.features_reward,
            "reward_type": self.reward_type,
            "training_mode": self.training_mode,
            "action_view": view,
            "hearing": self.hearing,
        }
        given = {
            "episodes": episodes,
            "algorithm": self.algorithm,
            "workers": self.workers,
            "updates": self.updates,
        }

        def try_out(config: TrainImproviseConfig) -> None:
            make_env(config, 1)  # what does not fit shows before there is a folder
            held_out_env(config.episodes)
            check_workers(config.workers)

        run, config = _open(self, TrainImproviseConfig, given, run_config, try_out, follows_total)
        with (
            stoppable(run, "tonewright train improvise"),
            training_progress(config.updates, run.first_step) as progress,
        ):
            trained, setting = train_improvise(run, config, progress=progress)
            export_agent(run.folder / "agent.onnx", trained, setting, run_config(config))
        _tell(self, run, _network("agent"), config.updates)

    def _synth(self) -> str | None:
        """The synth of the table, unless named."""
        if self.synth is not None or self.table is None or self.resume:
            return self.synth
        from tonewright.improvising.lookup.files import read_table
        from tonewright.improvising.lookup.table import table_synth

        return table_synth(read_table(self.table)).name


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


def _network(name: str) -> list[str]:
    """Files of a network."""
    return [f"{name}.onnx", f"{name}.json"]


def _tell(verb: _Training, run: Run, names: Sequence[str], updates: int) -> None:
    """Say what a training has written into its folder."""
    from tonewright.cli.output import print_written
    from tonewright.learning.runs import read_metrics
    from tonewright.wording import listing

    if verb.json:
        facts = {"run": str(run.folder), "recipe": run.config["recipe"], "seed": run.seed, "updates": updates}
        print_written(
            [run.folder / name for name in names], facts | {"metrics": read_metrics(run.folder)[-1]}
        )
    else:
        print(f"wrote {listing([*names])} to {verb.output}")
