"""A search for settings: Optuna proposes them, the task of `prompting.task` tells what they are worth.

Whatever is proposed is tried on the same briefs with the same seeds, so that luck does not decide.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tonewright.documents import document_text
from tonewright.errors import MissingExtraError, OutputError, UsageError, system_reason
from tonewright.files import prepare_folder, write_text
from tonewright.measuring.workers import do_all
from tonewright.prompting.briefs.library import FORMS, PRESETS, VERSION, library
from tonewright.prompting.generators.base import Generation, Setting
from tonewright.prompting.generators.registry import generator
from tonewright.prompting.task.messages import templated_reply
from tonewright.prompting.task.replies import Reply
from tonewright.prompting.task.task import PromptTask, TaskConfig
from tonewright.prompting.words.vocabulary import Split

if TYPE_CHECKING:
    import optuna

FOUND = "found.json"
"""What was found, in the folder of a search."""
_JOURNAL = "search.journal"
_BATCH = 4
"""Proposals that are tried side by side: the same is found with any number of processes."""
_MOST_STEPS = 100


@dataclass(frozen=True)
class SearchConfig:
    """What is searched, and how long.

    Attributes:
        category: Whose settings.
        brief: Or of one brief: an id or a text.
        generator: Whose settings.
        model: Its weights; its own if None.
        budget: How many proposals are tried.
        briefs: Briefs that each is tried on.
        sounds: Sounds of each brief.
        evaluation_cost: What a thousand evaluations of the generator's network cost of the reward.
        held_out: Briefs of words that are held out, on which the best is compared with what is recommended.
        seed: Of the search.

    Raises:
        UsageError: A number is out of its range, or neither or both of category and brief are named.
    """

    category: str | None = None
    brief: str | None = None
    generator: str = "sketch"
    model: str | None = None
    budget: int = 60
    briefs: int = 10
    sounds: int = 2
    evaluation_cost: float = 0.2
    held_out: int = 40
    seed: int = 0

    def __post_init__(self) -> None:
        if (self.category is None) == (self.brief is None):
            raise UsageError("settings are searched for a category or for a brief; give one of the two")
        for name in ("budget", "briefs", "sounds", "held_out"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} is 1 or more; got {getattr(self, name)}")

    @property
    def name(self) -> str:
        """What the preset is called."""
        return f"{self.category or 'brief'}-searched"


@dataclass(frozen=True)
class Trial:
    """Settings that were tried.

    Attributes:
        number: Which, from 0; the first is what is recommended.
        settings: By name.
        reward: Mean reward less the cost.
        by_brief: Reward of each brief.
        evaluations: Mean of a sound.
    """

    number: int
    settings: Mapping[str, Any]
    reward: float
    by_brief: tuple[float, ...]
    evaluations: float


@dataclass(frozen=True)
class Search:
    """What a search came to.

    Attributes:
        config: What was searched.
        trials: All that were tried.
        best: The best of them.
        held_out: Rewards of the recommended settings and of the best on held-out briefs; none for one brief.
    """

    config: SearchConfig
    trials: tuple[Trial, ...]
    best: Trial
    held_out: Mapping[str, tuple[float, ...]]

    @property
    def gain(self) -> float:
        """Mean gain on held-out briefs, of the briefs searched on where there are none."""
        if not self.held_out:
            return self.best.reward - self.trials[0].reward
        return float(np.mean(self.held_out["searched"]) - np.mean(self.held_out["recommended"]))

    def fields(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "config": asdict(self.config),
            "best": asdict(self.best),
            "recommended": asdict(self.trials[0]),
            "held_out": {name: [round(one, 4) for one in some] for name, some in self.held_out.items()},
            "gain": round(self.gain, 4),
            "trials": [asdict(one) for one in self.trials],
        }


def search(
    folder: Path,
    config: SearchConfig,
    *,
    workers: int = 1,
    progress: Callable[[Trial], None] = lambda trial: None,
) -> Search:
    """Search, or go on with a search, and write what was found.

    Args:
        folder: Gets the journal of the search, `parameter_presets.json` and `found.json`.
        config: What is searched.
        workers: Processes.
        progress: Called with each trial.

    Raises:
        MissingExtraError: Optuna is not installed.
        UsageError: The folder holds another search.
        OutputError: It cannot be written.
        UnknownNameError: There is no such category, brief or generator.
    """
    task_of(config, "train")  # what is wrong with it is told before anything is written
    folder = prepare_folder(folder, overwrite=(folder / _JOURNAL).exists())
    study = _study(folder, config)
    for before in _finished(study):
        progress(before)
    while (left := config.budget - len(_finished(study))) > 0:
        asked = [_ask(study, config) for _ in range(min(_BATCH, left))]
        done = dict(_all([one[1] for one in asked], partial(_try, config, "train"), workers))
        for row, (trial, settings) in enumerate(asked):
            rewards, evaluations = done[row]
            trial.set_user_attr("settings", settings)
            trial.set_user_attr("by_brief", rewards)
            trial.set_user_attr("evaluations", evaluations)
            study.tell(trial, float(np.mean(rewards)))
            progress(_finished(study)[-1])
    trials = _finished(study)[: config.budget]
    best = max(trials, key=lambda one: one.reward)
    found = Search(config, tuple(trials), best, _held_out(config, best, workers))
    write_text(folder / FOUND, json.dumps(found.fields(), indent=1) + "\n", overwrite=True)
    write_text(folder / PRESETS, presets_text(found), overwrite=True)
    return found


def presets_text(found: Search) -> str:
    """The best settings as a file of presets."""
    form, key = FORMS[PRESETS]
    config = found.config
    meaning = f"found by a search of {len(found.trials)} for {config.category or config.brief}"
    preset = {"name": config.name, "meaning": meaning, "settings": {config.generator: found.best.settings}}
    return document_text(form, VERSION, {key: [preset]})


@cache
def task_of(config: SearchConfig, split: Split) -> PromptTask:
    """The task that tells what settings are worth."""
    categories = () if config.category is None else (config.category,)
    task = TaskConfig(split, categories, None, config.sounds, config.evaluation_cost)
    made = generator(config.generator, config.model)
    briefs = None if config.brief is None else [library().brief(config.brief)]
    return PromptTask(made, task, briefs=briefs)


def recommended(config: SearchConfig) -> dict[str, Any]:
    """The settings that are recommended for what is searched."""
    task = task_of(config, "train")
    episode = task.episode(0)
    fields = templated_reply(episode.brief, task.generator, task.library, 0).fields()
    known = space(task.generator.settings)
    settings = {name: setting.default for name, setting in known.items() if setting.default is not None}
    return settings | {name: value for name, value in fields.items() if name in known}


def space(settings: Mapping[str, Setting]) -> dict[str, Setting]:
    """The settings of a generator that can be searched: names, and numbers with an end on both sides."""
    return {
        name: one
        for name, one in settings.items()
        if name in ("steps", "cfg_scale", "sampler", "sigma_min", "sigma_max")
        and (one.choices or (math.isfinite(one.low) and math.isfinite(one.high)))
    }


def heard(config: SearchConfig, trial: Trial) -> Generation:
    """The first sound of the first brief with the settings of a trial."""
    task = task_of(config, "train")
    episode = task.episode(0)
    reply = json.dumps({"prompt": episode.brief.baseline_prompt, **trial.settings})
    return task.score_group(episode, [reply])[0].sounds[0]


def _try(config: SearchConfig, split: Split, settings: Mapping[str, Any]) -> tuple[list[float], float]:
    task = task_of(config, split)
    count = config.briefs if split == "train" else config.held_out
    rewards, evaluations = [], []
    for seed in range(count):
        episode = task.episode(seed)
        reply = json.dumps(Reply(episode.brief.baseline_prompt).fields() | dict(settings))
        (score,) = task.score_group(episode, [reply])
        rewards.append(score.reward)
        evaluations.append(score.evaluations / max(1, len(score.sounds)))
    return rewards, float(np.mean(evaluations))


def _held_out(config: SearchConfig, best: Trial, workers: int) -> dict[str, tuple[float, ...]]:
    if config.brief is not None:
        return {}
    named = {"recommended": recommended(config), "searched": dict(best.settings)}
    done = dict(_all([*named.values()], partial(_try, config, "held-out"), workers))
    return {name: tuple(done[row][0]) for row, name in enumerate(named)}


def _all(
    work: Sequence[Mapping[str, Any]],
    do: Callable[[Mapping[str, Any]], tuple[list[float], float]],
    workers: int,
) -> list[tuple[int, tuple[list[float], float]]]:
    if workers == 1 or len(work) == 1:
        return [(row, do(one)) for row, one in enumerate(work)]
    return list(do_all(work, do, workers))


def _study(folder: Path, config: SearchConfig) -> optuna.Study:
    try:
        import optuna
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend
    except ImportError:
        raise MissingExtraError("optuna", "optimise", "a search for settings") from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    path = folder / _JOURNAL
    try:
        storage = JournalStorage(JournalFileBackend(str(path)))
        sampler = optuna.samplers.TPESampler(seed=config.seed, multivariate=True, constant_liar=True)
        study = optuna.create_study(
            storage=storage, sampler=sampler, study_name="settings", direction="maximize", load_if_exists=True
        )
    except OSError as error:
        raise OutputError(f"cannot search in {str(folder)!r}: {system_reason(error)}; name another") from None
    wanted = {name: value for name, value in asdict(config).items() if name not in ("budget", "held_out")}
    there = study.user_attrs.get("config", wanted)
    if there != wanted:
        name = next(name for name in wanted if there.get(name) != wanted[name])
        raise UsageError(
            f"{str(folder)!r} holds a search with {name} {there.get(name)!r}, and this one has "
            f"{wanted[name]!r}; name another folder"
        )
    study.set_user_attr("config", wanted)
    if not study.trials:
        study.enqueue_trial(recommended(config))
    return study


def _ask(study: optuna.Study, config: SearchConfig) -> tuple[optuna.Trial, dict[str, Any]]:
    trial = study.ask()
    found: dict[str, Any] = {}
    for name, setting in space(task_of(config, "train").generator.settings).items():
        if setting.choices:
            found[name] = trial.suggest_categorical(name, list(setting.choices))
        elif name == "steps":
            high = min(int(setting.high), _MOST_STEPS)
            found[name] = trial.suggest_int(name, max(1, int(setting.low)), high, log=True)
        elif name == "sigma_min":
            found[name] = trial.suggest_float(name, setting.low, min(setting.high, 0.5), log=True)
        elif name == "sigma_max":
            found[name] = trial.suggest_float(name, max(setting.low, 0.6), setting.high)
        else:
            found[name] = trial.suggest_float(name, setting.low, setting.high)
    return trial, found


def _finished(study: optuna.Study) -> list[Trial]:
    found: list[Trial] = []
    for one in study.get_trials(deepcopy=False):
        if one.state.name == "COMPLETE" and one.value is not None:
            kept = one.user_attrs
            by_brief, evaluations = tuple(kept["by_brief"]), float(kept["evaluations"])
            found.append(Trial(len(found), kept["settings"], one.value, by_brief, evaluations))
    return found
