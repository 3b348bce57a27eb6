"""Measure how many rollouts a second are rendered and scored, where the time goes, and what adapters add.

Usage: python benchmarks/prompting/rollouts.py [--episodes 40]; writes
benchmarks/results/prompting-rollouts.json. A rollout is a reply with one sound by the sketch; replies are the
briefs themselves, with recommended and other numbers of steps, four to a brief. The rate is that of two
processes on two cores. What an adapter adds is measured in one process, on the same replies, in turns with
the bare task: TRL's reward functions, a group of Atropos (asked of a server that answers at once, with
tokens and masks), and a step of OpenEnv over HTTP.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from standin import answering, plain, tokenizer

from tonewright.measuring.workers import do_all
from tonewright.prompting.adapters.trl import reward_functions
from tonewright.prompting.generators.registry import generator
from tonewright.prompting.task.task import PromptTask, TaskConfig

RESULT = Path(__file__).parent.parent / "results" / "prompting-rollouts.json"
REPLIES = 4


class Timed:
    """A generator that takes its time, in both meanings."""

    def __init__(self) -> None:
        self._made = generator("sketch")
        self.name, self.settings, self.seconds = self._made.name, self._made.settings, 0.0

    def generate(self, requests: Any) -> Any:
        """Render, and count the time."""
        began_s = time.perf_counter()
        made = self._made.generate(requests)
        self.seconds += time.perf_counter() - began_s
        return made


def replies_to(task: PromptTask, seed: int) -> list[str]:
    messages = task.episode(seed).messages
    return [plain([{**one} for one in messages], number) for number in range(REPLIES)]


def timed(work: tuple[int, int]) -> tuple[float, float, float]:
    """When a share of the episodes began and ended, and how long the generator was at it."""
    first, episodes = work
    made = Timed()
    task = PromptTask(made, TaskConfig(sounds=1))
    task.score_group(task.episode(0), replies_to(task, 0))  # loads and compiles
    made.seconds = 0.0
    began_s = time.monotonic()
    for seed in range(first, first + episodes):
        task.score_group(task.episode(seed), replies_to(task, seed))
    return began_s, time.monotonic(), made.seconds


def overhead(
    bare: Callable[[int], object], adapted: Callable[[int], object], episodes: int
) -> dict[str, float]:
    """Median seconds of both over the same episodes, in turns, and how much longer the second takes."""
    bare(0), adapted(0)
    seconds: dict[str, list[float]] = {"bare_s": [], "adapted_s": []}
    for seed in range(episodes):
        order = [("bare_s", bare), ("adapted_s", adapted)]
        for name, do in order if seed % 2 else order[::-1]:
            began_s = time.perf_counter()
            do(seed)
            seconds[name].append(time.perf_counter() - began_s)
    both = {name: float(np.mean(some)) for name, some in seconds.items()}
    ratios = np.array(seconds["adapted_s"]) / np.array(seconds["bare_s"])
    return {**both, "added": float(np.median(ratios) - 1)}


def trl(task: PromptTask, episodes: int) -> dict[str, float]:
    functions = reward_functions(task)

    def adapted(seed: int) -> None:
        replies = replies_to(task, seed)
        for one in functions:
            one(prompts=None, completions=replies, seed=[seed] * len(replies))

    return overhead(
        lambda seed: task.score_group(task.episode(seed), replies_to(task, seed)), adapted, episodes
    )


def atropos(task: PromptTask, episodes: int, folder: Path) -> dict[str, float]:
    from atroposlib.envs.base import APIServerConfig

    from tonewright.prompting.adapters.atropos import PromptEnv, PromptEnvConfig

    with answering(plain) as url:
        config = PromptEnvConfig(tokenizer_name=str(tokenizer(folder)), group_size=REPLIES, sounds=1)
        served = APIServerConfig(model_name="x", base_url=url, api_key="x", health_check=False)
        loop = asyncio.new_event_loop()

        async def ready() -> PromptEnv:
            env = PromptEnv(config, [served])
            await env.setup()
            return env

        env = loop.run_until_complete(ready())
        found = overhead(
            lambda seed: task.score_group(task.episode(seed), replies_to(task, seed)),
            lambda seed: loop.run_until_complete(env.collect_trajectories(seed)),
            episodes,
        )
        loop.close()
    return found


def openenv(task: PromptTask, episodes: int) -> dict[str, float]:
    from openenv.core import GenericEnvClient

    from tonewright.prompting.adapters.openenv import make_app
    from tonewright.prompting.serving.server import address, listening, serving_app

    with (
        listening(port=0) as listener,
        serving_app(make_app(task), listener),
        GenericEnvClient(base_url=address(listener)).sync() as env,
    ):

        def adapted(seed: int) -> None:
            env.reset(seed=seed)
            env.step({"reply": replies_to(task, seed)[0]})

        return overhead(
            lambda seed: task.score_group(task.episode(seed), replies_to(task, seed)[:1]), adapted, episodes
        )


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--episodes", type=int, default=40, help="of each measurement (40)")
    episodes = parser.parse_args().episodes
    shares = [one for _, one in do_all([(1, episodes), (1 + episodes, episodes)], timed, 2)]
    rate = sum(episodes * REPLIES / (end_s - begin_s) for begin_s, end_s, _ in shares)
    generating = sum(one for *_, one in shares) / sum(end_s - begin_s for begin_s, end_s, _ in shares)
    result: dict[str, Any] = {
        "cores": os.cpu_count(),
        "rollouts_per_s": rate,
        "share_of_the_generator": generating,
        "share_of_rewards_and_the_rest": 1 - generating,
    }
    print(json.dumps(result), flush=True)
    task = PromptTask(generator("sketch"), TaskConfig(sounds=1))
    with TemporaryDirectory() as folder:
        result["added_by"] = {
            "trl": trl(task, episodes),
            "atropos": atropos(task, episodes, Path(folder)),
            "openenv": openenv(task, episodes),
        }
    print(json.dumps(result["added_by"], indent=1))
    RESULT.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
