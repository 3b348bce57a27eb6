"""Training the match agent: PPO with demonstrations, stage by stage, promoted on held-out success."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

import numpy as np
import torch

from tonewright.errors import UsageError
from tonewright.learning.policy import ActorCritic
from tonewright.learning.pools import make_pool, parse_workers
from tonewright.learning.ppo import PPO, PPOConfig
from tonewright.learning.rollout import RolloutWorker
from tonewright.learning.runs import Run, read_metrics
from tonewright.learning.spaces import flatten, to_env
from tonewright.learning.terms import BehaviouralCloning
from tonewright.learning.training import TrainConfig, train
from tonewright.matching.agent import MatchPolicy
from tonewright.matching.curriculum import Promotion, stages
from tonewright.matching.environment import MAX_STEPS, THRESHOLD, MatchEnv
from tonewright.matching.observation import HEARING_RATE_HZ
from tonewright.matching.targets import GATES_SECONDS, NOTES
from tonewright.synths import synth as make_synth

EPISODE_KEYS = ("loss", "best_loss", "success", "reward_improvement", "reward_guards", "reward_bonus")
_HELD_OUT_SEED = 2**30  # training's seeds are spread over all of 32 bits; none of them comes near by plan


@dataclass(frozen=True)
class MatchConfig:
    """What decides how a match agent is trained."""

    synth: str = "serum-lite"
    """Registered name, or scheme:PATH."""
    targets: str = "random"
    """random, factory, or a folder of sounds."""
    action_view: str = "modules"
    """modules (one at a time) or all (every control at once)."""
    stage: str | None = None
    """Stage of the curriculum to stay in; by default it starts with the first and is promoted."""
    num_envs: int = 128
    """Environments of each worker."""
    workers: str = "local"
    """local, local:N, or ray:N."""
    seconds: float = 0.5
    """Duration of the targets."""
    notes: tuple[float, float] = NOTES
    """Range of the MIDI note of random targets."""
    gates_seconds: tuple[float, float] = GATES_SECONDS
    """Range of their gate."""
    step_size: float = 0.5
    """Largest change of a control in one step, as a share of its range."""
    threshold: float = THRESHOLD
    """Loss at which a target counts as matched."""
    max_episode_steps: int = MAX_STEPS
    """Steps after which an episode is truncated."""
    hidden: tuple[int, ...] = (256, 256)
    """Width of each hidden layer."""
    updates: int = 1000
    """Updates in all."""
    cloning: float = 1.0
    """Weight of imitating demonstrations at the start; 0 for none."""
    cloning_until: float = 0.8
    """Share of the training at which that weight has fallen to 0."""
    held_out: int = 64
    """Held-out episodes of each evaluation."""
    promote_at: float = 0.6
    """Held-out success at which a stage counts as learned."""
    ppo: PPOConfig = field(default_factory=lambda: PPOConfig(entropy_weight=0.001, target_kl=0.03))
    """How the agent learns from rollouts."""
    loop: TrainConfig = field(default_factory=TrainConfig)
    """How often things happen."""

    def __post_init__(self) -> None:
        for name in ("num_envs", "updates", "held_out"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} is 1 or more; got {getattr(self, name)}")
        if not (self.hidden and min(self.hidden) >= 1):
            raise UsageError(f"hidden is one width or more, each above 0; got {self.hidden}")
        parse_workers(self.workers)
        if not 0 < self.promote_at <= 1:
            raise UsageError(f"promote_at lies above 0 and up to 1; got {self.promote_at}")


def make_env(config: MatchConfig, num_envs: int) -> MatchEnv:
    """The environments of a configuration, in its pinned stage or else the first."""
    first = stages(make_synth(config.synth, HEARING_RATE_HZ))[0].name
    return MatchEnv(
        num_envs,
        synth=config.synth,
        targets=config.targets,
        action_view=config.action_view,
        seconds=config.seconds,
        notes=config.notes,
        gates_seconds=config.gates_seconds,
        step_size=config.step_size,
        threshold=config.threshold,
        max_episode_steps=config.max_episode_steps,
        stage=config.stage or first,
    )


def make_policy(config: MatchConfig, seed: int = 0) -> MatchPolicy:
    """A policy for the environments of a configuration, untrained."""
    return MatchPolicy(make_env(config, 1), config.hidden, seed=seed)


def train_match(
    run: Run,
    config: MatchConfig,
    *,
    progress: Callable[[int, Mapping[str, float]], None] = lambda update, scores: None,
) -> MatchPolicy:
    """Train, or go on with, a match agent.

    Args:
        run: Where log and checkpoints go; its `config` should be `run_config(config)`.
        config: How to train.
        progress: Called with the update and the held-out scores after each evaluation.

    Returns:
        The trained policy.
    """
    policy = make_policy(config, run.seed)
    terms = [BehaviouralCloning(config.cloning, config.cloning_until)] if config.cloning > 0 else []
    algorithm = PPO(policy, config.ppo, terms)
    held_out = make_env(config, config.held_out)
    promotion = Promotion(config.promote_at)
    for line in read_metrics(run.folder):  # of a run that goes on
        if "evaluation/success" in line:
            promotion(line["evaluation/success"])
    last_stage = len(held_out.stage_names) - 1

    def evaluate(policy: ActorCritic, update: int) -> dict[str, float]:
        assert isinstance(policy, MatchPolicy)
        scores = {"stage": float(policy.stage)} | measure(policy, held_out)
        progress(update, scores)
        promoted = promotion(scores["success"])
        if promoted and config.stage is None and int(policy.stage) < last_stage:
            policy.enter(int(policy.stage) + 1)
        return scores

    pool = make_pool(config.workers, partial(_make_worker, config, run.seed))
    try:
        train(config.loop, pool, algorithm, run, config.updates, evaluate)
    finally:
        pool.close()
    return policy


@torch.no_grad()
def measure(policy: MatchPolicy, env: MatchEnv, seed: int = _HELD_OUT_SEED) -> dict[str, float]:
    """Scores of one held-out episode in each row, without exploring.

    Returns:
        `success` (share), `loss` of the best sound of an episode (mean), `start_loss` and `steps` (means).
    """
    _prepare(env, policy)

    def act(observations: Any) -> Any:
        flat = torch.from_numpy(flatten(env.single_observation_space, observations))
        return policy.mode(flat).numpy()

    return play(env, act, seed)


def measure_random(env: MatchEnv, seed: int = _HELD_OUT_SEED) -> dict[str, float]:
    """The same scores of an agent that acts at random."""
    rng = np.random.default_rng(seed)
    modules = np.flatnonzero(env.exposed_modules)

    def act(_: Any) -> Any:
        if env.action_view == "all":
            return rng.uniform(-1, 1, (env.num_envs, len(env.synth.controls))).astype(np.float32)
        deltas = rng.uniform(-1, 1, (env.num_envs, env.moves.width))
        return np.column_stack([rng.choice(modules, env.num_envs), deltas]).astype(np.float32)

    return play(env, act, seed)


def play(env: MatchEnv, act: Callable[[Any], Any], seed: int) -> dict[str, float]:
    """Scores of the first episode of each row, given flat actions for observations."""
    observations, info = env.reset(seed=seed)
    start = info["loss"]
    runs = np.ones(env.num_envs, np.bool_)
    best, success, steps = start.copy(), np.zeros(env.num_envs, np.bool_), np.zeros(env.num_envs)
    while runs.any():
        actions = to_env(env.single_action_space, act(observations))
        observations, _, terminated, truncated, info = env.step(actions)
        over = terminated | truncated
        last = info["final_info"]["best_loss"] if over.any() else info["best_loss"]
        best_now = np.where(over, last, info["best_loss"])
        best = np.where(runs, best_now, best)
        success |= runs & terminated
        steps += runs
        runs &= ~over
    return {
        "success": float(success.mean()),
        "loss": float(best.mean()),
        "start_loss": float(start.mean()),
        "steps": float(steps.mean()),
    }


def run_config(config: MatchConfig) -> dict[str, object]:
    """The configuration as a run keeps it."""
    return {"recipe": "match", **asdict(config)}


def _make_worker(config: MatchConfig, seed: int, index: int) -> RolloutWorker:
    return RolloutWorker(
        partial(make_env, config, config.num_envs),
        partial(make_policy, config),
        seed,
        index,
        extras=("demonstration",) if config.cloning > 0 else (),
        episode_keys=EPISODE_KEYS,
        prepare=_prepare,
    )


def _prepare(env: Any, policy: ActorCritic) -> None:
    assert isinstance(policy, MatchPolicy)
    if env.stage.name != policy.stage_name:
        env.set_stage(policy.stage_name)
