"""Let a tiny language model learn by its sounds, and compare it with what is simple.

Usage: python benchmarks/prompting/writers.py [--seeds 0 1 2] [--updates 200] [--briefs 100]; writes
benchmarks/results/prompting-writers.json and prompting-writers.svg. For each seed a tiny model is made,
warm-started, and trained by GRPO as `tonewright train prompt` does; the runs stay in --folder, and go on
where they were broken off.
Then, on briefs with words that are held out (and, apart, on new briefs with words that are trained on),
these write: the baseline prompts of the briefs, with what the sketch recommends; the same with the fixed
settings of each category that a search of --budget trials found on briefs to train on; the model as it was
warm-started; and the trained one. All sounds have the same seeds, and the reward charges for evaluations.
What the reward says is held against the recogniser (recogniser.py), which is none of it: the share of the
categories, tempos and keys that it hears as asked. It tells over the training, too, whether the reward is
fooled: reward and recognised share after each evaluation.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from honoured import categories_known, near, relative
from numpy.typing import NDArray
from recogniser import Categories, features, key_of, note_of, tempo_bpm

from tonewright.learning.runs import Run, holds_run, read_metrics
from tonewright.measuring.workers import do_all
from tonewright.prompting.briefs.brief import Brief
from tonewright.prompting.briefs.keys import parse_key
from tonewright.prompting.briefs.library import library
from tonewright.prompting.generators.registry import generator
from tonewright.prompting.generators.sketch.piece import CATEGORIES
from tonewright.prompting.optimising.search import SearchConfig, search
from tonewright.prompting.task.replies import Reply, written_settings
from tonewright.prompting.task.rollouts import read_groups
from tonewright.prompting.task.task import PromptTask, TaskConfig
from tonewright.prompting.words.vocabulary import Split
from tonewright.prompting.writers.keeping import evaluations
from tonewright.prompting.writers.language_model import load_language_model, write_replies
from tonewright.prompting.writers.training import MODEL, TINY, WriterConfig, run_config, train_writer

RESULTS = Path(__file__).parent.parent / "results"
RESULT, CURVES = RESULTS / "prompting-writers.json", RESULTS / "prompting-writers.svg"
BASELINE, SEARCHED, WARM, TRAINED = "baseline prompts", "searched settings", "warm-started", "trained"
FIRST_BRIEF = 10_000
"""Seeds of the briefs that are compared on: none of these is trained on or looked at in training."""
SPLITS: dict[str, Split] = {"words_held_out": "held-out", "words_trained_on": "train"}
BATCH = 10


def task_for(split: Split, sounds: int = 1) -> PromptTask:
    return PromptTask(generator("sketch"), TaskConfig(split, sounds=sounds))


def recommended(brief: Brief) -> str:
    """The baseline prompt, with what is recommended for it."""
    known = written_settings(generator("sketch"))
    settings = library().presets[brief.settings].settings["sketch"]
    return reply_of(brief, {name: value for name, value in settings.items() if name in known})


def reply_of(brief: Brief, settings: dict[str, Any]) -> str:
    return json.dumps(Reply(brief.baseline_prompt, **settings).fields())


def searched_settings(folder: Path, budget: int, workers: int) -> dict[str, dict[str, Any]]:
    """The best fixed settings of each category, of a search on briefs to train on."""
    found = {}
    for category in CATEGORIES:
        config = SearchConfig(category=category, budget=budget, sounds=1, held_out=1)
        found[category] = dict(search(folder / category, config, workers=workers).best.settings)
    return found


def recognised(sound: NDArray[np.float32], brief: Brief) -> dict[str, Any]:
    """What the recogniser hears of one sound, before its category is told."""
    found: dict[str, Any] = {"features": features(sound)}
    if brief.target.bpm and brief.category in ("drums", "phrases"):
        found["tempo"] = near(brief.target.bpm, tempo_bpm(sound), (0.5, 1, 2))
    if brief.target.key and brief.category != "drums":
        key = parse_key(brief.target.key)
        asked = (key.tonic, key.minor)
        if brief.category == "instruments":
            found["key"] = key.tonic == note_of(sound)
        else:
            found["key"] = key_of(sound) in (asked, relative(*asked))
    return found


def scored(work: tuple[Split, int, Sequence[str]]) -> list[tuple[float, float, dict[str, Any]]]:
    """Reward, evaluations and what is recognised of replies to one brief."""
    split, seed, replies = work
    task = task_for(split)
    episode = task.episode(seed)
    return [
        (
            one.reward,
            one.evaluations,
            recognised(one.sounds[0].samples, episode.brief)
            if one.sounds and not one.sounds[0].fault
            else {},
        )
        for one in task.score_group(episode, replies)
    ]


def share(heard: dict[str, Any], category: str, categories: Categories) -> float:
    """Of category, tempo and key what is heard as asked; nothing of what could not be rendered."""
    if not heard:
        return 0.0
    right = [categories(heard["features"]) == category]
    return float(np.mean([*right, *(heard[name] for name in ("tempo", "key") if name in heard)]))


def compared(
    writers: dict[str, Callable[[Split], list[str]]],
    split: Split,
    briefs: int,
    categories: Categories,
    workers: int,
) -> dict[str, Any]:
    """What each writer gets on the briefs of a split."""
    seeds = range(FIRST_BRIEF, FIRST_BRIEF + briefs)
    replies = list(zip(*(write(split) for write in writers.values()), strict=True))
    made = dict(
        do_all([(split, seed, row) for seed, row in zip(seeds, replies, strict=True)], scored, workers)
    )
    asked = [task_for(split).episode(seed).brief.category for seed in seeds]
    result: dict[str, Any] = {}
    for column, name in enumerate(writers):
        rewards = np.array([made[row][column][0] for row in range(briefs)])
        shares = np.array([share(made[row][column][2], asked[row], categories) for row in range(briefs)])
        result[name] = {
            "reward": float(rewards.mean()),
            "recognised": float(shares.mean()),
            "evaluations": float(np.mean([made[row][column][1] for row in range(briefs)])),
            "by_category": {
                category: {
                    "reward": float(rewards[[one == category for one in asked]].mean()),
                    "recognised": float(shares[[one == category for one in asked]].mean()),
                }
                for category in CATEGORIES
            },
        }
    return result


def written_by(model: Path, briefs: int, config: WriterConfig) -> Callable[[Split], list[str]]:
    """Replies of a language model, the likeliest token each time."""

    @cache
    def write(split: Split) -> list[str]:
        task = task_for(split)
        chats = [task.episode(seed).messages for seed in range(FIRST_BRIEF, FIRST_BRIEF + briefs)]
        return write_replies(*load_language_model(model), chats, longest=config.longest_reply)

    return write


def trained(folder: Path, seed: int, config: WriterConfig) -> Path:
    """The run of a seed, trained if it is not."""
    run_folder = folder / f"seed-{seed}"
    if not (run_folder / MODEL).is_dir():
        if holds_run(run_folder):
            run = Run.resume(run_folder)
        else:
            run = Run.create(run_folder, run_config(config), seed, sinks=())
        with run:
            train_writer(run, config, progress=lambda update, told: print(seed, update + 1, told, flush=True))
    return run_folder


def over_training(run: Path, categories: Categories, workers: int) -> list[dict[str, float]]:
    """Reward and recognised share of what each evaluation of a run wrote for held-out briefs."""
    found = []
    for update, path in evaluations(run):
        groups = list(read_groups(path))
        replies = [json.dumps(group["overrides"][0].get("reply", {})) for group in groups]
        work: list[tuple[Split, int, Sequence[str]]] = [
            ("held-out", group["group_overrides"]["seed"], [reply])
            for group, reply in zip(groups, replies, strict=True)
        ]
        made = dict(do_all(work, scored, workers))
        asked = [group["group_overrides"]["brief"]["category"] for group in groups]
        shares = [share(made[row][0][2], category, categories) for row, category in enumerate(asked)]
        rewards = [made[row][0][0] for row in range(len(groups))]
        found.append(
            {"updates": update, "reward": float(np.mean(rewards)), "recognised": float(np.mean(shares))}
        )
    return found


def plot(result: dict[str, Any]) -> None:
    """Reward and recognised share of held-out briefs over the training, a line for each seed."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams |= {"font.size": 9, "svg.hashsalt": "tonewright", "svg.fonttype": "none"}
    mpl.rcParams |= {"axes.spines.top": False, "axes.spines.right": False}
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(8, 3), sharex=True, constrained_layout=True)
    for axis, name, title in zip(
        axes, ("reward", "recognised"), ("reward", "recognised as asked"), strict=True
    ):
        for seed, points in result["over_training"].items():
            axis.plot([one["updates"] for one in points], [one[name] for one in points], label=f"seed {seed}")
        axis.set(xlabel="updates", title=f"{title}, on held-out briefs", ylim=(0, 1))
        axis.grid(alpha=0.3)
    axes[0].legend(frameon=False, loc="lower right")
    figure.savefig(CURVES, metadata={"Date": None})


