"""Training the match agent: PPO with demonstrations, stage by stage, promoted on held-out success."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import Any

from tonewright.errors import CheckpointError, UsageError
from tonewright.learning.checkpoints import restore_module
from tonewright.learning.policy import ActorCritic
from tonewright.learning.pools import make_pool, parse_workers
from tonewright.learning.ppo import PPO, PPOConfig
from tonewright.learning.rollout import RolloutWorker
from tonewright.learning.runs import Run, last_checkpoint, read_metrics
from tonewright.learning.terms import BehaviouralCloning
from tonewright.learning.training import Progress, TrainConfig, train
from tonewright.matching.agent.curriculum import Promotion, stage, stages
from tonewright.matching.agent.policy import MatchPolicy
from tonewright.matching.agent.validation import NEAR, enter_stage, keep_sounds, measure, measure_random
from tonewright.matching.environment import EPISODE_KEYS, MatchEnv
from tonewright.matching.episode_config import EpisodeConfig
from tonewright.matching.episodes import SOURCES, Bank, Targets, make_targets
from tonewright.matching.hearing.cells import HEARING_RATE_HZ
from tonewright.matching.networks.starts import Proposed
from tonewright.synths import synth as make_synth

# Few steps in an episode, since other targets teach more than later steps.
_EPISODES = EpisodeConfig(
    action_view="all", seconds=1.0, durations_s=(0.15, 4.0), start_near=0.5, max_episode_steps=4
)
_IMITATION = PPOConfig(
    learning_rate=6e-4, minibatch_size=256, entropy_weight=0.0, policy_from=1.0, max_grad_norm=50.0
)


@dataclass(frozen=True)
class MatchConfig:
    """What decides how a match agent is trained."""

    episodes: EpisodeConfig = field(default_factory=lambda: _EPISODES)
    """What is played; without a stage of its own a run starts with the first and is promoted."""
    start_from: str | None = None
    """Folder of another run whose agent learns on: of the same synth, action view and hidden layers."""
    warm_start: str | None = None
    """Start where an estimator proposes: 'shipped' or a training's folder; else from the neutral preset."""
    num_envs: int = 256
    """Environments of each worker."""
    workers: str = "local"
    """local, local:N, or ray:N."""
    hidden: tuple[int, ...] = (256, 256)
    """Width of each hidden layer."""
    updates: int = 160
    """Updates in all."""
    cloning: float = 10.0
    """Weight of imitating demonstrations at the start; 0 for none. Recordings come without."""
    cloning_until: float = 1.0
    """Share of the training at which that weight has fallen to 0."""
    held_out: int = 64
    """Held-out episodes of each evaluation."""
    held_out_steps: int = EpisodeConfig.max_episode_steps
    """Their steps."""
    promote_below: float = 0.2
    """Loss that a held-out episode has to reach to count for promotion."""
    promote_at: float = 0.6
    """Share of held-out episodes that reach it at which a stage counts as learned."""
    patience: int = 4
    """Evaluations after which a stage is left all the same; learned takes two."""
    ppo: PPOConfig = field(default_factory=lambda: _IMITATION)
    """How the agent learns from rollouts: by imitation alone, unless policy_from is below 1."""
    loop: TrainConfig = field(default_factory=lambda: TrainConfig(steps=64, checkpoint_every=10))
    """How often things happen."""

    def __post_init__(self) -> None:
        for name in ("num_envs", "updates", "held_out", "held_out_steps", "patience"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} is 1 or more; got {getattr(self, name)}")
        if not (self.hidden and min(self.hidden) >= 1):
            raise UsageError(f"hidden is one width or more, each above 0; got {self.hidden}")
        parse_workers(self.workers)
        BehaviouralCloning(self.cloning, self.cloning_until)  # raises if they make no sense
        for name in ("promote_at", "promote_below"):
            if not 0 < getattr(self, name) <= 1:
                raise UsageError(f"{name} lies above 0 and up to 1; got {getattr(self, name)}")


def make_env(config: MatchConfig, num_envs: int, *, held_out: bool = False) -> MatchEnv:
    """The environments of a configuration, in its pinned stage or else the first.

    Held-out episodes never start near the target's preset, and random targets fill what is heard in them.
    Of factory presets and of a folder of sounds every fifth is held out, if there are five.

    Raises:
        CheckpointError: There is no estimator to start from.
    """
    episodes = config.episodes
    synth = make_synth(episodes.synth, HEARING_RATE_HZ)
    first = stages(synth)[0].name
    targets: str | Targets = episodes.targets
    if targets != "random":
        bank = make_targets(targets, synth, round(episodes.seconds * HEARING_RATE_HZ), stage(synth, first))
        targets = bank.part(held_out=held_out) if isinstance(bank, Bank) else bank
    networks = None if config.warm_start == "shipped" else config.warm_start
    if held_out:
        episodes = replace(
            episodes, durations_s=None, start_near=0.0, max_episode_steps=config.held_out_steps
        )
    return MatchEnv(
        num_envs,
        replace(episodes, stage=episodes.stage or first),
        targets=targets,
        warm_start=None if config.warm_start is None else Proposed(episodes.synth, networks),
    )


