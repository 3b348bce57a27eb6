"""The task for OpenEnv: an HTTP server whose clients reset an episode, and step it once with a reply.

    app = make_app(PromptTask(generator("sketch")))

OpenEnv's own clients speak to it: `GenericEnvClient(base_url=…)`.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from tonewright.errors import MissingExtraError
from tonewright.prompting.task.task import Episode, PromptTask

try:
    from openenv.core.env_server import Action, Environment, Observation, State, create_fastapi_app
    from pydantic import Field
except ImportError as missing:
    raise MissingExtraError(missing.name or "openenv", "openenv", "the server of OpenEnv") from missing

if TYPE_CHECKING:
    from fastapi import FastAPI

_SEEDS = 2**31


class PromptAction(Action):  # type: ignore[misc]
    """What a language model answers: JSON with a prompt and settings."""

    reply: str


class PromptObservation(Observation):  # type: ignore[misc]
    """What is asked, and, once it is answered, what became of the reply.

    Attributes:
        messages: The chat to answer.
        seed: Of the episode.
        components: Mean score of each component over the sounds.
        cost: What its evaluations cost of the reward.
        fault: Why the reply could not be scored, if it could not.
    """

    messages: list[dict[str, str]] = Field(default_factory=list)
    seed: int = 0
    components: dict[str, float] = Field(default_factory=dict)
    cost: float = 0.0
    fault: str | None = None


class PromptEnvironment(Environment):  # type: ignore[misc]
    """One session of a client; all share the task and its generator.

    Args:
        task: The task.
    """

    SUPPORTS_CONCURRENT_SESSIONS = True

    def __init__(self, task: PromptTask) -> None:
        super().__init__()
        self._task = task
        self._episode: Episode | None = None
        self._state = State()

    def reset(self, seed: int | None = None, episode_id: str | None = None, **more: Any) -> PromptObservation:
        """Begin the episode of a seed, or of any."""
        self._episode = self._task.episode(secrets.randbelow(_SEEDS) if seed is None else seed)
        self._state = State(episode_id=episode_id or secrets.token_hex(8), step_count=0)
        return PromptObservation(
            messages=[{**one} for one in self._episode.messages], seed=self._episode.seed
        )

    def step(self, action: PromptAction, timeout_s: float | None = None, **more: Any) -> PromptObservation:
        """Score a reply, which ends the episode."""
        if self._episode is None:
            self.reset()
        assert self._episode is not None
        (score,) = self._task.score_group(self._episode, [action.reply])
        self._state.step_count += 1
        return PromptObservation(
            done=True,
            reward=score.reward,
            seed=self._episode.seed,
            components=score.components,
            cost=score.cost,
            fault=score.fault,
            metadata=score.fields(),
        )

    @property
    def state(self) -> State:
        """Which episode this is, and how often it was answered."""
        return self._state


def make_app(task: PromptTask, sessions: int = 64) -> FastAPI:
    """An application that serves a task.

    Args:
        task: The task.
        sessions: Clients at a time.
    """
    app: FastAPI = create_fastapi_app(
        lambda: PromptEnvironment(task),
        PromptAction,
        PromptObservation,
        max_concurrent_envs=sessions,
        env_name="tonewright",
    )
    return app
