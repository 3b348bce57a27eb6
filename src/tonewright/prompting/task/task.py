"""The task: a brief is asked, a reply is rendered with seeds that its whole group shares, and scored.

Nothing here knows of a trainer: what a reply gets depends on the seed of the episode and on the reply alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tonewright.errors import UsageError
from tonewright.prompting.briefs.brief import Brief
from tonewright.prompting.briefs.library import Library, library
from tonewright.prompting.briefs.making import SPLITS, numbered_briefs
from tonewright.prompting.generators.base import Generation, Generator
from tonewright.prompting.judging import reference_embeddings
from tonewright.prompting.rewards.learned.base import LearnedScorer
from tonewright.prompting.rewards.scoring import score_generations
from tonewright.prompting.rewards.terms import ScoreCard
from tonewright.prompting.task.messages import Message, messages
from tonewright.prompting.task.replies import Reply, ReplyFault, read_reply
from tonewright.prompting.words.vocabulary import Split

_SEEDS = 2**31


@dataclass(frozen=True)
class TaskConfig:
    """What is asked, and how it is scored.

    Attributes:
        split: Whose words the briefs are made of.
        categories: Of the vocabulary, in turn; all if empty.
        themes: Briefs of moods, places and scenes only (True), none of them (False), or both (None).
        sounds: How many sounds of a reply are rendered, each with a seed that the whole group shares.
        evaluation_cost: What a thousand evaluations of the generator's network cost of the reward.
        examples: How many examples the messages hold.

    Raises:
        UsageError: A number is out of its range.
    """

    split: Split = "train"
    categories: tuple[str, ...] = ()
    themes: bool | None = None
    sounds: int = 2
    evaluation_cost: float = 0.2
    examples: int = 2

    def __post_init__(self) -> None:
        if self.sounds < 1 or self.examples < 0:
            raise UsageError(
                f"sounds are 1 or more and examples 0 or more; got {self.sounds} and {self.examples}"
            )
        if not self.evaluation_cost >= 0:
            raise UsageError(f"evaluation_cost is 0 or more; got {self.evaluation_cost:g}")


@dataclass(frozen=True)
class Episode:
    """A brief that is asked.

    Attributes:
        seed: Of the episode.
        brief: The brief.
        messages: What the language model is told.
        sound_seeds: Of the sounds of each reply.
    """

    seed: int
    brief: Brief
    messages: list[Message]
    sound_seeds: tuple[int, ...]


@dataclass(frozen=True)
class ReplyScore:
    """What became of a reply.

    Attributes:
        reward: In [0, 1]; the mean of its sounds less what they cost, and 0 if it could not be read.
        components: Mean score of each component over the sounds, where it applies.
        cost: What its evaluations cost of the reward.
        evaluations: Of the generator's network, in all its sounds.
        cards: Of each sound.
        sounds: What was rendered.
        reply: What was read; None if it could not be.
        fault: Why it could not be read, or why none of its sounds could be scored; None if there was one.
    """

    reward: float
    components: dict[str, float]
    cost: float = 0.0
    evaluations: int = 0
    cards: tuple[ScoreCard, ...] = ()
    sounds: tuple[Generation, ...] = ()
    reply: Reply | None = None
    fault: str | None = None

    @property
    def spread(self) -> float:
        """Standard deviation of the totals of its sounds."""
        return float(np.std([card.total for card in self.cards])) if self.cards else 0.0

    def fields(self) -> dict[str, Any]:
        """As JSON, without the sounds."""
        return {
            "reward": round(self.reward, 4),
            **({"fault": self.fault} if self.fault else {}),
            **({"reply": self.reply.fields()} if self.reply else {}),
            "components": {name: round(value, 4) for name, value in self.components.items()},
            "cost": round(self.cost, 4),
            "evaluations": self.evaluations,
            "spread": round(self.spread, 4),
            "totals": [round(card.total, 4) for card in self.cards],
        }


Told = Callable[[Episode, Sequence[ReplyScore]], None]
"""Is told of each group that was scored."""


def untold(episode: Episode, scores: Sequence[ReplyScore]) -> None:
    """Nobody wants to know."""


class PromptTask:
    """Briefs to answer, and what the answers are worth.

    Args:
        generator: What renders.
        config: What is asked.
        briefs: These, in place of made ones.
        from_library: Whose templates, presets and references; those that ship if None.
        learned: Networks that judge sounds, too.

    Raises:
        UsageError: The briefs are none.
        UnknownNameError: There is no such category or split.
    """

    def __init__(
        self,
        generator: Generator,
        config: TaskConfig | None = None,
        *,
        briefs: Sequence[Brief] | None = None,
        from_library: Library | None = None,
        learned: Sequence[LearnedScorer] = (),
    ) -> None:
        self.generator, self.config = generator, config or TaskConfig()
        self.library, self.learned = from_library or library(), tuple(learned)
        self._made = numbered_briefs(
            split=self.config.split,
            categories=self.config.categories or None,
            themes=self.config.themes,
            from_library=from_library,
        )
        self._briefs = briefs
        if briefs is not None and not briefs:
            raise UsageError("a task has a brief or more; got none; leave briefs out for made ones")
        self._episode: Episode | None = None

    def episode(self, seed: int) -> Episode:
        """The episode of a seed, from 0: one after the other goes through the categories."""
        if seed < 0:
            raise UsageError(f"a seed is a whole number from 0; got {seed}")
        brief = self._brief(seed)
        asked = messages(brief, self.generator, self.library, self.config.examples)
        drawn = np.random.default_rng([SPLITS.index(self.config.split), seed]).integers(
            _SEEDS, size=self.config.sounds
        )
        return Episode(seed, brief, asked, tuple(drawn.tolist()))

    def reset(self, seed: int) -> list[Message]:
        """Begin the episode of a seed: the messages to answer."""
        self._episode = self.episode(seed)
        return self._episode.messages

    def score(self, reply: str) -> ReplyScore:
        """Score a reply to what was asked last.

        Raises:
            UsageError: Nothing was asked.
            GenerationError: The generator is gone.
        """
        if self._episode is None:
            raise UsageError("a reply answers messages; got none yet; call reset first")
        return self.score_group(self._episode, [reply])[0]

    def score_group(self, episode: Episode, replies: Sequence[str]) -> list[ReplyScore]:
        """Score replies to one brief, rendered in one batch.

        Raises:
            GenerationError: The generator is gone.
        """
        read = [self._read(reply, episode.brief) for reply in replies]
        seconds = episode.brief.target.seconds
        requests = [
            one.request(seconds, seed)
            for one in read
            if isinstance(one, Reply)
            for seed in episode.sound_seeds
        ]
        made = self.generator.generate(requests) if requests else []
        references = reference_embeddings(episode.brief, self.library)
        cards = score_generations(made, episode.brief, references=references, learned=self.learned)
        count_each, found, first = len(episode.sound_seeds), [], 0
        for one in read:
            if isinstance(one, str):
                found.append(ReplyScore(0.0, {}, fault=one))
                continue
            rows = slice(first, first + count_each)
            found.append(self._scored(one, made[rows], cards[rows]))
            first += count_each
        return found

    def _read(self, reply: str, brief: Brief) -> Reply | str:
        try:
            return read_reply(reply, self.generator, brief.target.seconds)
        except ReplyFault as fault:
            return str(fault)

    def _scored(self, reply: Reply, sounds: Sequence[Generation], cards: Sequence[ScoreCard]) -> ReplyScore:
        evaluations = sum(one.evaluations for one in sounds)
        cost = self.config.evaluation_cost * evaluations / len(sounds) / 1_000
        names = dict.fromkeys(name for card in cards for name in card.components)
        components = {
            name: float(np.mean([card.components[name] for card in cards if name in card.components]))
            for name in names
        }
        faults = [card.fault for card in cards if card.fault]
        return ReplyScore(
            max(0.0, float(np.mean([card.total for card in cards])) - cost),
            components,
            cost,
            evaluations,
            tuple(cards),
            tuple(sounds),
            reply,
            faults[0] if len(faults) == len(cards) else None,
        )

    def _brief(self, seed: int) -> Brief:
        return self._made(seed) if self._briefs is None else self._briefs[seed % len(self._briefs)]