def main() -> None:
    """Train, compare, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], help="of the trainings (0 1 2)")
    parser.add_argument("--updates", type=int, default=200, help="of each training (200)")
    parser.add_argument("--briefs", type=int, default=100, help="of each split to compare on (100)")
    parser.add_argument("--budget", type=int, default=40, help="trials of the search of a category (40)")
    parser.add_argument("--workers", type=int, default=2, help="processes (2)")
    parser.add_argument(
        "--folder", type=Path, help="keeps the runs, which go on; a temporary one unless given"
    )
    parser.add_argument("--train", action="store_true", help="train, and compare later")
    options = parser.parse_args()
    with TemporaryDirectory() as scratch:
        folder = options.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        config = WriterConfig(updates=options.updates, held_out=50)
        runs = [trained(folder, seed, config) for seed in options.seeds]
        if options.train:
            return
        categories, right = categories_known()
        fixed = searched_settings(folder / "search", options.budget, options.workers)
        result: dict[str, Any] = {"recogniser_right": right, "updates": options.updates, "fixed": fixed}
        for name, split in SPLITS.items():
            task = task_for(split)
            asked = [task.episode(FIRST_BRIEF + row).brief for row in range(options.briefs)]
            writers: dict[str, Callable[[Split], list[str]]] = {
                BASELINE: lambda split, asked=asked: [recommended(one) for one in asked],
                SEARCHED: lambda split, asked=asked: [reply_of(one, fixed[one.category]) for one in asked],
            }
            for seed, run in zip(options.seeds, runs, strict=True):
                writers[f"{WARM} {seed}"] = written_by(run / TINY, options.briefs, config)
                writers[f"{TRAINED} {seed}"] = written_by(run / MODEL, options.briefs, config)
            result[name] = compared(writers, split, options.briefs, categories, options.workers)
            for writer, one in result[name].items():
                print(
                    f"{name} {writer}: reward {one['reward']:.3f}, recognised {one['recognised']:.3f}",
                    flush=True,
                )
        result["over_training"] = {
            str(seed): over_training(run, categories, options.workers)
            for seed, run in zip(options.seeds, runs, strict=True)
        }
        result["minutes"] = [read_metrics(run)[-1]["wall_s"] / 60 for run in runs]
        steps_s = [row["step_time"] for run in runs for row in read_metrics(run) if "step_time" in row]
        result["steps_a_minute"] = 60 / float(np.mean(steps_s))
    RESULT.write_text(json.dumps(result, indent=1) + "\n")
    plot(result)


if __name__ == "__main__":
    main()
