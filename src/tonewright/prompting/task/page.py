"""A page of rollouts: what was asked, what was written, what it got, and how it sounds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tonewright import wording
from tonewright.audio.clip import Clip
from tonewright.audio.writing import write
from tonewright.files import StrPath, write_bytes, write_text
from tonewright.prompting.generators.base import SAMPLE_RATE_HZ
from tonewright.prompting.task.rollouts import Group, read_groups
from tonewright.prompting.task.task import Episode, ReplyScore
from tonewright.reports import plots
from tonewright.reports.catalogue import Cell, catalogue, picture_beside, player_beside
from tonewright.reports.markup import Html, join, tag
from tonewright.reports.page import Section, page
from tonewright.reports.pictures import FrequencyAxis, stacked_spectrograms
from tonewright.reports.table import Column, bar, table

COMPONENTS = ("quality", "style", "alignment", "technical", "novelty")
_WIDTH, _HEIGHT = 320, 80
_SMOOTH = 20
"""Groups that a point of the curve is a mean of, at most."""


def sounds_folder(path: StrPath) -> Path:
    """Where the sounds of a file of rollouts are kept: beside it."""
    path = Path(path)
    return path.with_name(f"{path.stem}.sounds")


def page_path(path: StrPath) -> Path:
    """Where the page of a file of rollouts is written."""
    return Path(path).with_suffix(".html")


def sound_path(path: StrPath, seed: int, number: int = 0) -> Path:
    """Where the sound of a reply is kept, of the group of an episode in a file of rollouts."""
    return sounds_folder(path) / f"{_stem(seed, number)}.flac"


class Keeper:
    """Keeps the sounds of the first groups of a file of rollouts.

    Args:
        path: The file.
        groups: How many groups.
    """

    def __init__(self, path: StrPath, groups: int) -> None:
        self._folder, self._left = sounds_folder(path), groups

    def keep(self, episode: Episode, scores: Sequence[ReplyScore]) -> None:
        """Write the first sound of each reply, with its picture.

        Raises:
            OutputError: They cannot be written.
        """
        if self._left <= 0:
            return
        self._left -= 1
        axis = FrequencyAxis.of_rate(SAMPLE_RATE_HZ)
        for number, one in enumerate(scores):
            if not one.sounds or one.sounds[0].fault:
                continue
            samples = one.sounds[0].samples
            stem = self._stem(episode.seed, number)
            stem.parent.mkdir(parents=True, exist_ok=True)
            whole = Clip(samples / max(1.0, float(np.abs(samples).max())), SAMPLE_RATE_HZ)
            write(stem.with_suffix(".flac"), whole, encoding="pcm16", overwrite=True)
            picture = stacked_spectrograms(
                samples.mean(axis=0)[None], SAMPLE_RATE_HZ, axis, columns=_WIDTH, rows=_HEIGHT
            )
            write_bytes(stem.with_suffix(".png"), picture, overwrite=True)

    def picture_path(self, seed: int, number: int = 0) -> Path:
        """Where the picture of a reply of an episode is."""
        return self._stem(seed, number).with_suffix(".png")

    def _stem(self, seed: int, number: int) -> Path:
        return self._folder / _stem(seed, number)


def _stem(seed: int, number: int) -> str:
    return f"{seed:06}-{number}"


def write_rollouts_page(path: StrPath) -> Path:
    """Write the page of a file of rollouts beside it.

    Returns:
        The page.

    Raises:
        UsageError: The file cannot be read.
        OutputError: The page cannot be written.
    """
    written = page_path(path)
    write_text(written, rollouts_html(path), overwrite=True)
    return written


def rollouts_html(path: StrPath) -> Html:
    """The page of a file of rollouts; it plays the sounds that are kept beside it."""
    groups = list(read_groups(path))
    rewards = [score for group in groups for score in group["scores"]]
    replies = "1 reply" if len(rewards) == 1 else f"{wording.number(len(rewards))} replies"
    lede = f"{wording.quantity(len(groups), 'group')} · {replies}"
    sections = []
    if groups:
        sections = [
            Section("rewards", "Rewards", join(_curve(groups), _by_category(groups))),
            Section("listen", "Listen", _listen(Path(path), groups)),
        ]
        faults = _faults(groups)
        if faults:
            sections.append(Section("faults", "Replies that could not be scored", faults))
    return page(
        "Rollouts",
        sections,
        eyebrow="What a language model wrote, and how it sounds",
        lede=lede,
        summary=f"The mean reward is {np.mean(rewards):.2f}." if rewards else "There is no group yet.",
        catalogue=True,
    )


def _curve(groups: Sequence[Group]) -> Html:
    means = np.array([float(np.mean(group["scores"])) for group in groups])
    width = max(1, min(_SMOOTH, len(means) // 5))
    smooth = np.convolve(means, np.ones(width) / width, mode="valid")
    last = max(1, len(means) - 1)
    x = (np.arange(len(smooth)) + (width - 1) / 2) / last
    x_ticks = plots.value_ticks(0.0, float(last), min(last, 6))
    y_ticks = plots.value_ticks(0.0, 1.0, 5)
    drawn = plots.drawing(
        f"Mean reward of the groups, from {smooth[0]:.2f} to {smooth[-1]:.2f}",
        plots.grid(x_ticks, y_ticks),
        plots.line(x, smooth, "stroke accent"),
    )
    title = "mean reward" if width == 1 else f"mean reward of {wording.count(width)} groups"
    return plots.frame(drawn, x_ticks, y_ticks, "group", title)


def _by_category(groups: Sequence[Group]) -> Html:
    rows = []
    for category in dict.fromkeys(group["group_overrides"]["brief"]["category"] for group in groups):
        of_it = [group for group in groups if group["group_overrides"]["brief"]["category"] == category]
        scores = [score for group in of_it for score in group["scores"]]
        cards = [card for group in of_it for card in group["overrides"]]
        parts = [
            [one["components"][name] for one in cards if name in one["components"]] for name in COMPONENTS
        ]
        rows.append(
            [
                category,
                str(len(of_it)),
                join(bar(float(np.mean(scores))), tag("span", f"{np.mean(scores):.2f}")),
                *(f"{np.mean(part):.2f}" if part else "–" for part in parts),
            ]
        )
    columns = [Column("category"), Column("groups", "figure"), Column("reward", "bars")]
    return table("Rewards by category", [*columns, *(Column(name, "figure") for name in COMPONENTS)], rows)


def _listen(path: Path, groups: Sequence[Group]) -> Html:
    folder = sounds_folder(path)
    rows = []
    for group in groups:
        about = group["group_overrides"]
        for number, (score, card) in enumerate(zip(group["scores"], group["overrides"], strict=True)):
            stem = folder / _stem(about["seed"], number)
            if stem.with_suffix(".flac").exists():
                rows.append(_row(about, score, card, f"{folder.name}/{stem.name}"))
    if not rows:
        return tag("p", "No sounds were kept.")
    columns = [
        Column("brief"), Column("category"), Column("prompt and settings"), Column("reward", "figure"),
        Column("sound"), Column("spectrogram"),
    ]  # fmt: skip
    return catalogue("Replies that can be heard", columns, rows)


def _row(about: dict[str, Any], score: float, card: dict[str, Any], stem: str) -> list[Cell]:
    brief, reply = about["brief"], card["reply"]
    settings = ", ".join(f"{name} {value}" for name, value in reply.items() if name != "prompt")
    written = join(tag("span", reply["prompt"]), tag("span", settings, class_="meaning"))
    return [
        Cell(brief["description"], brief["description"]),
        Cell(brief["category"], brief["category"]),
        Cell(written),
        Cell(f"{score:.2f}", score),
        Cell(player_beside(["the sound"], [f"{stem}.flac"], [0.0])),
        Cell(picture_beside(f"{stem}.png", f"Spectrogram of the sound for: {brief['description']}")),
    ]


def _faults(groups: Sequence[Group]) -> Html | None:
    counts: dict[str, int] = {}
    for group in groups:
        for card in group["overrides"]:
            if "fault" in card:
                counts[card["fault"]] = counts.get(card["fault"], 0) + 1
    if not counts:
        return None
    most = sorted(counts.items(), key=lambda one: -one[1])[:20]
    rows = [[reason, str(count)] for reason, count in most]
    return table("Why replies could not be scored", [Column("reason"), Column("replies", "figure")], rows)
