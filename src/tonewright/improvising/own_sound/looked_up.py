"""What is heard of a sound whose controls are turned, looked up in a table of its synth."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tonewright.compiling import njit
from tonewright.improvising.following.row_random import uniform
from tonewright.improvising.listening.normalising import LIMIT, Normaliser
from tonewright.improvising.listening.windows import taps
from tonewright.improvising.lookup.interpolation import Interpolator
from tonewright.improvising.lookup.points import grid_points
from tonewright.improvising.lookup.table import LookupTable

_LIMIT = np.float32(LIMIT)
_GRID_CONTROLS = 6  # 4,096 points with four values of each
_STEADY = 0.01  # spreads of a sound that does nothing by itself
_KEPT = np.float32(0.75)  # of such noise, from hop to hop: a window holds four of them
_FAINT = 1e-3  # present less than this, a column is not there


class _Columns(NamedTuple):
    """What is known of the columns, in the order of memories: those that listen longest first.

    Attributes:
        order: `[U]` position of each among the columns that are heard.
        groups: `[U]` which column of weights says how far it is there.
        taps: `[taps, U]` weights of the last lookups, the present one first.
        listening: `[taps]` how many columns have a weight there.
        group_taps: `[taps, groups]` the same weights for how far columns are there.
        levels: `[U]` whether it is a level.
        nepers: `[U]` natural logarithm of the power in a unit of a level.
    """

    order: NDArray[np.intp]
    groups: NDArray[np.intp]
    taps: NDArray[np.float32]
    listening: NDArray[np.intp]
    group_taps: NDArray[np.float32]
    levels: NDArray[np.bool_]
    nepers: NDArray[np.float64]


class TableSound:
    """Sounds that are looked up: interpolated in a table, and heard as late and as blurred as real ones.

    A window of analysis hears the last few hops, and a control takes some milliseconds to arrive. So what is
    heard is a weighted mean of the last lookups (`windows.taps`), of powers where a column is a level. Points
    of the table at which a column is not there have no say in it.

    Args:
        table: What the synth can do.
        normaliser: Made for the columns of the table.
        rows: How many sounds, B.
        noise: How much of the spread over time that the table tells of is heard as noise: all of it (1) makes
            grains as restless as they are.
    """

    def __init__(self, table: LookupTable, normaliser: Normaliser, rows: int, noise: float = 0.0) -> None:
        values, presence = normaliser(table.means)
        weights = taps(normaliser.scales.columns, table.framing)
        # Inside, those columns come first that listen longest, so that a loop over all can stop early.
        order = np.argsort(-np.count_nonzero(weights, axis=1), kind="stable")
        # Columns that are there together share one column of weights.
        patterns, groups = np.unique(presence[:, order], axis=1, return_inverse=True)
        spreads = noise * normaliser.spread_of(table.means, table.spreads)
        self._wavers = np.flatnonzero((spreads > _STEADY).any(axis=0))
        parts = (values[:, order] * presence[:, order], patterns, spreads[:, self._wavers])
        self._interpolator = _interpolator(table, np.concatenate(parts, axis=1))
        groups = groups.reshape(-1)
        first_of = np.array([np.flatnonzero(groups == group)[0] for group in range(patterns.shape[1])])
        self._columns = _Columns(
            order,
            groups,
            np.ascontiguousarray(weights[order].T),
            np.count_nonzero(weights[order], axis=0),
            np.ascontiguousarray(weights[order[first_of]].T),
            normaliser.levels[order],
            np.array(normaliser.scales.spreads)[order] * (np.log(10.0) / 10.0),
        )
        width = len(order)
        self._values_before = np.zeros((rows, len(self._columns.taps), width), np.float32)
        self._presence_before = np.zeros((rows, len(self._columns.taps), len(first_of)), np.float32)
        self._held = np.zeros((rows, width), np.float32)
        self._at = np.zeros(rows, np.int64)
        self._states = np.zeros(rows, np.uint64)
        self._wavering = np.zeros((rows, width), np.float32)
        self.values, self.presence = np.zeros((2, rows, width), np.float32)

    def begin(self, rows: NDArray[np.intp], params: NDArray[np.float32], seeds: NDArray[np.uint64]) -> None:
        """See `OwnSound`."""
        self._states[rows] = seeds
        self._held[rows] = 0
        self._wavering[rows] = 0
        self._take(rows, params, True)

    def hear(self, rows: NDArray[np.intp], params: NDArray[np.float32]) -> None:
        """See `OwnSound`."""
        self._take(rows, params, False)

    def _take(self, rows: NDArray[np.intp], params: NDArray[np.float32], everywhere: bool) -> None:
        looked_up = self._interpolator(params if len(rows) == len(params) else params[rows])
        _hear(
            rows, looked_up, everywhere, self._columns, self._values_before, self._presence_before,
            self._held, self._at, self.values, self.presence,
        )  # fmt: skip
        if len(self._wavers):
            spreads = looked_up[:, looked_up.shape[1] - len(self._wavers) :]
            _waver(rows, spreads, self._wavers, self._states, self._wavering, self.values)


def _interpolator(table: LookupTable, values: NDArray[np.float32]) -> Interpolator:
    """Interpolates values `[points, n]` at the points of a table.

    Looking for the nearest points of a Sobol sequence takes too long for every hop, so that they are brought
    to a grid of about as many points first, if the controls are not too many for one.
    """
    columns = tuple(f"value_{i}" for i in range(values.shape[1]))
    table = replace(table, columns=columns, means=values, spreads=np.zeros_like(values), units=())
    interpolator = Interpolator(table)
    controls = len(table.synth.controls)
    if table.layout == "grid" or controls > _GRID_CONTROLS:
        return interpolator
    grid = (max(2, int((2 * len(table)) ** (1 / controls))),) * controls
    points = grid_points(grid)
    means = interpolator(points)
    return Interpolator(
        replace(
            table,
            layout="grid",
            grid=grid,
            params=points,
            means=means,
            spreads=np.zeros_like(means),
            sounding=np.ones(len(points), np.float32),
        )
    )


@njit(cache=True, nogil=True, error_model="numpy")
def _hear(
    rows: NDArray[np.intp],
    looked_up: NDArray[np.float32],
    everywhere: bool,
    columns: _Columns,
    values_before: NDArray[np.float32],
    presence_before: NDArray[np.float32],
    held: NDArray[np.float32],
    at: NDArray[np.int64],
    values: NDArray[np.float32],
    presence: NDArray[np.float32],
) -> None:
    """Take lookups `[rows, U + groups]` into the memory of some rows, and weigh what is there.

    Memories are rings, `[B, taps, U]` and `[B, taps, groups]`, their last entry at `at`; those of levels hold
    powers. With `everywhere` the lookups fill them.
    """
    length, width = columns.taps.shape
    groups = columns.group_taps.shape[1]
    total, share = np.empty(width, np.float32), np.empty(groups, np.float32)
    for k in range(len(rows)):
        b = rows[k]
        here = at[b] + 1 if at[b] + 1 < length else 0
        at[b] = here
        for c in range(width):
            there = looked_up[k, width + columns.groups[c]]
            if there > _FAINT:
                held[b, c] = looked_up[k, c] / there
            heard = held[b, c]
            if columns.levels[c]:
                heard = np.float32(np.exp(heard * columns.nepers[c]))
            values_before[b, here, c] = heard
        for g in range(groups):
            presence_before[b, here, g] = looked_up[k, width + g]
        if everywhere:
            for i in range(length):
                values_before[b, i] = values_before[b, here]
                presence_before[b, i] = presence_before[b, here]
        total[:] = 0
        share[:] = 0
        for i in range(length):
            past = here - i if here >= i else here - i + length
            for c in range(columns.listening[i]):
                total[c] += columns.taps[i, c] * values_before[b, past, c]
            for g in range(groups):
                share[g] += columns.group_taps[i, g] * presence_before[b, past, g]
        for c in range(width):
            heard = total[c]
            if columns.levels[c]:
                heard = np.float32(np.log(heard) / columns.nepers[c])
            values[b, columns.order[c]] = min(_LIMIT, max(-_LIMIT, heard))  # which rounding may leave
            presence[b, columns.order[c]] = share[columns.groups[c]]


@njit(cache=True, nogil=True, error_model="numpy")
def _waver(
    rows: NDArray[np.intp],
    spreads: NDArray[np.float32],
    columns: NDArray[np.intp],
    states: NDArray[np.uint64],
    wavering: NDArray[np.float32],
    values: NDArray[np.float32],
) -> None:
    """Add what a sound does by itself to some columns: blurred noise of spreads `[rows, columns]`."""
    new = np.float32(np.sqrt(12.0 * (1.0 - _KEPT**2)))  # of even numbers, for a variance of 1
    for k in range(len(rows)):
        b = rows[k]
        for i in range(len(columns)):
            c = columns[i]
            drawn = np.float32(uniform(states, b) - 0.5)
            wavering[b, c] = _KEPT * wavering[b, c] + new * drawn
            values[b, c] = min(_LIMIT, max(-_LIMIT, values[b, c] + spreads[k, i] * wavering[b, c]))
