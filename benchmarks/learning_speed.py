"""Measure what learning costs: with an environment that itself costs nothing, and with the match environment.

Usage: python benchmarks/learning_speed.py; writes benchmarks/results/learning_speed.json.

First, observations of 1,500 numbers, 8 modules of up to 12 controls, a 256-256 network, 32 steps an update, 4
epochs in minibatches of 512. The yardstick is the same network alone: as many forward passes, gradients and
steps of Adam over random numbers, with the mean of its outputs as loss. Best of several updates.

Then, steps of the match environment a second (0.5 s at 16 kHz, the default): render, hear and reward
under random actions, and with PPO's acting and learning included (32 steps an update, 4 epochs).
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from gymnasium import spaces
from torch import nn

from tonewright.learning.heads import Branch, Categorical, SquashedGaussian
from tonewright.learning.policy import ActorCritic
from tonewright.learning.ppo import PPO, PPOConfig
from tonewright.learning.rollout import RolloutWorker
from tonewright.learning.vector import BatchEnv
from tonewright.matching.agent.policy import MatchPolicy
from tonewright.matching.environment import MatchEnv
from tonewright.measuring.timing import best_seconds

OBSERVATION, MODULES, CONTROLS = 1500, 8, 12
STEPS, EPOCHS, MINIBATCH, UPDATES = 32, 4, 512, 12


class Noise(BatchEnv):
    """Shows the same noise at every step and earns nothing."""

    def __init__(self, num_envs: int) -> None:
        module, deltas = spaces.Discrete(MODULES), spaces.Box(-1, 1, (CONTROLS,))
        super().__init__(
            num_envs,
            spaces.Box(-9, 9, (OBSERVATION,)),
            spaces.Dict({"module": module, "deltas": deltas}, sort_keys=False),
            max_episode_steps=50,
        )
        self._noise = np.random.default_rng(0).standard_normal((num_envs, OBSERVATION), dtype=np.float32)

    def _begin(self, rows):
        pass

    def _advance(self, actions, rows):
        return np.zeros(self.num_envs, np.float32), np.zeros(self.num_envs, np.bool_)

    def _observe(self):
        return self._noise.copy()


def measure(num_envs: int) -> dict[str, float]:
    """Microseconds for each step of an environment."""
    used = np.arange(CONTROLS) < np.array([[5], [4], [6], [8], [5], [4], [3], [12]])
    head = Branch(Categorical(MODULES), SquashedGaussian(CONTROLS), used)
    worker = RolloutWorker(lambda: Noise(num_envs), lambda: ActorCritic(OBSERVATION, head), 0, 0)
    algorithm = PPO(ActorCritic(OBSERVATION, head), PPOConfig(epochs=EPOCHS, minibatch_size=MINIBATCH))
    weights = algorithm.policy.weights()
    rollout = worker.collect(weights, STEPS)

    net = nn.Sequential(
        nn.Linear(OBSERVATION, 256),
        nn.Tanh(),
        nn.Linear(256, 256),
        nn.Tanh(),
        nn.Linear(256, head.n_logits + 1),
    )
    adam = torch.optim.Adam(net.parameters(), fused=True)
    few, many = torch.randn(num_envs, OBSERVATION), torch.randn(MINIBATCH, OBSERVATION)

    def network_alone() -> None:
        with torch.inference_mode():
            for _ in range(STEPS):
                net(few)
        for _ in range(EPOCHS * STEPS * num_envs // MINIBATCH):
            adam.zero_grad()
            net(many).mean().backward()
            adam.step()

    samples = STEPS * num_envs
    acting = best_seconds(lambda: worker.collect(weights, STEPS), UPDATES)
    learning = best_seconds(lambda: algorithm.learn([rollout]), UPDATES)
    alone = best_seconds(network_alone, UPDATES)
    return {
        "acting_us": round(1e6 * acting / samples, 1),
        "learning_us": round(1e6 * learning / samples, 1),
        "network_alone_us": round(1e6 * alone / samples, 1),
        "ratio": round((acting + learning) / alone, 2),
    }


def match_steps_per_second(num_envs: int) -> float:
    """Steps of the match environment under random actions: render, hear, reward."""
    env = MatchEnv(num_envs)
    env.reset(seed=0)
    env.action_space.seed(0)
    actions = [env.action_space.sample() for _ in range(STEPS)]

    def play() -> None:
        for action in actions:
            env.step(action)

    play()
    return num_envs * STEPS / best_seconds(play, UPDATES)


def match_steps_per_second_learning(num_envs: int) -> float:
    """The same, with PPO acting and learning."""
    env = MatchEnv(1)
    worker = RolloutWorker(lambda: MatchEnv(num_envs), lambda: MatchPolicy(env), 0, 0)
    algorithm = PPO(MatchPolicy(env), PPOConfig(epochs=EPOCHS, minibatch_size=MINIBATCH))

    def update() -> None:
        algorithm.learn([worker.collect(algorithm.policy.weights(), STEPS)])

    update()
    return num_envs * STEPS / best_seconds(update, UPDATES)


def main() -> None:
    """Measure, print and write."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter).parse_args()
    overhead = {f"{num_envs} environments": measure(num_envs) for num_envs in (64, 256)}
    match = {}
    for num_envs in (64, 256):
        match[f"render + hear + reward, {num_envs} rows"] = match_steps_per_second(num_envs)
        match[f"learning included, {num_envs} rows"] = match_steps_per_second_learning(num_envs)
    result = {"torch": torch.__version__, "threads": torch.get_num_threads(), **overhead, "match": match}
    text = json.dumps(result, indent=2)
    (Path(__file__).parent / "results" / "learning_speed.json").write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
