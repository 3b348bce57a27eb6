"""The task as an environment of Atropos: `tonewright-atropos serve|process|evaluate`."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import replace
from typing import Any

from tonewright.errors import GenerationError, MissingExtraError, TonewrightError
from tonewright.prompting.adapters.tokens import tokens_of
from tonewright.prompting.generators.registry import generator
from tonewright.prompting.task.page import Keeper, write_rollouts_page
from tonewright.prompting.task.rollouts import RolloutFile, group_of, read_groups
from tonewright.prompting.task.task import Episode, PromptTask, ReplyScore, TaskConfig

try:
    from atroposlib.envs.base import APIServerConfig, BaseEnv, BaseEnvConfig, ScoredDataGroup
    from pydantic import Field
except ImportError as missing:
    raise MissingExtraError(
        missing.name or "atroposlib", "atropos", "the environment of Atropos"
    ) from missing

_WAIT_S, _LONGEST_WAIT_S = 1.0, 30.0


class PromptEnvConfig(BaseEnvConfig):  # type: ignore[misc]
    """Options of the environment: `--env.NAME`."""

    tokenizer_name: str = Field(
        "", description="Tokenizer of the language model: a folder or a name on the hub"
    )
    use_wandb: bool = Field(False, description="Whether to use Weights & Biases")
    wandb_name: str | None = Field(
        "tonewright", description="Name of the environment, there and at the trainer"
    )
    max_token_length: int = Field(512, description="Longest reply, in tokens")
    steps_per_eval: int = Field(100, description="Steps between evaluations")
    generator: str = Field(
        "sketch", description="Text-to-audio model: sketch, diffusers, stable-audio, remote"
    )
    generator_model: str | None = Field(None, description="Its weights, as --model of tonewright generate")
    categories: str = Field("", description="Categories of the briefs, with commas between; all unless given")
    sounds: int = Field(2, description="Sounds of each reply")
    evaluation_cost: float = Field(0.2, description="What 1,000 evaluations of the model cost of the reward")
    temperature: float = Field(1.0, description="Of the language model")
    eval_briefs: int = Field(20, description="Held-out briefs of an evaluation")
    keep_sounds: int = Field(50, description="Groups of a process run whose sounds are kept for its page")
    most_failures: int = Field(10, description="Groups that may fail one after the other before a run stops")


class PromptEnv(BaseEnv):  # type: ignore[misc]
    """Briefs for a language model, scored by the sound of its replies."""

    name = "tonewright"
    env_config_cls = PromptEnvConfig

    def __init__(
        self, config: PromptEnvConfig, server_configs: Any, slurm: bool = False, testing: bool = False
    ) -> None:
        path, config.data_path_to_save_groups = config.data_path_to_save_groups, None
        super().__init__(config, server_configs, slurm, testing)
        config.data_path_to_save_groups = path
        self._next, self._failures = 0, 0
        self._keeper: Keeper | None = None
        if path is not None:
            self.jsonl_writer = RolloutFile(path)
            self._next = 1 + max((one["group_overrides"]["seed"] for one in read_groups(path)), default=-1)
            self._keeper = Keeper(path, config.keep_sounds)

    @classmethod
    def config_init(cls) -> tuple[PromptEnvConfig, list[APIServerConfig]]:
        """Options unless told otherwise: a language model on this machine."""
        served = APIServerConfig(
            model_name="default", base_url="http://localhost:9001/v1", api_key="none", health_check=False
        )
        return PromptEnvConfig(), [served]

    async def setup(self) -> None:
        """Load the text-to-audio model."""
        config = self.config
        made = generator(config.generator, config.generator_model)
        categories = tuple(one.strip() for one in config.categories.split(",") if one.strip())
        task = TaskConfig("train", categories, None, config.sounds, config.evaluation_cost)
        self._task = PromptTask(made, task)
        self._held_out = PromptTask(made, replace(task, split="held-out"))

    async def get_next_item(self) -> int:
        """The seed of the next episode."""
        self._next += 1
        return self._next - 1

    async def collect_trajectories(self, item: int) -> tuple[ScoredDataGroup | None, list[int]]:
        """A group of replies to one brief, with scores, tokens and masks; None if it failed."""
        try:
            found = await self._group(self._task, item, self.config.group_size, "train")
        except Exception as error:  # whatever a server answers, or a generator dies of, is one group lost
            await self._failed(error)
            return None, [item]
        self._failures = 0
        return found, []

    async def _failed(self, error: Exception) -> None:
        self._failures += 1
        told = f"{type(error).__name__}: {error}".splitlines()[0]
        print(f"tonewright-atropos: a group failed ({told})", file=sys.stderr, flush=True)
        if self._failures >= self.config.most_failures:
            message = (
                f"{self._failures} groups failed one after the other ({told}); see to the server, and go on"
            )
            raise GenerationError(message) from error
        await asyncio.sleep(min(_WAIT_S * 2 ** (self._failures - 1), _LONGEST_WAIT_S))

    async def _group(self, task: PromptTask, seed: int, size: int, split: str) -> ScoredDataGroup:
        episode = task.episode(seed)
        completion = await self.server.chat_completion(
            messages=episode.messages,
            n=size,
            max_tokens=self.config.max_token_length,
            temperature=self.config.temperature,
            split=split,
        )
        replies = [choice.message.content or "" for choice in completion.choices]
        ended = [choice.finish_reason != "length" for choice in completion.choices]
        scores = await asyncio.to_thread(task.score_group, episode, replies)
        if self._keeper is not None and task is self._task:
            self._keeper.keep(episode, scores)
        return self._scored(episode, replies, ended, scores)

    def _scored(
        self, episode: Episode, replies: list[str], ended: list[bool], scores: list[ReplyScore]
    ) -> ScoredDataGroup:
        chats = [[*episode.messages, {"role": "assistant", "content": one}] for one in replies]
        rows = [
            tokens_of(self.tokenizer, episode.messages, one, ended=end)
            for one, end in zip(replies, ended, strict=True)
        ]
        return ScoredDataGroup(
            tokens=[one.tokens for one in rows],
            masks=[one.masks for one in rows],
            messages=chats,
            **group_of(episode, scores),
        )

    async def evaluate(self, *args: Any, **kwargs: Any) -> None:
        """Score replies to held-out briefs, and what the briefs themselves get as prompts."""
        rewards: dict[str, list[float]] = {}
        for seed in range(self.config.eval_briefs):
            group = await self._group(self._held_out, seed, 1, "eval")
            episode = self._held_out.episode(seed)
            plain = json.dumps({"prompt": episode.brief.baseline_prompt})
            (baseline,) = await asyncio.to_thread(self._held_out.score_group, episode, [plain])
            for name, value in (("reward", group["scores"][0]), ("baseline_reward", baseline.reward)):
                rewards.setdefault(f"eval/{name}", []).append(value)
                rewards.setdefault(f"eval/{name}_{episode.brief.category}", []).append(value)
        await self.evaluate_log({name: sum(some) / len(some) for name, some in rewards.items()})

    async def process_manager(self) -> None:
        """Go on with the file of rollouts up to the groups that are asked for, and write its page."""
        done = self.jsonl_writer.groups if self.jsonl_writer is not None else 0
        self.n_groups_to_process: int = max(0, self.n_groups_to_process - done)
        await super().process_manager()
        write_rollouts_page(self.config.data_path_to_save_groups)


def main() -> None:
    """Run the environment by Atropos's own command line."""
    os.environ.setdefault("WANDB_MODE", "offline")  # nobody is asked for an account
    try:
        PromptEnv.cli()
    except TonewrightError as error:
        raise SystemExit(f"tonewright-atropos: {error}") from None


if __name__ == "__main__":
    main()
