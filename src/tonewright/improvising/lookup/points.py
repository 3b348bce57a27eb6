"""Which points of a synth's controls are measured: a grid, or a Sobol sequence. Both hold both ends."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tonewright.checks import check_whole
from tonewright.errors import UsageError
from tonewright.synths.control import ControlSpace

Layout = Literal["grid", "sobol"]
LAYOUTS: tuple[Layout, ...] = ("grid", "sobol")

ABOUT_POINTS = 8_000
"""How many a table has that nobody asks anything else of."""
MOST_POINTS = 1_000_000
GRID_CONTROLS = 3
"""With more controls than these a grid of so many points is too coarse."""
_ALL_CORNERS = 6
_MOST_CONTROLS = 21_201  # that SciPy has numbers for


@dataclass(frozen=True, eq=False)
class Points:
    """Where a synth is measured.

    Attributes:
        layout: As that of a `LookupTable`.
        grid: The same.
        params: `[points, D]` float32 unit vectors.
    """

    layout: Layout
    grid: tuple[int, ...]
    params: NDArray[np.float32]


def choose_points(
    controls: ControlSpace,
    grid: int | Sequence[int] | None = None,
    sobol: int | None = None,
    seed: int = 0,
) -> Points:
    """The points of a table.

    Args:
        controls: What can be turned.
        grid: Values of each control, from 2: one number for all, or one for each. An integer control has one
            for each of its steps at most.
        sobol: Points of a scrambled Sobol sequence, from 1; `ends` come after them.
        seed: Of the scrambling.

    Returns:
        The points; about 8,000 if neither is given, in a grid for up to three controls.

    Raises:
        UsageError: Both are given, or the points would be too many.
    """
    if grid is not None and sobol is not None:
        raise UsageError(
            f"a table has a grid or a Sobol sequence; got grid={grid} and sobol={sobol}; drop one"
        )
    if grid is None and sobol is None:
        if len(controls) <= GRID_CONTROLS:
            grid = _default_grid(controls)
        else:
            sobol = 1 << round(math.log2(ABOUT_POINTS))  # a power of two keeps the sequence balanced
    if grid is not None:
        return _grid(controls, grid)
    return _sobol(controls, 0 if sobol is None else sobol, seed)


def ends(dimensions: int) -> NDArray[np.float32]:
    """Points that hold both ends of every control, `[n, D]`.

    All corners for up to six controls; for more, both ends of each control with the others in the middle.
    """
    if dimensions <= _ALL_CORNERS:
        return np.array(list(product((0, 1), repeat=dimensions)), np.float32)
    points = np.full((2 * dimensions, dimensions), 0.5, np.float32)
    rows = np.arange(2 * dimensions)
    points[rows, rows // 2] = rows % 2
    return points


def grid_axis(values: int) -> NDArray[np.float32]:
    """The unit values of one control of a grid, `[values]`, evenly spaced from 0 to 1."""
    return np.linspace(0, 1, values, dtype=np.float64).astype(np.float32)


def grid_points(grid: tuple[int, ...]) -> NDArray[np.float32]:
    """All combinations of the values of each control, `[points, D]`, the last control fastest."""
    axes = np.meshgrid(*map(grid_axis, grid), indexing="ij")
    return np.stack(axes, axis=-1).reshape(-1, len(grid))


def _grid(controls: ControlSpace, values: int | Sequence[int]) -> Points:
    each = list(values) if isinstance(values, Sequence) else [values] * len(controls)
    if len(each) != len(controls):
        raise UsageError(
            f"a grid has one number of values for all controls, or one for each of {len(controls)}; got "
            f"{len(each)} numbers"
        )
    for one in each:
        check_whole(one, "grid", 2)
    counts = tuple(min(one, control.steps or one) for one, control in zip(each, controls, strict=True))
    total = math.prod(counts)
    if total > MOST_POINTS:
        most = int(MOST_POINTS ** (1 / len(counts)) + 1e-9)
        remedy = f"a grid of {most} at most, or a Sobol sequence" if most > 1 else "a Sobol sequence"
        raise UsageError(f"a table has up to {MOST_POINTS:,} points; got a grid of {total:,}; take {remedy}")
    return Points("grid", counts, grid_points(counts))


def _default_grid(controls: ControlSpace) -> int:
    """Values of each control that make about as many points as a table has, integer controls minded."""
    values = 2
    while math.prod(min(values + 1, one.steps or values + 1) for one in controls) <= 1.02 * ABOUT_POINTS:
        if all(one.steps and one.steps <= values for one in controls):
            break
        values += 1
    return values


def _sobol(controls: ControlSpace, count: int, seed: int) -> Points:
    from scipy.stats import qmc

    check_whole(count, "sobol", 1, MOST_POINTS)
    check_whole(seed, "seed", 0)
    dimensions = len(controls)
    if dimensions > _MOST_CONTROLS:
        raise UsageError(
            f"a Sobol sequence has up to {_MOST_CONTROLS:,} controls; got {dimensions:,}; expose fewer"
        )
    sequence = qmc.Sobol(dimensions, scramble=True, rng=np.random.default_rng(seed))
    # Whole powers of two, of which the first are taken: SciPy warns of any other number.
    points = sequence.random_base2((count - 1).bit_length())[:count]
    return Points("sobol", (), np.concatenate([points.astype(np.float32), ends(dimensions)]))
