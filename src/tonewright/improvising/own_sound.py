"""What is heard of a sound whose controls are turned: looked up in a table, or really rendered.

Both give, hop by hop, what `Normaliser` makes of the analysis of a real sound, with what is not there held.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tonewright.compiling import njit
from tonewright.improvising.lookup.interpolation import Interpolator
from tonewright.improvising.lookup.table import LookupTable
from tonewright.improvising.normalising import LIMIT, Normaliser
from tonewright.improvising.windows import taps

_LIMIT = np.float32(LIMIT)
_FAINT = 1e-3  # present less than this, a column is not there


class OwnSound(Protocol):
    """A batch of sounds that are listened to while their controls are turned.

    Attributes:
        values: `[B, U]` float32, the normalised features of the last hop.
        presence: `[B, U]` float32, how far each is there.
    """

    values: NDArray[np.float32]
    presence: NDArray[np.float32]

    def begin(self, rows: NDArray[np.intp], params: NDArray[np.float32], seeds: NDArray[np.uint64]) -> None:
        """Begin new sounds in some rows, as if they had sounded for long.

        Args:
            rows: Which ones.
            params: Controls of all rows, `[B, D]`.
            seeds: Of what is random in the sounds, one for each of `rows`.
        """
        ...

    def hear(self, rows: NDArray[np.intp], params: NDArray[np.float32]) -> None:
        """Turn some rows to their controls, of all rows `[B, D]`, and listen for a hop."""
        ...


class TableSound:
    """Sounds that are looked up: interpolated in a table, and heard as late and as blurred as real ones.

    A window of analysis hears the last few hops, and a control takes some milliseconds to arrive. So what is
    heard is a weighted mean of the last lookups (`windows.taps`), of powers where a column is a level. Points
    of the table at which a column is not there have no say in it.

    Args:
        table: What the synth can do.
        normaliser: Made for the columns of the table.
        rows: How many sounds, B.
    """

    def __init__(self, table: LookupTable, normaliser: Normaliser, rows: int) -> None:
        values, presence = normaliser(table.means)
        # Columns that are there together share one column of weights.
        patterns, self._group = np.unique(presence, axis=1, return_inverse=True)
        self._group = self._group.reshape(-1)
        columns = [
            f"{kind}_{i}" for kind, n in (("v", values.shape[1]), ("p", patterns.shape[1])) for i in range(n)
        ]
        self._interpolator = Interpolator(
            replace(
                table,
                columns=tuple(columns),
                means=np.concatenate([values * presence, patterns], axis=1).astype(np.float32),
                spreads=np.zeros((len(table.means), len(columns)), np.float32),
            ),
            columns,
        )
        self._taps = taps(normaliser.scales.columns, table.framing)
        self._levels = normaliser.levels
        # Natural logarithm of power in a unit of each level column.
        self._nepers = np.array(normaliser.scales.spreads) * (np.log(10.0) / 10.0)
        width = values.shape[1]
        self._values_before = np.zeros((rows, self._taps.shape[1], width), np.float32)
        self._presence_before = np.zeros_like(self._values_before)
        self._held = np.zeros((rows, width), np.float32)
        self._at = np.zeros(rows, np.int64)
        self.values = np.zeros((rows, width), np.float32)
        self.presence = np.zeros((rows, width), np.float32)

    def begin(self, rows: NDArray[np.intp], params: NDArray[np.float32], seeds: NDArray[np.uint64]) -> None:
        """See `OwnSound`."""
        self._held[rows] = 0
        self._take(rows, params, True)

    def hear(self, rows: NDArray[np.intp], params: NDArray[np.float32]) -> None:
        """See `OwnSound`."""
        self._take(rows, params, False)

    def _take(self, rows: NDArray[np.intp], params: NDArray[np.float32], everywhere: bool) -> None:
        looked_up = self._interpolator(params if len(rows) == len(params) else params[rows])
        _blur(
            looked_up, rows, everywhere, self._group, self._taps, self._levels, self._nepers,
            self._values_before, self._presence_before, self._held, self._at, self.values, self.presence,
        )  # fmt: skip


@njit(cache=True, nogil=True, error_model="numpy")
def _blur(
    looked_up: NDArray[np.float32],
    rows: NDArray[np.intp],
    everywhere: bool,
    group: NDArray[np.intp],
    taps: NDArray[np.float32],
    levels: NDArray[np.bool_],
    nepers: NDArray[np.float64],
    values_before: NDArray[np.float32],
    presence_before: NDArray[np.float32],
    held: NDArray[np.float32],
    at: NDArray[np.int64],
    values: NDArray[np.float32],
    presence: NDArray[np.float32],
) -> None:
    """Take lookups `[rows, U + groups]` into the memory of some rows, and weigh what is there.

    Memories are `[B, taps, U]` rings, the last entry at `at`; those of levels hold powers. With `everywhere`,
    the lookups fill the whole memory.
    """
    width, length = taps.shape
    for k in range(len(rows)):
        b = rows[k]
        at[b] = (at[b] + 1) % length
        here = at[b]
        for c in range(width):
            there = looked_up[k, width + group[c]]
            if there > _FAINT:
                held[b, c] = looked_up[k, c] / there
            value = held[b, c]
            if levels[c]:
                value = np.float32(np.exp(value * nepers[c]))
            if everywhere:
                values_before[b, :, c] = value
                presence_before[b, :, c] = there
            else:
                values_before[b, here, c] = value
                presence_before[b, here, c] = there
            total = share = np.float32(0.0)
            position = here
            for i in range(length):
                weight = taps[c, i]
                if weight == 0:
                    break
                total += weight * values_before[b, position, c]
                share += weight * presence_before[b, position, c]
                position = position - 1 if position else length - 1
            heard = np.float32(np.log(total) / nepers[c]) if levels[c] else total
            values[b, c] = min(_LIMIT, max(-_LIMIT, heard))  # which rounding may leave
            presence[b, c] = share
