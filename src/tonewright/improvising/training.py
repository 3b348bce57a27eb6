"""Training an improvising agent: our PPO with demonstrations, or an algorithm of Stable-Baselines3."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tonewright.checks import check_number, check_whole
from tonewright.errors import UnknownNameError, UsageError
from tonewright.improvising.corpus.files import read_corpus
from tonewright.improvising.environment import ImproviseEnv
from tonewright.improvising.episode_config import ImproviseConfig
from tonewright.improvising.following.phrases import held_out_phrases
from tonewright.improvising.playing.baselines import hold, limited
from tonewright.improvising.playing.performing import Performance, Player, perform
from tonewright.improvising.setting import Setting
from tonewright.learning.heads import head_for
from tonewright.learning.policy import ActorCritic
from tonewright.learning.pools import make_pool, parse_workers
from tonewright.learning.ppo import PPO, PPOConfig
from tonewright.learning.rollout import RolloutWorker
from tonewright.learning.runs import Run
from tonewright.learning.spaces import flatten, observation_size, to_env
from tonewright.learning.terms import BehaviouralCloning
from tonewright.learning.torch_import import torch
from tonewright.learning.training import Progress, TrainConfig, train

if TYPE_CHECKING:
    from tonewright.learning.sb3.library import BaseAlgorithm

OWN = "ppo"
"""Our own PPO; all others are Stable-Baselines3's and sb3-contrib's."""
# The library's defaults are made for one environment and long horizons. Here rows come in batches, and what
# an action earns shows within some tens of milliseconds (gamma 0.9 looks ten steps ahead).
_ON_POLICY = {"gamma": 0.9, "gae_lambda": 0.9}
_OFF_POLICY = {
    "gamma": 0.9, "buffer_size": 200_000, "batch_size": 256, "train_freq": 1, "gradient_steps": 4,
    "learning_starts": 10_000,
}  # fmt: skip
_DISCRETE = {"exploration_fraction": 0.2, "exploration_final_eps": 0.02, "target_update_interval": 2_000}
_SB3: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "sb3-ppo": (
        "stable_baselines3:PPO", {"n_steps": 32, "batch_size": 2_048, "n_epochs": 4, **_ON_POLICY},
    ),
    "a2c": ("stable_baselines3:A2C", {"n_steps": 8, **_ON_POLICY}),
    "dqn": ("stable_baselines3:DQN", _OFF_POLICY | _DISCRETE),
    "qrdqn": ("sb3_contrib:QRDQN", _OFF_POLICY | _DISCRETE),
    "sac": ("stable_baselines3:SAC", _OFF_POLICY),
    "td3": ("stable_baselines3:TD3", _OFF_POLICY),
    "tqc": ("sb3_contrib:TQC", _OFF_POLICY),
}  # fmt: skip
ALGORITHMS = (OWN, *_SB3)
_VIEWS = {"dqn": ("joint",), "qrdqn": ("joint",)} | dict.fromkeys(("sac", "td3", "tqc"), ("continuous",))
_WALKS, _WALK_STEPS = 16, 200  # held out where there are no recordings


@dataclass(frozen=True)
class TrainImproviseConfig:
    """What decides how an improvising agent is trained."""

    episodes: ImproviseConfig = field(default_factory=lambda: ImproviseConfig(hearing="both"))
    """What is played."""
    algorithm: str = OWN
    """ppo (our own, with demonstrations), or one of Stable-Baselines3: sb3-ppo, a2c, dqn, qrdqn, sac, td3,
    tqc."""
    num_envs: int = 256
    """Environments of each worker."""
    workers: str = "local"
    """local, local:N, or ray:N; of our own PPO alone."""
    hidden: tuple[int, ...] = (256, 256)
    """Width of each hidden layer."""
    updates: int = 480
    """Updates in all."""
    learning_rate: float | None = None
    """Step size of an algorithm of Stable-Baselines3, in place of its own default."""
    cloning: float = 1.0
    """Weight of imitating the step-limited nearest neighbour at the start; 0 for none."""
    cloning_until: float = 1.0
    """Share of the training at which that weight has fallen to 0."""
    ppo: PPOConfig = field(
        default_factory=lambda: PPOConfig(
            learning_rate=1e-3, gamma=0.9, gae_lambda=0.9, minibatch_size=2_048, epochs=4, entropy_weight=1e-3
        )
    )
    """How our own PPO learns from rollouts."""
    loop: TrainConfig = field(default_factory=lambda: TrainConfig(steps=32, checkpoint_every=50))
    """How often things happen."""

    def __post_init__(self) -> None:
        if self.algorithm not in ALGORITHMS:
            raise UnknownNameError("algorithm", self.algorithm, ALGORITHMS)
        check_whole(self.num_envs, "num_envs", 1)
        check_whole(self.updates, "updates", 1)
        if not (self.hidden and min(self.hidden) >= 1):
            raise UsageError(f"hidden is one width or more, each above 0; got {self.hidden}")
        parse_workers(self.workers)
        BehaviouralCloning(self.cloning, self.cloning_until)  # raises if they make no sense
        if self.learning_rate is not None:
            check_number(self.learning_rate, "learning_rate", 0, above=True)
        views = _VIEWS.get(self.algorithm)
        if views and self.episodes.action_view not in views:
            raise UsageError(
                f"{self.algorithm} acts in action_view {views[0]!r}; got {self.episodes.action_view!r}; "
                "choose another view or algorithm"
            )


def suited_view(algorithm: str) -> str | None:
    """The action view that an algorithm needs; None where any will do."""
    return _VIEWS.get(algorithm, (None,))[0]


def make_env(config: TrainImproviseConfig, num_envs: int, *, demonstrations: bool = False) -> ImproviseEnv:
    """The environments of a configuration, with table and corpus from their files; `train` part alone.

    Raises:
        UsageError: A file is missing or does not fit.
    """
    return ImproviseEnv(num_envs, config.episodes, split="train", demonstrations=demonstrations)


def make_policy(config: TrainImproviseConfig, seed: int = 0) -> ActorCritic:
    """A policy of ours for the environments of a configuration, untrained."""
    return _policy(make_env(config, 1), config, seed)


def train_improvise(
    run: Run,
    config: TrainImproviseConfig,
    *,
    progress: Progress = lambda update, scores: None,
) -> tuple[ActorCritic | BaseAlgorithm, Setting]:
    """Train, or go on with, an improvising agent.

    Args:
        run: Where log and checkpoints go; its `config` should be `run_config(config)`.
        config: How to train.
        progress: Called after each update, with its held-out scores where it was evaluated.

    Returns:
        What was trained, and what it plays.

    Raises:
        UsageError: The run has done more updates than that.
    """
    held_out = HeldOut(config)
    train_it = _train_own if config.algorithm == OWN else _train_sb3
    trained: ActorCritic | BaseAlgorithm = train_it(run, config, held_out, progress)
    return trained, held_out.env.setting


class HeldOut:
    """Scores on what training never sees: the corpus's validation part, or random walks without a corpus.

    Args:
        config: How is trained.

    Attributes:
        env: The environment that is played in.
    """

    def __init__(self, config: TrainImproviseConfig) -> None:
        self.env, self._hops = held_out_env(config.episodes)
        # What everybody is measured by, played once.
        self._hold = self._reward(hold)
        self._limited = self._reward(limited(self.env))

    def __call__(self, player: Player) -> dict[str, float]:
        """Reward, distance, and the share of the way from holding still to the step-limited oracle."""
        played = perform(self.env, player, int(self._hops.max()))
        reward, distance = self._means(played)
        gap = self._limited - self._hold
        closed = (reward - self._hold) / gap if gap > 0 else float("nan")
        return {
            "reward": reward,
            "distance": distance,
            "gap_closed": closed,
            "hold_reward": self._hold,
            "oracle_reward": self._limited,
        }

    def _reward(self, player: Player) -> float:
        return self._means(perform(self.env, player, int(self._hops.max())))[0]

    def _means(self, played: Performance) -> tuple[float, float]:
        """Of all hops of all phrases."""
        inside = np.arange(played.rewards.shape[1]) < self._hops[:, None]
        inside[:, 0] = False
        return float(played.rewards[inside].mean()), float(played.distances[inside].mean())


def held_out_env(episodes: ImproviseConfig) -> tuple[ImproviseEnv, NDArray[np.intp]]:
    """Where validation is played, and for how many hops in each row."""
    if episodes.corpus is None:
        walking = replace(
            episodes, hearing="render", training_mode="dynamic", max_episode_steps=_WALK_STEPS + 1
        )
        return ImproviseEnv(_WALKS, walking), np.full(_WALKS, _WALK_STEPS * episodes.hops_per_step)
    corpus = read_corpus(episodes.corpus)
    phrases = held_out_phrases(corpus, "validation")
    hops = np.array([len(phrase.frames) for phrase in phrases])
    endless = replace(episodes, hearing="render", max_episode_steps=int(hops.max()) + 1, reward_noise=0.0)
    return ImproviseEnv(len(phrases), endless, corpus=corpus, phrases=phrases), hops


def run_config(config: TrainImproviseConfig) -> dict[str, object]:
    """The configuration as a run keeps it."""
    return {"recipe": "improvise", **asdict(config)}


def follows_total(config: TrainImproviseConfig) -> list[str]:
    """What depends on how many updates there are in all, in words."""
    if config.algorithm in ("dqn", "qrdqn"):
        return ["exploration"]
    if config.algorithm != OWN:
        return []
    found = ["the learning rate"] if config.ppo.anneal else []
    return [*found, "the weight of imitation"] if config.cloning else found


def _policy(env: ImproviseEnv, config: TrainImproviseConfig, seed: int) -> ActorCritic:
    size = observation_size(env.single_observation_space)
    return ActorCritic(size, head_for(env.single_action_space), config.hidden, seed=seed)


def _train_own(run: Run, config: TrainImproviseConfig, held_out: HeldOut, progress: Progress) -> ActorCritic:
    policy = make_policy(config, run.seed)
    terms = [BehaviouralCloning(config.cloning, config.cloning_until)] if config.cloning else []
    algorithm = PPO(policy, config.ppo, terms, seed=run.seed)
    pool = make_pool(config.workers, partial(_make_worker, config, run.seed))

    def evaluate(policy: ActorCritic, update: int) -> dict[str, float]:
        return held_out(_acting(policy))

    try:
        train(config.loop, pool, algorithm, run, config.updates, evaluate, progress)
    finally:
        pool.close()
    return policy


def _acting(policy: ActorCritic) -> Player:
    """A policy that does what it thinks best."""

    def act(env: ImproviseEnv, observations: Any) -> Any:
        flat = torch.from_numpy(flatten(env.single_observation_space, observations))
        with torch.inference_mode():
            return to_env(env.single_action_space, policy.mode(flat).numpy())

    return act


def _make_worker(config: TrainImproviseConfig, seed: int, index: int) -> RolloutWorker:
    teaches = config.cloning > 0
    return RolloutWorker(
        partial(make_env, config, config.num_envs, demonstrations=teaches),
        partial(make_policy, config),
        seed,
        index,
        extras=("demonstration",) if teaches else (),
        episode_keys=("distance",),
    )


def _train_sb3(
    run: Run, config: TrainImproviseConfig, held_out: HeldOut, progress: Progress
) -> BaseAlgorithm:
    from importlib import import_module

    from tonewright.learning.sb3 import SB3VecEnv, train_sb3

    place, settings = _SB3[config.algorithm]
    module, _, name = place.partition(":")
    make: Callable[..., BaseAlgorithm] = getattr(import_module(module), name)
    given = dict(settings) | ({} if config.learning_rate is None else {"learning_rate": config.learning_rate})
    if "batch_size" in given and "n_steps" in given:  # a small batch of environments fills no large one
        given["batch_size"] = min(given["batch_size"], given["n_steps"] * config.num_envs)
    algorithm = make(
        "MlpPolicy",
        SB3VecEnv(make_env(config, config.num_envs)),
        policy_kwargs={"net_arch": list(config.hidden)},
        seed=run.seed,
        device="cpu",
        **given,
    )

    def evaluate(algorithm: BaseAlgorithm, update: int) -> dict[str, float]:
        def act(env: ImproviseEnv, observations: Any) -> Any:
            return algorithm.predict(flatten(env.single_observation_space, observations), deterministic=True)[
                0
            ]

        return held_out(act)

    total = config.updates * config.loop.steps * config.num_envs
    train_sb3(algorithm, run, config.loop, total, evaluate, progress)
    return algorithm
