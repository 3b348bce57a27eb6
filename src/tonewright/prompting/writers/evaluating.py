"""How good a language model is: its replies to held-out briefs, rendered and scored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tonewright.prompting.task.messages import Message
from tonewright.prompting.task.rollouts import Group, group_of
from tonewright.prompting.task.task import PromptTask, Told, untold

Write = Callable[[Sequence[Sequence[Message]]], list[str]]
"""Gives a reply to each of some chats."""


def evaluate(task: PromptTask, write: Write, briefs: int, *, told: Told = untold) -> list[Group]:
    """Score replies to the first briefs of a task.

    Args:
        task: Of a split that is not trained on.
        write: What writes.
        briefs: How many.
        told: Called with each group; who wants its sounds takes them here.

    Returns:
        A group of one reply for each brief.

    Raises:
        GenerationError: The generator is gone.
    """
    episodes = [task.episode(seed) for seed in range(briefs)]
    groups = []
    for episode, reply in zip(episodes, write([one.messages for one in episodes]), strict=True):
        scores = task.score_group(episode, [reply])
        told(episode, scores)
        groups.append(group_of(episode, scores))
    return groups


def summary(groups: Sequence[Group]) -> dict[str, float]:
    """Means of groups: reward and components, of all and of each category, and which settings were asked for.

    Names are `reward`, `readable` (share of the replies that could be scored), `drums/reward`,
    `drums/alignment` and `steps`, `cfg_scale`, `sampler pingpong` (its share).
    """
    cards = [card for group in groups for card in group["overrides"]]
    found = {
        "reward": _mean([one["reward"] for one in cards]),
        "readable": _mean([float("fault" not in one) for one in cards]),
    }
    for category in dict.fromkeys(_category(group) for group in groups):
        of_it = [card for group in groups if _category(group) == category for card in group["overrides"]]
        found[f"{category}/reward"] = _mean([one["reward"] for one in of_it])
        for name in dict.fromkeys(name for one in of_it for name in one["components"]):
            values = [one["components"][name] for one in of_it if name in one["components"]]
            found[f"{category}/{name}"] = _mean(values)
    return found | settings_used([card["reply"] for card in cards if "reply" in card])


def settings_used(replies: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """The mean of each number that replies ask for, and the share of each sampler."""
    found = {}
    for name in ("steps", "cfg_scale", "sigma_max", "sigma_min"):
        values = [float(one[name]) for one in replies if name in one]
        if values:
            found[name] = _mean(values)
    samplers = Counter(one["sampler"] for one in replies if "sampler" in one)
    return found | {f"sampler {name}": count / len(replies) for name, count in samplers.items()}


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else float("nan")


def _category(group: Group) -> str:
    return str(group["group_overrides"]["brief"]["category"])
