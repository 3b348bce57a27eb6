"""What a search minimises: render, hear, compare, and remember the best heard so far."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tonewright.distances.loss import TrainingLoss
from tonewright.matching.search.budget import Budget, BudgetSpent
from tonewright.matching.search.space import SearchSpace
from tonewright.synths.base import Synth

_CHUNK_SAMPLES = 4_000_000  # rendered at once: 16 MB
Progress = Callable[[int, float], None]
"""Called with the renders spent and the best loss so far."""


class Objective:
    """Training loss of points of a search space against one target.

    Never forgets the best: `points` and `losses` hold the `keep` best different points heard so far, and
    `improvements` every point that was the best when it was heard, with the renders spent by then.
    `run_bests` holds loss and point of the best of each run, between `begin_run` and `end_run`.

    Args:
        synth: Renders the points.
        space: What they mean.
        target: `[frames]` float32 at the rate of the synth.
        budget: What may be spent. The call that would exceed the renders renders what is left and raises
            `BudgetSpent`; the seconds are looked at after every batch.
        seed: Seed of the noise in the synth.
        keep: How many of the best points are kept.
        progress: Told after every batch.
    """

    def __init__(
        self,
        synth: Synth,
        space: SearchSpace,
        target: NDArray[np.float32],
        budget: Budget,
        *,
        seed: int,
        keep: int = 16,
        progress: Progress = lambda renders, best: None,
    ) -> None:
        self.synth, self.space, self.target = synth, space, target
        self.budget, self.seed, self.keep = budget, seed, keep
        self.points = np.empty((0, len(space)), np.float32)
        self.losses = np.empty(0, np.float64)
        self.improvements: list[tuple[int, float, NDArray[np.float32]]] = []
        self.run_bests: list[tuple[float, NDArray[np.float32]]] = []
        self._in_run = False
        self._progress = progress
        self._loss = TrainingLoss(synth.sample_rate_hz, len(target))
        self._analysis = self._loss.analyse(target[None])

    @property
    def renders(self) -> int:
        """Renders spent so far."""
        return self.budget.spent

    @property
    def best(self) -> float:
        """Smallest loss so far; infinite before the first call."""
        return float(self.losses[0]) if len(self.losses) else np.inf

    def begin_run(self) -> None:
        """Announce a run from another start, whose best is kept beside those of earlier runs."""
        self.run_bests.append((np.inf, np.empty(0, np.float32)))
        self._in_run = True

    def end_run(self) -> None:
        """What is heard from now on starts from the best of all runs, and belongs to none of them."""
        self._in_run = False

    def contenders(self, nearly_best: float, run_best: float) -> NDArray[np.float32]:
        """Points `[n, N]` that the ear should choose from, the best first.

        Args:
            nearly_best: The best points count up to so many times the smallest loss.
            run_best: The best of each run counts up to so many times the smallest loss.
        """
        near = self.points[self.losses <= nearly_best * self.best]
        others = [
            point
            for loss, point in self.run_bests
            if len(point) and loss <= run_best * self.best and not (near == point).all(axis=1).any()
        ]
        return np.concatenate([near, *(point[None] for point in others)])

    def render(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Audio `[batch, frames]` of points; spends nothing."""
        notes = self.space.notes(points)
        seconds = len(self.target) / self.synth.sample_rate_hz
        audio = self.synth.render(notes.params, notes.midi_note, seconds, notes.gate_seconds, self.seed)
        return audio[:, : len(self.target)]

    def __call__(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Losses `[batch]` of points `[batch, N]`; points outside the space are moved into it first.

        Raises:
            BudgetSpent: There were not enough renders left for all of them, or the time is up.
        """
        rows = max(1, _CHUNK_SAMPLES // len(self.target))
        losses = [
            self.render_and_compare(points[first : first + rows])[0] for first in range(0, len(points), rows)
        ]
        return np.concatenate(losses) if losses else np.empty(0)

    def render_and_compare(
        self, points: NDArray[np.floating]
    ) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        """Losses `[batch]` and sounds `[batch, frames]` of points `[batch, N]`, rendered all at once.

        Raises:
            BudgetSpent: There were not enough renders left for all of them, or the time is up.
        """
        decoded = self.space.decode(points)[: self.budget.left]
        audio = self.render(decoded)
        losses = self._loss(audio, self._analysis).total
        self._remember(decoded, losses)
        self.budget.spend(len(decoded))
        self._progress(self.renders, self.best)
        if len(decoded) < len(points) or self.budget.time_is_up():
            raise BudgetSpent
        return losses, audio

    def terms(self, audio: NDArray[np.float32]) -> dict[str, float]:
        """Training loss of one sound `[frames]`: `total` and each term by name."""
        loss = self._loss(audio[None], self._analysis)
        return {"total": float(loss.total[0])} | {name: float(term[0]) for name, term in loss.terms.items()}

    def _remember(self, points: NDArray[np.float32], losses: NDArray[np.float64]) -> None:
        best = self.best
        for row, loss in enumerate(losses):
            if loss < best:
                best = float(loss)
                self.improvements.append((self.renders + row + 1, best, points[row].copy()))
        if self._in_run and len(losses):
            row = int(np.argmin(losses))
            if losses[row] < self.run_bests[-1][0]:
                self.run_bests[-1] = (float(losses[row]), points[row].copy())
        all_points = np.concatenate([self.points, points])
        all_losses = np.concatenate([self.losses, losses])
        order = np.argsort(all_losses, kind="stable")[: 4 * self.keep]
        _, first = np.unique(all_points[order], axis=0, return_index=True)
        kept = order[np.sort(first)[: self.keep]]
        self.points, self.losses = all_points[kept], all_losses[kept]