def make_policy(config: MatchConfig, seed: int = 0) -> MatchPolicy:
    """A policy for the environments of a configuration, untrained."""
    return MatchPolicy(make_env(config, 1), config.hidden, seed=seed)


def first_policy(config: MatchConfig, seed: int = 0) -> MatchPolicy:
    """The policy that a training begins with: untrained, or that of `start_from` in the stage it had reached.

    Raises:
        CheckpointError: `start_from` is no run, or one of another kind.
    """
    policy = make_policy(config, seed)
    if config.start_from is not None:
        other, checkpoint = last_checkpoint(config.start_from)
        theirs = _what_fits(other)
        for name, here in _what_fits(run_config(config)).items():
            if theirs[name] != here:
                raise CheckpointError(
                    f"{config.start_from!r} is a run of {name} {theirs[name]!r}; here it is {here!r}"
                )
        pinned = int(policy.stage)
        restore_module(checkpoint, "policy", policy)
        if config.episodes.stage is not None:
            policy.enter(pinned)
    return policy


def train_match(
    run: Run,
    config: MatchConfig,
    *,
    progress: Progress = lambda update, scores: None,
) -> MatchPolicy:
    """Train, or go on with, a match agent.

    Args:
        run: Where log and checkpoints go; its `config` should be `run_config(config)`.
        config: How to train.
        progress: Called after each update, with its held-out scores where it was evaluated.

    Returns:
        The trained policy.

    Raises:
        UsageError: The run has done more updates than that.
    """
    policy = first_policy(config, run.seed) if run.first_step == 0 else make_policy(config, run.seed)
    imitates = _imitates(config)
    terms = [BehaviouralCloning(config.cloning, config.cloning_until)] if imitates else []
    # Where there is nothing to imitate, the reward teaches from the start.
    ppo = config.ppo if imitates else replace(config.ppo, policy_from=0.0)
    algorithm = PPO(policy, ppo, terms, seed=run.seed)
    held_out = make_env(config, config.held_out, held_out=True)
    promotion = Promotion(config.promote_at, patience=config.patience)
    left = None  # stage that was learned when the run was last evaluated, if it was
    for line in read_metrics(run.folder):  # of a run that goes on
        if "evaluation/reached" in line:
            left = line["evaluation/stage"] if promotion(line["evaluation/reached"]) else None
    last_stage = len(held_out.stage_names) - 1
    at_random: dict[float, dict[str, float]] = {}  # scores of an agent that acts at random, by stage

    def evaluate(policy: ActorCritic, update: int) -> dict[str, float]:
        assert isinstance(policy, MatchPolicy)
        stage = float(policy.stage)
        played = measure(policy, held_out)
        reached = float((played.losses < config.promote_below).mean())
        scores = {"stage": stage, "reached": reached} | played.scores
        keep_sounds(run, update, played)
        if stage not in at_random:
            at_random[stage] = measure_random(held_out).scores
        beside = ("success", "loss", *(f"below_{loss}" for loss in NEAR))
        scores |= {f"random_{name}": at_random[stage][name] for name in beside}
        # What is saved at the end was trained in its stage.
        if promotion(reached) and update + 1 < config.updates:
            leave_stage(policy)
        return scores

    def leave_stage(policy: MatchPolicy) -> None:
        if config.episodes.stage is None and int(policy.stage) < last_stage:
            policy.enter(int(policy.stage) + 1)

    def begin() -> None:
        if run.first_step < config.updates and left == int(policy.stage):  # a run that had ended goes on
            leave_stage(policy)

    pool = make_pool(config.workers, partial(_make_worker, config, run.seed))
    try:
        train(config.loop, pool, algorithm, run, config.updates, evaluate, progress, begin)
    finally:
        pool.close()
    return policy


def follows_total(config: MatchConfig) -> list[str]:
    """What depends on how many updates there are in all, in words."""
    found = ["the learning rate"] if config.ppo.anneal else []
    if _imitates(config):
        found.append("the weight of imitation")
        if 0 < config.ppo.policy_from < 1:
            found.append("when the reward begins to teach")
    return found


def _imitates(config: MatchConfig) -> bool:
    """Whether there are demonstrations to learn from: recordings come without."""
    return config.cloning > 0 and config.episodes.targets in SOURCES


def run_config(config: MatchConfig) -> dict[str, object]:
    """The configuration as a run keeps it."""
    return {"recipe": "match", **asdict(config)}


def _what_fits(config: Mapping[str, Any]) -> dict[str, object]:
    """What two runs have in common if the agent of one can learn on in the other."""
    episodes = config.get("episodes", {})
    return {"recipe": config.get("recipe")} | {name: episodes.get(name) for name in ("synth", "action_view")}


def _make_worker(config: MatchConfig, seed: int, index: int) -> RolloutWorker:
    return RolloutWorker(
        partial(make_env, config, config.num_envs),
        partial(make_policy, config),
        seed,
        index,
        extras=("demonstration",) if config.cloning > 0 else (),
        episode_keys=EPISODE_KEYS,
        prepare=enter_stage,
    )
