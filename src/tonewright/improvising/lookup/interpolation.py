"""What a synth sounds like between the points of a table, and which point sounds like a given sound."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tonewright.compiling import njit
from tonewright.errors import UsageError
from tonewright.improvising.lookup.points import grid_axis
from tonewright.improvising.lookup.table import LookupTable
from tonewright.threads import map_rows

_ROWS_AT_ONCE = 256  # fewer are not worth a call
_POINTS_AT_ONCE = 256


class Interpolator:
    """Descriptors of a synth anywhere between the points of a table, exact at its points.

    In a grid every control is interpolated linearly. Between the points of a Sobol sequence the nearest ones
    count, weighted by the inverse of their squared distance (Shepard, "A two-dimensional interpolation
    function for irregularly-spaced data", 1968).

    Args:
        table: The table.
        columns: Which of its columns; all if not given.
        of: "means" or "spreads".

    Attributes:
        columns: Their names, in order.

    Raises:
        UnknownNameError: The table has no such column.
    """

    def __init__(
        self,
        table: LookupTable,
        columns: Iterable[str] | None = None,
        of: Literal["means", "spreads"] = "means",
    ) -> None:
        self.columns = table.columns if columns is None else tuple(columns)
        source = table.means if of == "means" else table.spreads
        self._values = np.ascontiguousarray(source[:, table.positions(self.columns)])
        self._dimensions = table.params.shape[1]
        self._params = np.ascontiguousarray(table.params)
        self._grid = np.array(table.grid, np.int64)
        self._axes = np.zeros((len(table.grid), max(table.grid, default=0)), np.float32)
        for axis, count in zip(self._axes, table.grid, strict=True):
            axis[:count] = grid_axis(count)

    def __call__(self, params: ArrayLike) -> NDArray[np.float32]:
        """Look up a batch.

        Args:
            params: Unit vectors `[batch, D]` in [0, 1].

        Returns:
            `[batch, C]` float32.

        Raises:
            UsageError: Another shape, or values out of range.
        """
        points = np.ascontiguousarray(params, np.float32)
        if points.ndim != 2 or points.shape[1] != self._dimensions:
            raise UsageError(f"params are [batch, {self._dimensions}]; got shape {points.shape}")
        if not ((points >= 0) & (points <= 1)).all():  # also false for NaN
            raise UsageError("params lie in [0, 1]; got others; clip them")
        out = np.empty((len(points), len(self.columns)), np.float32)

        def look_up(first: int, last: int, _: int) -> None:
            if len(self._grid):
                _on_grid(points, self._axes, self._grid, self._values, out, first, last)
            else:
                _among_points(points, self._params, self._values, out, first, last)

        map_rows(look_up, len(points), block=_ROWS_AT_ONCE)
        return out


class Nearest:
    """The point of a table that sounds most like given descriptors: the oracle that agents are compared with.

    The distance is Euclidean over columns that are divided by `scale` and multiplied by the square root of
    `weights`. Every point is looked at, so that the nearest is found for certain; of equals the first.

    Args:
        table: The table.
        columns: Which of its columns count.
        scale: `[C]` what a difference of each column is measured in, above 0; 1 if not given.
        weights: `[C]` how much each counts, from 0; 1 if not given.

    Raises:
        UnknownNameError: The table has no such column.
        UsageError: Scales or weights are out of range, or not one for each column.
    """

    def __init__(
        self,
        table: LookupTable,
        columns: Iterable[str],
        scale: ArrayLike | None = None,
        weights: ArrayLike | None = None,
    ) -> None:
        self.columns = tuple(columns)
        count = len(self.columns)
        scales = np.ones(count) if scale is None else np.asarray(scale, np.float64)
        shares = np.ones(count) if weights is None else np.asarray(weights, np.float64)
        if scales.shape != (count,) or not (np.isfinite(scales) & (scales > 0)).all():
            raise UsageError(f"scale is [{count}] finite numbers above 0; got shape {scales.shape}: {scales}")
        if shares.shape != (count,) or not (np.isfinite(shares) & (shares >= 0)).all():
            raise UsageError(
                f"weights are [{count}] finite numbers from 0; got shape {shares.shape}: {shares}"
            )
        self._factors = np.sqrt(shares) / scales
        values = table.means[:, table.positions(self.columns)] * self._factors
        self._values = np.ascontiguousarray(values.T)

    def __call__(self, descriptors: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Find the nearest points.

        Args:
            descriptors: `[n, C]` finite values of the columns.

        Returns:
            The row of the nearest point, `[n]`, and its distance, `[n]`.

        Raises:
            UsageError: Another shape, or values that are not finite.
        """
        asked = np.asarray(descriptors, np.float64)
        if asked.ndim != 2 or asked.shape[1] != len(self.columns) or not np.isfinite(asked).all():
            raise UsageError(
                f"descriptors are [n, {len(self.columns)}] finite values; got shape {asked.shape}"
            )
        queries = np.ascontiguousarray(asked * self._factors)
        rows, distances = np.empty(len(queries), np.int64), np.empty(len(queries))

        def find(first: int, last: int, _: int) -> None:
            _nearest(queries, self._values, rows, distances, first, last)

        map_rows(find, len(queries), block=4)
        return rows, distances


@njit(cache=True, nogil=True, error_model="numpy")
def _on_grid(
    params: NDArray[np.float32],
    axes: NDArray[np.float32],
    grid: NDArray[np.int64],
    values: NDArray[np.float32],
    out: NDArray[np.float32],
    first: int,
    last: int,
) -> None:
    """Multilinear: the corners of a point's cell, each weighted by the volume opposite to it."""
    dimensions = len(grid)
    shares, strides = np.empty(dimensions, np.float32), np.empty(dimensions, np.int64)
    stride = 1
    for d in range(dimensions - 1, -1, -1):
        strides[d] = stride
        stride *= grid[d]
    for b in range(first, last):
        base = 0
        for d in range(dimensions):
            u = params[b, d]
            cell = min(int(u * (grid[d] - 1)), grid[d] - 2)
            while cell > 0 and u < axes[d, cell]:
                cell -= 1
            while cell < grid[d] - 2 and u >= axes[d, cell + 1]:
                cell += 1
            shares[d] = (u - axes[d, cell]) / (axes[d, cell + 1] - axes[d, cell])
            base += cell * strides[d]
        out[b] = 0.0
        for corner in range(1 << dimensions):
            weight, row = np.float32(1.0), base
            for d in range(dimensions):
                if corner >> d & 1:
                    weight *= shares[d]
                    row += strides[d]
                else:
                    weight *= np.float32(1.0) - shares[d]
            if weight > 0:
                for c in range(values.shape[1]):
                    out[b, c] += weight * values[row, c]


@njit(cache=True, nogil=True, error_model="numpy")
def _among_points(
    params: NDArray[np.float32],
    points: NDArray[np.float32],
    values: NDArray[np.float32],
    out: NDArray[np.float32],
    first: int,
    last: int,
) -> None:
    """Inverse squared distance over twice as many nearest points as there are controls, and two."""
    dimensions = points.shape[1]
    count = min(2 * dimensions + 2, len(points))
    squares, rows = np.empty(count), np.empty(count, np.int64)
    for b in range(first, last):
        squares[:] = np.inf
        for p in range(len(points)):
            square = 0.0
            for d in range(dimensions):
                difference = float(params[b, d]) - float(points[p, d])
                square += difference * difference
            if square < squares[count - 1]:
                at = count - 1
                while at > 0 and squares[at - 1] > square:
                    squares[at], rows[at] = squares[at - 1], rows[at - 1]
                    at -= 1
                squares[at], rows[at] = square, p
        out[b] = 0.0
        if squares[0] == 0.0:
            out[b] = values[rows[0]]
            continue
        total = 0.0
        for k in range(count):
            total += squares[0] / squares[k]
        for k in range(count):
            weight = np.float32(squares[0] / squares[k] / total)
            for c in range(values.shape[1]):
                out[b, c] += weight * values[rows[k], c]


@njit(cache=True, nogil=True, error_model="numpy")
def _nearest(
    queries: NDArray[np.float64],
    values: NDArray[np.float64],
    rows: NDArray[np.int64],
    distances: NDArray[np.float64],
    first: int,
    last: int,
) -> None:
    """Look at all points `values [C, points]`, a block at a time, column after column."""
    squares = np.empty(_POINTS_AT_ONCE)
    for q in range(first, last):
        best, where = np.inf, 0
        for begin in range(0, values.shape[1], _POINTS_AT_ONCE):
            count = min(_POINTS_AT_ONCE, values.shape[1] - begin)
            squares[:count] = 0.0
            for c in range(values.shape[0]):
                wanted, column = queries[q, c], values[c, begin : begin + count]
                for i in range(count):
                    difference = wanted - column[i]
                    squares[i] += difference * difference
            for i in range(count):
                if squares[i] < best:
                    best, where = squares[i], begin + i
        rows[q], distances[q] = where, np.sqrt(best)
