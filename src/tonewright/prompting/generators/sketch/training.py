"""Training the sketch: a flow learns composed pieces by captions of what is known and measured of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from tonewright.errors import UsageError
from tonewright.files import StrPath
from tonewright.learning.averaging import follow, warm_cosine
from tonewright.learning.checkpoints import TrainingState
from tonewright.learning.devices import device_of
from tonewright.learning.export import export_network
from tonewright.learning.runs import Run
from tonewright.prompting.briefs.brief import FASTEST_BPM, SLOWEST_BPM
from tonewright.prompting.generators.sketch.captioning import caption
from tonewright.prompting.generators.sketch.generator import KIND, VERSION
from tonewright.prompting.generators.sketch.latents import SIZE, encode, weights
from tonewright.prompting.generators.sketch.network import Flow
from tonewright.prompting.generators.sketch.piece import PIECE
from tonewright.prompting.generators.sketch.songbook import Songbook, make_songbook
from tonewright.prompting.generators.sketch.text import LENGTH, Reader, learn_words, tempo_of, tempo_word

_MOST_GRADIENT = 1.0
_HELD_OUT_SHARE = 0.03
_SONGBOOK = "songbook.npz"
_CURVE, _CURVE_SIZE = 6, 0.3
"""Waves that the words of tempos begin as, and how large."""
_WEIGHTS = torch.from_numpy(weights())


@dataclass(frozen=True)
class SketchConfig:
    """What decides how a sketch is trained."""

    songbook: str = ""
    """File of pieces that were composed, played and measured; made in the folder of the run unless named."""
    pieces: int = 3_000
    """How many of each category it gets, where it is made."""
    captions: int = 12
    """How many captions each piece gets."""
    updates: int = 15_000
    """Gradient steps."""
    batch: int = 256
    """Pieces in each."""
    learning_rate: float = 1.5e-3
    """Highest; it warms up over the first 1 % of the updates and falls along a cosine to 0."""
    average: float = 0.999
    """How slowly the averaged weights, which are used in the end, follow the trained ones."""
    without_text: float = 0.12
    """Share of the pieces whose text is left out, so that there is something to be guided away from."""
    forgotten: float = 0.03
    """Share of the words that are replaced by an unknown one."""
    width: int = 400
    """Of the blocks."""
    depth: int = 5
    """How many blocks."""
    most_words: int = 1_500
    """Words it knows at most."""
    log_every: int = 100
    """Updates between lines of the log."""
    checkpoint_every: int = 1_000
    """Updates between checkpoints and held-out measurements."""

    def __post_init__(self) -> None:
        for name in (
            "pieces",
            "captions",
            "updates",
            "batch",
            "width",
            "depth",
            "most_words",
            "log_every",
            "checkpoint_every",
        ):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} is 1 or more; got {getattr(self, name)}")
        for name in ("without_text", "forgotten", "average"):
            if not 0 <= getattr(self, name) < 1:
                raise UsageError(f"{name} is 0 or more, and below 1; got {getattr(self, name)}")


class _Examples:
    """Pieces with some captions each.

    Args:
        songbook: The pieces.
        config: How to train.
        seed: Decides captions, and which pieces are held out.
    """

    def __init__(self, songbook: Songbook, config: SketchConfig, seed: int) -> None:
        self._config = config
        self._latents = encode(songbook.units)
        order = np.random.default_rng([seed, 1]).permutation(len(songbook))
        kept = round(_HELD_OUT_SHARE * len(order))
        self.held_out, self.trained_on = order[:kept], order[kept:]
        rng = np.random.default_rng([seed, 2])
        texts = [
            [caption(known, tones, float(seconds), rng) for _ in range(config.captions)]
            for known, tones, seconds in zip(songbook.known, songbook.tones, songbook.seconds, strict=True)
        ]
        tempos = [tempo_word(bpm) for bpm in range(round(SLOWEST_BPM), round(FASTEST_BPM) + 1)]
        common = learn_words((text for row in self.trained_on for text in texts[row]), config.most_words)
        self.read = Reader(list(dict.fromkeys([*common, *tempos])))
        self._tokens = np.stack([self.read(some) for some in texts])  # [N, captions, LENGTH]

    def draw(self, rng: np.random.Generator, rows: NDArray[np.intp]) -> tuple[torch.Tensor, torch.Tensor]:
        """Latents and numbers of words of some rows, each with one of its captions."""
        tokens = self._tokens[rows, rng.integers(self._config.captions, size=len(rows))]
        tokens[(rng.random(tokens.shape) < self._config.forgotten) & (tokens > 0)] = 1
        tokens[rng.random(len(tokens)) < self._config.without_text] = 0
        longest = max(1, int((tokens > 0).sum(axis=1).max(initial=0)))
        tokens = tokens[:, :longest]  # most of the work is in words that are not there
        return torch.from_numpy(self._latents[rows]), torch.from_numpy(tokens)


def make_flow(config: SketchConfig, read: Reader, seed: int = 0) -> Flow:
    """A flow, untrained; the seed gives its first weights.

    Words of tempos begin as a curve through the space of words, so that what is learned of one tempo holds
    for those beside it.
    """
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(seed)
        flow = Flow(SIZE, read.size, width=config.width, depth=config.depth)
        curve = torch.randn(2 * _CURVE + 1, flow.text.words.shape[1])
    tempos = [(read.number(word), bpm) for word in read.known if (bpm := tempo_of(word)) is not None]
    octaves = torch.tensor([math.log2(bpm / 110) for _, bpm in tempos])[:, None]
    turns = octaves * torch.arange(1, _CURVE + 1)
    waves = torch.cat([octaves, torch.sin(turns), torch.cos(turns)], dim=1)
    with torch.no_grad():
        flow.text.words[torch.tensor([row for row, _ in tempos], dtype=torch.long)] = (
            _CURVE_SIZE * waves @ curve
        )
    return flow


def open_songbook(
    run: Run,
    config: SketchConfig,
    *,
    workers: int = 1,
    progress: Callable[[int], None] = lambda done: None,
) -> Songbook:
    """The songbook of a run, which is composed first if it is not there.

    Args:
        run: The run.
        config: How to train.
        workers: Processes that compose.
        progress: Called with how many pieces have been composed since.

    Raises:
        CheckpointError: It is damaged, or a named one is missing.
    """
    path = Path(config.songbook) if config.songbook else run.folder / _SONGBOOK
    if not config.songbook and not path.exists():
        make_songbook(config.pieces, seed=run.seed, workers=workers, progress=progress).save(path)
    return Songbook.load(path)


def train_sketch(
    run: Run,
    config: SketchConfig,
    *,
    device: str | None = None,
    progress: Callable[[int, dict[str, float]], None] = lambda update, scalars: None,
) -> tuple[Flow, list[str]]:
    """Train, or go on with, a sketch.

    Args:
        run: Where log and checkpoints go; its `config` should be `run_config(config)`.
        config: How to train.
        device: Where it runs, as torch names it; a GPU if there is one unless given. Whatever is random is
            drawn on the processor, so that it is the same.
        progress: Called after each update, with its numbers where they are logged.

    Returns:
        The flow with averaged weights, and the words it knows.

    Raises:
        UsageError: The run has done more updates than that, or the device is not there.
        CheckpointError: The songbook is missing or damaged.
    """
    device = device_of(device, "a training")
    examples = _Examples(open_songbook(run, config), config, run.seed)
    flow, averaged = (make_flow(config, examples.read, run.seed).to(device) for _ in range(2))
    optimizer = torch.optim.AdamW(flow.parameters(), lr=config.learning_rate, betas=(0.9, 0.99))
    generator = torch.Generator().manual_seed(run.seed)
    state = TrainingState({"flow": flow, "averaged": averaged}, {"flow": optimizer}, {"noise": generator})
    run.check_total(config.updates)
    restored = run.restore(state)
    recent = [float(error) for error in ([] if restored is None else restored.values.get("recent", []))]
    for update in range(run.first_step, config.updates):
        rng = np.random.default_rng([run.seed, 3, update])
        rows = examples.trained_on[rng.integers(len(examples.trained_on), size=config.batch)]
        for group in optimizer.param_groups:
            group["lr"] = config.learning_rate * warm_cosine(update, config.updates)
        loss = _error(flow, *examples.draw(rng, rows), generator)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(flow.parameters(), _MOST_GRADIENT)
        optimizer.step()
        follow(averaged, flow, config.average, update)
        recent.append(loss.item())
        last = update == config.updates - 1
        checkpoint = last or (update + 1) % config.checkpoint_every == 0
        scalars: dict[str, float] = {}
        if checkpoint or (update + 1) % config.log_every == 0:
            scalars = {"flow_error": float(np.mean(recent))}
            recent.clear()
            if checkpoint:
                scalars["held_out_flow_error"] = _held_out(averaged, examples)
            run.log(update, scalars)
        progress(update, scalars)
        if checkpoint or run.first_checkpoint_due:
            run.save(update, state, {"recent": [repr(error) for error in recent]})
    return averaged.cpu(), list(examples.read.known)


def _error(
    flow: Flow, latents: torch.Tensor, tokens: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    device = next(flow.parameters()).device
    noise = torch.randn(latents.shape, generator=generator)
    # More of the middle times, where it is decided what a sound will be (logit-normal, Esser et al. 2024).
    time = torch.sigmoid(torch.randn((len(latents), 1), generator=generator))
    latents, noise, time, tokens = (one.to(device) for one in (latents, noise, time, tokens))
    mixed = (1 - time) * latents + time * noise
    error: torch.Tensor = (
        _WEIGHTS.to(device) * (flow(mixed, time, tokens) - (noise - latents)).square()
    ).mean()
    return error


@torch.no_grad()
def _held_out(flow: Flow, examples: _Examples) -> float:
    generator, rng = torch.Generator().manual_seed(0), np.random.default_rng(0)
    errors = [_error(flow, *examples.draw(rng, examples.held_out), generator).item() for _ in range(4)]
    return float(np.mean(errors))


def export_sketch(
    path: StrPath, flow: Flow, words: list[str], config: SketchConfig, *, overwrite: bool = False
) -> None:
    """Write a sketch as ONNX with its words beside it.

    Raises:
        OutputError: A file is there already or cannot be written.
    """
    generator = torch.Generator().manual_seed(0)
    rows = 13
    export_network(
        path,
        flow,
        {
            "latents": torch.randn(rows, SIZE, generator=generator),
            "time": torch.rand(rows, 1, generator=generator),
            "tokens": torch.randint(0, len(words), (rows, LENGTH), generator=generator).float(),
        },
        ("velocity",),
        kind=KIND,
        configuration={**run_config(replace(config, songbook="")), "band_version": VERSION, "words": words},
        controls=PIECE.names,
        half=True,
        overwrite=overwrite,
    )


def follows_total(config: SketchConfig) -> list[str]:
    """What depends on how many updates there are in all, in words."""
    return ["the learning rate"]


def run_config(config: SketchConfig) -> dict[str, object]:
    """The configuration as a run keeps it."""
    return {"recipe": "sketch", **asdict(config)}
