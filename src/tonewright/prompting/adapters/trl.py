"""The task for TRL: reward functions, one a component, and an environment in which a model may try again.

    task = PromptTask(generator("sketch"))
    functions = reward_functions(task)
    GRPOTrainer(model, functions, GRPOConfig(reward_weights=reward_weights(functions)), dataset(task, 1_000))

Nothing of TRL is imported here: it takes any function and any class.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from tonewright.errors import GenerationError, MissingExtraError
from tonewright.prompting.rewards.scoring import LEARNED_COMPONENTS
from tonewright.prompting.task.task import PromptTask, ReplyScore, Told, untold

if TYPE_CHECKING:
    import datasets

REWARD = "reward"
"""The function that is learned from; those of components tell why."""

Completion = str | Sequence[dict[str, Any]]
RewardFunction = Callable[..., list[float | None]]


def dataset(task: PromptTask, episodes: int, first: int = 0) -> datasets.Dataset:
    """Episodes as a data set of TRL: `prompt`, a chat, and `seed`.

    Raises:
        MissingExtraError: `datasets` is not installed.
    """
    try:
        import datasets
    except ImportError:
        raise MissingExtraError("datasets", "trl", "a data set of episodes") from None
    seeds = range(first, first + episodes)
    rows = [{"prompt": task.episode(seed).messages, "seed": seed} for seed in seeds]
    return datasets.Dataset.from_list(rows)


def reward_functions(task: PromptTask, told: Told = untold) -> list[RewardFunction]:
    """The reward, and each of its components, as functions that share one rendering.

    Each gives a number a completion, and None where there is none: a component that does not apply, or a
    generator that is gone, which is told on stderr.

    Args:
        task: The task.
        told: Called with each group that was scored.
    """
    scores = _Scores(task, told)

    def function(name: str) -> RewardFunction:
        def rewards(
            prompts: Sequence[Any], completions: Sequence[Completion], seed: Sequence[int], **columns: Any
        ) -> list[float | None]:
            return [_part(one, name) for one in scores.of(seed, completions)]

        rewards.__name__ = name
        return rewards

    return [function(name) for name in (REWARD, *LEARNED_COMPONENTS)]


def reward_weights(functions: Sequence[RewardFunction]) -> list[float]:
    """Weights by which only the reward is learned from."""
    return [float(getattr(one, "__name__", "") == REWARD) for one in functions]


def _part(score: ReplyScore | None, name: str) -> float | None:
    if score is None:
        return None
    return score.reward if name == REWARD else score.components.get(name)


class _Scores:
    """Scores of the last batch, for all functions."""

    def __init__(self, task: PromptTask, told: Told) -> None:
        self._task, self._told = task, told
        self._batch: tuple[tuple[int, str], ...] = ()
        self._scores: list[ReplyScore | None] = []

    def of(self, seeds: Sequence[int], completions: Sequence[Completion]) -> list[ReplyScore | None]:
        texts = [reply_of(one) for one in completions]
        batch = tuple((int(seed), text) for seed, text in zip(seeds, texts, strict=True))
        if batch != self._batch:
            self._scores = self._scored(batch)
            self._batch = batch
        return self._scores

    def _scored(self, batch: Sequence[tuple[int, str]]) -> list[ReplyScore | None]:
        found: dict[int, ReplyScore | None] = {}
        for seed in dict.fromkeys(seed for seed, _ in batch):
            rows = [row for row, (one, _) in enumerate(batch) if one == seed]
            episode = self._task.episode(seed)
            try:
                scores = self._task.score_group(episode, [batch[row][1] for row in rows])
            except GenerationError as error:
                print(f"tonewright: a group could not be scored ({error})", file=sys.stderr, flush=True)
                found |= dict.fromkeys(rows)
                continue
            self._told(episode, scores)
            found |= dict(zip(rows, scores, strict=True))
        return [found[row] for row in range(len(batch))]


def reply_of(completion: Completion) -> str:
    """The text of a completion: itself, or what the last message of a chat says."""
    if isinstance(completion, str):
        return completion
    return str(completion[-1].get("content") or "") if completion else ""


class PromptEnvironment:
    """An environment of TRL: the model renders by a tool, reads how that was judged, and may try again.

    What counts is the last sound. Bind a task to it by `environment_factory`.
    """

    task: PromptTask

    def __init__(self) -> None:
        self._seed, self._last = 0, 0.0

    def reset(self, seed: int = 0, **row: Any) -> None:
        """Begin the episode of a row."""
        self._seed, self._last = int(seed), 0.0

    def render(self, reply: str) -> str:
        """Render a sound and hear how it was judged.

        Args:
            reply: JSON with a prompt and settings, as the instructions say.

        Returns:
            The reward and its components as JSON, or what is wrong with the reply.
        """
        (score,) = self.task.score_group(self.task.episode(self._seed), [reply])
        self._last = score.reward
        told = {"reward": score.reward, **score.components} if score.fault is None else {"fault": score.fault}
        return json.dumps(
            {name: round(one, 3) if isinstance(one, float) else one for name, one in told.items()}
        )

    def get_reward(self) -> float:
        """What the last sound got; 0 if there was none."""
        return self._last


def environment_factory(task: PromptTask) -> type[PromptEnvironment]:
    """A class of environments of one task, as `GRPOTrainer(environment_factory=…)` takes it."""
    return type("PromptEnvironment", (PromptEnvironment,), {"task": task})
