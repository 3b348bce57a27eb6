"""Search methods: each spends the render budget of an `Objective`, which keeps the best.

A method is one function `(objective, rng)`; it ends by the `BudgetSpent` that the objective raises.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tonewright.matching.search.objective import Objective

_BATCH = 48  # presets in a generation
_FIRST_LOOK = 512  # random presets heard before the search starts from the best of them
_SPREAD = 0.3  # standard deviation of the first generation, in unit coordinates
POLISH_SPREAD = 0.05
_STARTS = 20
_PATIENCE = 40  # generations without 0.1 % of progress end a run
_PROGRESS = 1e-3
_LEARNING_RATE = 0.15  # of the distribution over discrete values
_LEAST_TRIES = 0.2  # every discrete value is tried at least so often in a generation

SearchMethod = Callable[[Objective, np.random.Generator], None]


def random_search(objective: Objective, rng: np.random.Generator) -> None:
    """Presets drawn uniformly: the baseline."""
    while True:
        objective(objective.space.sample(rng, _BATCH))


def cma_search(objective: Objective, rng: np.random.Generator) -> None:
    """CMA-ES with restarts, from the best of a first look at random presets.

    Half of the first look are simple presets, in which each control stays at its default with probability
    1/2, since people's sounds are simpler than random ones. Each run is followed by a sweep over every value
    of every discrete control and by a finer run around the best.
    """
    points = objective.space.sample(rng, _FIRST_LOOK)
    simple = points[::2]
    neutral = objective.space.neutral()
    simple[:] = np.where((rng.random(simple.shape) < 0.5) & np.isfinite(neutral), neutral, simple)
    starts = points[np.argsort(objective(points))[:_STARTS]]
    run = 0
    while True:
        objective.begin_run()
        evolve(objective, starts[run % _STARTS], _SPREAD, rng)
        objective.end_run()
        sweep(objective)
        evolve(objective, objective.points[0], POLISH_SPREAD, rng)
        run += 1


def around_search(start: NDArray[np.float32]) -> SearchMethod:
    """A search that hears one point first, then runs CMA-ES around it until the budget is spent."""

    def search(objective: Objective, rng: np.random.Generator) -> None:
        objective(start[None])
        while True:
            evolve(objective, objective.points[0], POLISH_SPREAD, rng)

    return search


class _Choices:
    """Discrete coordinates of a generation: drawn from a distribution that learns from the better quarter.

    Half of the probability starts on the values of the starting point, the rest is spread evenly; no value
    ever dies out. (Cross-entropy method; R. Rubinstein, 1999.)
    """

    def __init__(self, integers: dict[int, int], start: NDArray[np.floating]) -> None:
        self.columns = list(integers)
        self._weights = []
        for column, count in integers.items():
            weights = np.full(count, 0.5 / count)
            weights[min(int(start[column] * count), count - 1)] += 0.5
            self._weights.append(weights)

    def sample(self, rng: np.random.Generator, batch: int) -> NDArray[np.float64]:
        """Unit values `[batch, discrete coordinates]`, each in the middle of its bin."""
        columns = [(rng.choice(len(w), size=batch, p=w) + 0.5) / len(w) for w in self._weights]
        return np.stack(columns, axis=1) if columns else np.empty((batch, 0))

    def learn(self, values: NDArray[np.float64], losses: NDArray[np.float64]) -> None:
        """Move towards the values of the better quarter of a generation."""
        better = values[np.argsort(losses)[: len(losses) // 4]]
        for column, weights in enumerate(self._weights):
            count = len(weights)
            bins = np.minimum((better[:, column] * count).astype(int), count - 1)
            share = np.bincount(bins, minlength=count) / len(better)
            mixed = np.maximum(
                (1 - _LEARNING_RATE) * weights + _LEARNING_RATE * share, _LEAST_TRIES / len(losses)
            )
            self._weights[column] = mixed / mixed.sum()


def evolve(
    objective: Objective, start: NDArray[np.floating], spread: float, rng: np.random.Generator
) -> None:
    """One run of CMA-ES over the continuous coordinates, with `_Choices` for the discrete ones."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # cma says at import that it cannot plot without matplotlib
        import cma
    choices = _Choices(objective.space.integers, start)
    continuous = [i for i in range(len(objective.space)) if i not in choices.columns]
    if not continuous:
        _choose(objective, choices, rng)
        return
    strategy = cma.CMAEvolutionStrategy(
        start[continuous].astype(float),
        spread,
        {
            "popsize": _BATCH,
            "verbose": -9,
            "seed": np.nan,  # all randomness comes from our generator
            "randn": lambda *shape: rng.standard_normal(shape),
            "tolfun": 1e-6,
            "tolx": 1e-4,
        },
    )
    best_per_generation: list[float] = []
    while not strategy.stop() and not _stalled(best_per_generation):
        asked = strategy.ask()
        points = np.empty((len(asked), len(objective.space)))
        points[:, continuous] = _mirrored(asked)
        points[:, choices.columns] = choices.sample(rng, len(asked))
        losses = objective(points)
        strategy.tell(asked, losses.tolist())
        choices.learn(points[:, choices.columns], losses)
        best_per_generation.append(float(losses.min()))


def _choose(objective: Objective, choices: _Choices, rng: np.random.Generator) -> None:
    """The same where everything is discrete."""
    best_per_generation: list[float] = []
    while not _stalled(best_per_generation):
        points = choices.sample(rng, _BATCH)
        losses = objective(points)
        choices.learn(points, losses)
        best_per_generation.append(float(losses.min()))


def _mirrored(asked: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Points folded into [0, 1] at its ends, so that the strategy itself knows no bounds."""
    return np.asarray(1 - np.abs(1 - np.mod(np.array(asked), 2)))


def _stalled(history: list[float]) -> bool:
    if len(history) <= _PATIENCE:
        return False
    before = min(history[:-_PATIENCE])
    return min(history[-_PATIENCE:]) > (1 - _PROGRESS) * before


def sweep(objective: Objective) -> None:
    """Hear the best point with every value of every discrete control in turn."""
    rows = []
    for column, count in objective.space.integers.items():
        for value in range(count):
            rows.append(objective.points[0].copy())
            rows[-1][column] = (value + 0.5) / count
    if rows:
        objective(np.array(rows))
