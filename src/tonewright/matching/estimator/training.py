"""Training the estimator: endless rendered examples, one pass, an average of the weights at the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch import Tensor

from tonewright.errors import UsageError
from tonewright.learning.averaging import follow, warm_cosine
from tonewright.learning.checkpoints import TrainingState
from tonewright.learning.runs import Run
from tonewright.learning.supply import HELD_OUT, Supply
from tonewright.matching.estimator.examples import SECONDS, Examples, draw_examples
from tonewright.matching.estimator.network import Estimator, Layout
from tonewright.matching.hearing.cells import HEARING_RATE_HZ
from tonewright.synths import synth as make_synth
from tonewright.synths.base import Synth

_HELD_OUT_BATCHES = 8
_CHOICE_WEIGHT = 0.2
_MOST_GRADIENT = 1.0


@dataclass(frozen=True)
class EstimatorConfig:
    """What decides how an estimator is trained."""

    synth: str = "serum-lite"
    """Registered name, or scheme:PATH."""
    updates: int = 60_000
    """Gradient steps."""
    batch: int = 256
    """Examples in each."""
    reuse: int = 4
    """How often each example is learned from."""
    mixed_precision: bool = False
    """Compute in bfloat16 where that is safe: twice as fast on processors that have units for it."""
    durations_s: tuple[float, ...] = SECONDS
    """Durations of the examples, in seconds; each batch has one of them."""
    learning_rate: float = 1e-3
    """Highest; it warms up over the first 1 % of the updates and falls along a cosine to 0."""
    average: float = 0.999
    """How slowly the averaged weights, which are used in the end, follow the trained ones."""
    width: int = 512
    """Of the encoding."""
    depth: int = 2
    """Residual blocks of the encoder."""
    flow_width: int = 384
    """Of the velocity field."""
    flow_depth: int = 3
    """Its residual blocks."""
    log_every: int = 100
    """Updates between lines of the log."""
    checkpoint_every: int = 1000
    """Updates between checkpoints and held-out measurements."""

    def __post_init__(self) -> None:
        for name in ("updates", "batch", "reuse", "width", "flow_width", "log_every", "checkpoint_every"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} is 1 or more; got {getattr(self, name)}")
        if not (self.durations_s and 0.05 <= min(self.durations_s) <= max(self.durations_s) <= 4):
            raise UsageError(f"durations_s lie between 0.05 and 4; got {self.durations_s}")
        if not (0 < self.learning_rate < 1 and 0 <= self.average < 1):
            raise UsageError(
                "learning_rate lies between 0 and 1, average from 0 up to 1;"
                f" got {self.learning_rate} and {self.average}"
            )


def make_estimator(config: EstimatorConfig, seed: int = 0) -> Estimator:
    """An estimator for a synth, untrained; the seed gives its first weights.

    Raises:
        UnknownNameError: No such synth.
    """
    layout = Layout(make_synth(config.synth, HEARING_RATE_HZ).controls)
    with torch.random.fork_rng(devices=()):  # torch's layers draw from the global random numbers
        torch.manual_seed(seed)
        return Estimator(
            layout.steps,
            layout.flowing,
            width=config.width,
            depth=config.depth,
            flow_width=config.flow_width,
            flow_depth=config.flow_depth,
        )


def train_estimator(
    run: Run,
    config: EstimatorConfig,
    *,
    progress: Callable[[int, dict[str, float]], None] = lambda update, scalars: None,
) -> Estimator:
    """Train, or go on with, an estimator.

    Every example depends on the run's seed and its number alone: a run that is killed and resumed learns what
    one that was never interrupted does. One that has ended is extended by more `updates`.

    Args:
        run: Where log and checkpoints go; its `config` should be `run_config(config)`.
        config: How to train.
        progress: Called after each update, with its numbers where they are logged.

    Returns:
        The estimator with averaged weights.

    Raises:
        UsageError: The run has done more updates than that.
    """
    synth = make_synth(config.synth, HEARING_RATE_HZ)
    network, averaged = make_estimator(config, run.seed), make_estimator(config, run.seed)
    optimizer = torch.optim.AdamW(network.parameters(), lr=config.learning_rate, betas=(0.9, 0.98))
    generator = torch.Generator().manual_seed(run.seed)
    state = TrainingState(
        {"network": network, "averaged": averaged}, {"network": optimizer}, {"noise": generator}
    )
    run.check_total(config.updates)
    restored = run.restore(state)
    layout = Layout(synth.controls)
    kept = [] if restored is None else restored.values.get("recent", [])
    recent = [(float(surprise), float(error)) for surprise, error in kept]

    def draw(rng: np.random.Generator) -> Examples:
        return draw_examples(synth, rng, config.batch, config.durations_s)

    with Supply(draw, run.seed, run.first_step, reuse=config.reuse) as examples:
        for update in range(run.first_step, config.updates):
            for group in optimizer.param_groups:
                group["lr"] = config.learning_rate * warm_cosine(update, config.updates)
            with torch.autocast("cpu", torch.bfloat16, enabled=config.mixed_precision):
                surprise, error = _losses(network, layout, next(examples), generator)
            loss = _CHOICE_WEIGHT * surprise + error
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(network.parameters(), _MOST_GRADIENT)
            optimizer.step()
            follow(averaged, network, config.average, update)
            recent.append((surprise.item(), error.item()))
            scalars: dict[str, float] = {}
            last = update == config.updates - 1
            checkpoint = last or (update + 1) % config.checkpoint_every == 0
            if checkpoint or (update + 1) % config.log_every == 0:
                means = np.mean(recent, axis=0)
                recent.clear()
                scalars = {"choice_nats": float(means[0]), "flow_error": float(means[1])}
                if checkpoint:
                    scalars |= _held_out(averaged, layout, synth, config, run.seed)
                run.log(update, scalars)
            progress(update, scalars)
            if checkpoint or run.first_checkpoint_due:
                run.save(update, state, {"recent": [list(map(repr, pair)) for pair in recent]})
    return averaged


def _losses(
    network: Estimator, layout: Layout, examples: Examples, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    picture, spectra, scalars = (torch.from_numpy(part) for part in examples.inputs)
    bins = (examples.params[:, layout.discrete] * np.array(layout.steps)).astype(np.int64)
    values = np.concatenate([examples.params[:, layout.continuous], examples.gate[:, None]], axis=1)
    surprise, error = network.losses(
        picture, spectra, scalars, torch.from_numpy(bins), torch.from_numpy(values), generator
    )
    return surprise.mean(), error.mean()


@torch.no_grad()
def _held_out(
    network: Estimator, layout: Layout, synth: Synth, config: EstimatorConfig, seed: int
) -> dict[str, float]:
    generator = torch.Generator().manual_seed(0)
    losses = []
    for number in range(HELD_OUT, HELD_OUT + _HELD_OUT_BATCHES):
        rng = np.random.default_rng([seed, number])
        examples = draw_examples(synth, rng, config.batch, config.durations_s)
        losses.append([loss.item() for loss in _losses(network, layout, examples, generator)])
    surprise, error = np.mean(losses, axis=0)
    return {"held_out_choice_nats": float(surprise), "held_out_flow_error": float(error)}


def follows_total(config: EstimatorConfig) -> list[str]:
    """What depends on how many updates there are in all, in words."""
    return ["the learning rate"]


def run_config(config: EstimatorConfig) -> dict[str, object]:
    """The configuration as a run keeps it."""
    return {"recipe": "estimator", **asdict(config)}
