"""The page of a run: what got better, how the best and the worst sounds are, and which settings pay."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from tonewright import wording
from tonewright.audio.reading import read
from tonewright.errors import UsageError
from tonewright.learning.runs import read_run
from tonewright.prompting.generators.base import SAMPLE_RATE_HZ
from tonewright.prompting.task.page import COMPONENTS, sound_path
from tonewright.prompting.task.rollouts import Group, read_groups
from tonewright.prompting.writers.evaluating import summary
from tonewright.prompting.writers.keeping import COLUMNS, evaluations, rows_of
from tonewright.prompting.writers.training import ROLLOUTS
from tonewright.reports import lanes, plots
from tonewright.reports.markup import Html, join, tag
from tonewright.reports.page import Section, page
from tonewright.reports.player import player
from tonewright.reports.sounds import equal_loudness, loudness_note
from tonewright.reports.table import Column, bar, table

_HEARD = 3
"""Of the best, and of the worst."""
_SMOOTH = 20


@dataclass(frozen=True)
class Watched:
    """What the folder of a run tells.

    Attributes:
        config: Of the run.
        held_out: After how many updates, and what was written for held-out briefs then; the first is that of
            the language model it began with.
        trained: What was written in training.
    """

    config: Mapping[str, Any]
    held_out: tuple[tuple[int, Path, list[Group]], ...]
    trained: list[Group]


def watched(run: Path) -> Watched:
    """Read the folder of a run, also while it trains.

    Raises:
        CheckpointError: It holds no run.
        UsageError: The run trains no language model, or has evaluated nothing yet.
    """
    config = read_run(run)["config"]
    if config.get("recipe") != "prompt":
        raise UsageError(
            f"a dashboard is of a run of tonewright train prompt; {str(run)!r} holds another: "
            f"{config.get('recipe')}"
        )
    held_out = tuple((update, path, list(read_groups(path))) for update, path in evaluations(run))
    if not held_out:
        raise UsageError(f"{str(run)!r} has no evaluation yet; wait until it trains")
    file = run / ROLLOUTS
    once = (
        {(one["update"], one["group_overrides"]["seed"]): one for one in read_groups(file)}
        if file.exists()
        else {}
    )
    return Watched(config, held_out, list(once.values()))


def dashboard_html(found: Watched) -> Html:
    """The page of a run. It holds all it needs, and the browser lets it connect to nothing."""
    means = [summary(groups) for _, _, groups in found.held_out]
    sections = [
        Section("curves", "Reward on held-out briefs", _curves(found, means)),
        Section("categories", "From first to last", _categories(means)),
        Section("listen", "Listen", _listen(found)),
    ]
    settings = _settings(found.trained)
    if settings:
        sections.append(Section("settings", "Which settings pay", settings))
    sections.append(Section("prompts", "What it writes", _prompts(found)))
    updates = found.held_out[-1][0]
    first, last = means[0]["reward"], means[-1]["reward"]
    told = (
        found.config["generator"],
        wording.quantity(updates, "update"),
        f"{found.config['replies']} replies",
    )
    return page(
        "A language model learns to write prompts",
        sections,
        eyebrow="A training by its sounds",
        lede=" · ".join(told),
        summary=f"On held-out briefs the mean reward goes from {first:.3f} to {last:.3f}.",
    )


def _curves(found: Watched, means: Sequence[Mapping[str, float]]) -> Html:
    updates = np.array([update for update, _, _ in found.held_out], np.float64)
    last = max(1.0, updates[-1])
    categories = [name.removesuffix("/reward") for name in means[0] if name.endswith("/reward")]
    panels = [_curve("all", updates, [one["reward"] for one in means], last, _trained(found, last))]
    for category in categories:
        rewards = [one.get(f"{category}/reward", np.nan) for one in means]
        panels.append(_curve(category, updates, rewards, last))
    note = "Dashed: the mean reward in training, where other replies are tried." if found.trained else ""
    return join(tag("div", *panels, class_="panels"), tag("p", note, class_="note"))


def _curve(
    name: str,
    updates: np.ndarray[Any, np.dtype[np.float64]],
    rewards: Sequence[float],
    last: float,
    *more: Html,
) -> Html:
    x_ticks, y_ticks = plots.value_ticks(0.0, last, 4), plots.value_ticks(0.0, 1.0, 5)
    drawn = plots.drawing(
        f"Mean reward of {name}, from {rewards[0]:.2f} to {rewards[-1]:.2f}",
        plots.grid(x_ticks, y_ticks),
        *more,
        plots.line(updates / last, rewards, "stroke"),
    )
    caption = f"{name}: {rewards[0]:.2f} to {rewards[-1]:.2f}"
    return tag(
        "figure", tag("figcaption", caption), plots.frame(drawn, x_ticks, y_ticks, "updates", "reward")
    )


def _trained(found: Watched, last: float) -> Html:
    if not found.trained:
        return join()
    updates = np.array([group["update"] for group in found.trained])
    rewards = np.array([float(np.mean(group["scores"])) for group in found.trained])
    width = max(1, min(_SMOOTH, len(rewards) // 5))
    window = np.ones(width) / width
    x, y = np.convolve(updates, window, "valid"), np.convolve(rewards, window, "valid")
    return plots.line(np.clip(x / last, 0, 1), y, "stroke ghost")


def _categories(means: Sequence[Mapping[str, float]]) -> Html:
    first, last, rows = means[0], means[-1], []
    for name in [one for one in last if one.endswith("reward")]:
        prefix = name.removesuffix("reward")
        parts = [
            f"{last[prefix + part]:.2f} ({last[prefix + part] - first.get(prefix + part, np.nan):+.2f})"
            if prefix and prefix + part in last
            else ""
            for part in COMPONENTS
        ]
        rows.append(
            [
                prefix.rstrip("/") or "all",
                join(bar(last[name]), tag("span", f"{last[name]:.3f}")),
                f"{last[name] - first.get(name, np.nan):+.3f}",
                *parts,
            ]
        )
    columns = [Column("category"), Column("reward", "bars"), Column("gain", "figure")]
    return table("Rewards by category", [*columns, *(Column(one, "figure") for one in COMPONENTS)], rows)


def _listen(found: Watched) -> Html:
    (_, before, first), (update, after, groups) = found.held_out[0], found.held_out[-1]
    heard = [group for group in groups if sound_path(after, group["group_overrides"]["seed"]).exists()]
    order = sorted(heard, key=lambda one: -float(one["scores"][0]))
    best = order[:_HEARD]
    worst = order[max(_HEARD, len(order) - _HEARD) :]
    then = {group["group_overrides"]["seed"]: group["scores"][0] for group in first}
    parts = []
    for title, some in (("The best", best), ("The worst", worst)):
        if some:
            parts.append(tag("h3", title))
        for group in some:
            about, reward = group["group_overrides"], group["scores"][0]
            seed = about["seed"]
            told = f"{reward:.2f} after {wording.quantity(update, 'update')}"
            if seed in then and update:
                told = f"{then[seed]:.2f} at first, {told}"
            parts.append(tag("p", tag("strong", about["brief"]["description"]), f" · {told}"))
            paths = (
                [sound_path(before, seed), sound_path(after, seed)] if update else [sound_path(after, seed)]
            )
            names = ["at first", "now"][-len(paths) :]
            pairs = [(name, path) for name, path in zip(names, paths, strict=True) if path.exists()]
            parts.append(_player(f"sound-{seed}", [name for name, _ in pairs], [path for _, path in pairs]))
    return join(*parts) if parts else tag("p", "No sounds were kept.")


def _player(id_: str, names: list[str], paths: list[Path]) -> Html:
    sounds = [read(path).samples for path in paths]
    longest = max(one.shape[1] for one in sounds)
    stereo = np.stack([np.pad(one, ((0, 0), (0, longest - one.shape[1]))) for one in sounds])
    preview = equal_loudness(stereo, SAMPLE_RATE_HZ)
    pictures = lanes.stack(
        lanes.spectrograms(names, stereo.mean(axis=1), SAMPLE_RATE_HZ), longest / SAMPLE_RATE_HZ
    )
    return player(id_, names, preview, pictures, note=loudness_note(names, preview))


def _settings(groups: Sequence[Group]) -> Html | None:
    """What replies with a setting get against the others of their group, and how often it is chosen."""
    tried = list(_tried(groups))
    if not tried:
        return None
    updates = np.array([update for update, _, _ in tried])
    early, late = updates <= np.quantile(updates, 1 / 3), updates >= np.quantile(updates, 2 / 3)
    rows = []
    for name, of in _KINDS.items():
        values = [of(reply) for _, _, reply in tried]
        for value in sorted({one for one in values if one is not None}):
            there = np.array([one == value for one in values])
            gains = np.array([gain for _, gain, _ in tried])[there]
            rows.append(
                [
                    name,
                    value[1],
                    wording.number(int(there.sum())),
                    f"{gains.mean():+.3f}",
                    f"{100 * np.mean(there[early]):.0f} %",
                    f"{100 * np.mean(there[late]):.0f} %",
                ]
            )
    columns = [
        Column("setting"), Column("value"), Column("replies", "figure"), Column("gain", "figure"),
        Column("chosen at first", "figure"), Column("chosen at last", "figure"),
    ]  # fmt: skip
    return join(
        table("What settings are worth", columns, rows),
        tag("p", "The gain is against the mean of all replies to the same brief.", class_="note"),
    )


def _tried(groups: Sequence[Group]) -> Iterator[tuple[int, float, Mapping[str, Any]]]:
    """Update, reward against the mean of the group, and reply, of all that could be read."""
    for group in groups:
        mean = float(np.mean(group["scores"]))
        for score, card in zip(group["scores"], group["overrides"], strict=True):
            if "reply" in card:
                yield group["update"], score - mean, card["reply"]


_Value = tuple[int, str]
"""Where a value of a setting stands among others, and what it is called."""


def _range(name: str, edges: Sequence[float]) -> Callable[[Mapping[str, Any]], _Value | None]:
    """Tells between which edges a number of a reply lies."""
    named = [
        f"below {edges[0]:g}",
        *(f"{low:g} to below {high:g}" for low, high in pairwise(edges)),
        f"{edges[-1]:g} or more",
    ]

    def told(reply: Mapping[str, Any]) -> _Value | None:
        if name not in reply:
            return None
        row = int(np.searchsorted(edges, float(reply[name]), side="right"))
        return row, named[row]

    return told


_KINDS: Mapping[str, Callable[[Mapping[str, Any]], _Value | None]] = {
    "steps": _range("steps", (8, 16, 32, 64)),
    "guidance": _range("cfg_scale", (1.0, 2.0, 3.0, 5.0)),
    "sampler": lambda reply: (0, reply["sampler"]) if "sampler" in reply else None,
    "negative prompt": lambda reply: (1, "some") if reply.get("negative_prompt") else (0, "none"),
}


def _prompts(found: Watched) -> Html:
    rows = rows_of(found.held_out[0][2], found.held_out[-1][2])
    columns = [Column(name, "figure" if "reward" in name else "") for name in COLUMNS]
    return table("What it wrote first, and writes now", columns, rows, stacked=True)
