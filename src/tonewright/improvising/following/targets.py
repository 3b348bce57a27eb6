"""What an agent follows: random sounds of its synth, still or moving, and recordings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tonewright.compiling import njit
from tonewright.improvising.hearing import HOP_S
from tonewright.improvising.listening.normalising import LIMIT, Normaliser, hold
from tonewright.improvising.own_sound.looked_up import TableSound
from tonewright.improvising.row_random import log_uniform, uniform

STATIC, DYNAMIC, CORPUS = 0, 1, 2
"""Kinds of episodes."""
STAYS_S, GLIDES_S = (0.1, 2.0), (0.05, 1.0)
"""How long a moving sound stays where it is, and how long it glides elsewhere."""
JUMPS = 0.5  # share of moves that are jumps


class Recordings(NamedTuple):
    """Recordings as they are heard, one after the other.

    Attributes:
        values: `[frames, U]` normalised, what is not there held.
        presence: `[frames, U]`.
        firsts: `[files]` first frame of each.
        ends: `[files]` frame after its last one.
    """

    values: NDArray[np.float32]
    presence: NDArray[np.float32]
    firsts: NDArray[np.int64]
    ends: NDArray[np.int64]


def recordings(tracks: Sequence[NDArray[np.float32]], normaliser: Normaliser) -> Recordings:
    """Recordings of their descriptors.

    Args:
        tracks: `[frames, C]` of each recording, one or more frames, measured hop by hop.
        normaliser: Made for their columns.
    """
    heard = [normaliser(track) for track in tracks]
    ends = np.cumsum([len(track) for track in tracks])
    return Recordings(
        np.concatenate([hold(values, presence) for values, presence in heard]),
        np.concatenate([presence for _, presence in heard]),
        np.concatenate([[0], ends[:-1]]),
        ends,
    )


class Targets:
    """The targets of a batch.

    - static: a random sound of the synth that stays;
    - dynamic: sounds that stay for 0.1 to 2 s, then jump or glide (in 0.05 to 1 s) to the next one;
    - corpus: a random recording from a random place on; where it ends, another one begins.

    Random sounds are those of random controls, so that the synth reaches them, with some noise, since no
    musician repeats a sound to the bit.

    Args:
        sound: What random controls sound like; one row for each target.
        controls: How many controls there are.
        mixture: Weights of the three kinds of episodes.
        noise: Spread of the noise on random sounds, in units of the spread of each feature.
        recorded: What to take recordings from; None where there are none.
        in_order: Row i plays recording i, of n the (i modulo n)-th, from its beginning, and nothing else.

    Attributes:
        kinds: `[B]` of the running episodes: `STATIC`, `DYNAMIC` or `CORPUS`.
        places: `[B]` frame of the recordings that is heard.
        files: `[B]` number of the recording that is heard.
        values: `[B, U]` float32 normalised features.
        presence: `[B, U]` float32.
    """

    def __init__(
        self,
        sound: TableSound,
        controls: int,
        mixture: tuple[float, float, float],
        noise: float,
        recorded: Recordings | None,
        in_order: bool,
    ) -> None:
        shares = np.array(mixture if recorded is not None else (*mixture[:2], 0.0))
        self._until = np.cumsum(shares / shares.sum())
        self._sound, self._noise, self._in_order = sound, noise, in_order and recorded is not None
        rows, width = sound.values.shape
        empty = np.zeros((0, width), np.float32)
        nothing = np.zeros(0, np.int64)
        self._recorded = recorded or Recordings(empty, empty, nothing, nothing)
        self.kinds = np.zeros(rows, np.int64)
        self.values, self.presence = np.zeros((2, rows, width), np.float32)
        self._params, self._moves = np.zeros((2, rows, controls), np.float32)
        self._left = np.zeros(rows, np.int64)
        self._glides = np.zeros(rows, np.bool_)
        self.places, self.files = np.zeros((2, rows), np.int64)
        self._states = np.zeros(rows, np.uint64)

    def begin(self, rows: NDArray[np.intp], seeds: NDArray[np.uint64]) -> None:
        """Begin new episodes in some rows, with a seed for each of them."""
        self._states[rows] = seeds
        _begin(
            rows, self._states, self._until, self._in_order, self._recorded.firsts, self._recorded.ends,
            self.kinds, self._params, self._moves, self._left, self._glides, self.places, self.files,
        )  # fmt: skip
        random = rows[self.kinds[rows] != CORPUS]
        if len(random):
            self._sound.begin(random, self._params, seeds[self.kinds[rows] != CORPUS])
        self._show(rows)

    def advance(self, rows: NDArray[np.intp]) -> None:
        """Go on by a hop in some rows."""
        _advance(
            rows, self._states, self._recorded.firsts, self._recorded.ends,
            self.kinds, self._params, self._moves, self._left, self._glides, self.places, self.files,
        )  # fmt: skip
        random = rows[self.kinds[rows] != CORPUS]
        if len(random):
            self._sound.hear(random, self._params)
        self._show(rows)

    def _show(self, rows: NDArray[np.intp]) -> None:
        _show(
            rows, self.kinds, self.places, self._recorded.values, self._recorded.presence,
            self._sound.values, self._sound.presence, self._noise, self._states, self.values, self.presence,
        )  # fmt: skip


@njit(cache=True, nogil=True)
def _begin(
    rows: NDArray[np.intp],
    states: NDArray[np.uint64],
    until: NDArray[np.float64],
    in_order: bool,
    firsts: NDArray[np.int64],
    ends: NDArray[np.int64],
    kinds: NDArray[np.int64],
    params: NDArray[np.float32],
    moves: NDArray[np.float32],
    left: NDArray[np.int64],
    glides: NDArray[np.bool_],
    places: NDArray[np.int64],
    files: NDArray[np.int64],
) -> None:
    for b in rows:
        draw = uniform(states, b)
        kinds[b] = STATIC if draw < until[0] else DYNAMIC if draw < until[1] else CORPUS
        if in_order:
            kinds[b] = CORPUS
        for d in range(params.shape[1]):
            params[b, d] = uniform(states, b)
            moves[b, d] = 0
        glides[b] = False
        left[b] = 0
        if kinds[b] == DYNAMIC:
            left[b] = _hops(states, b, STAYS_S)
        if kinds[b] == CORPUS:
            places[b] = min(int(uniform(states, b) * ends[-1]), ends[-1] - 1)
            files[b] = np.searchsorted(ends, places[b], side="right")
            if in_order:
                files[b] = b % len(ends)
                places[b] = firsts[files[b]]


@njit(cache=True, nogil=True)
def _hops(states: NDArray[np.uint64], row: int, seconds: tuple[float, float]) -> int:
    return max(1, int(np.rint(log_uniform(states, row, seconds[0], seconds[1]) / HOP_S)))


@njit(cache=True, nogil=True)
def _advance(
    rows: NDArray[np.intp],
    states: NDArray[np.uint64],
    firsts: NDArray[np.int64],
    ends: NDArray[np.int64],
    kinds: NDArray[np.int64],
    params: NDArray[np.float32],
    moves: NDArray[np.float32],
    left: NDArray[np.int64],
    glides: NDArray[np.bool_],
    places: NDArray[np.int64],
    files: NDArray[np.int64],
) -> None:
    for b in rows:
        if kinds[b] == CORPUS:
            places[b] += 1
            if places[b] == ends[files[b]]:
                files[b] = min(int(uniform(states, b) * len(ends)), len(ends) - 1)
                places[b] = firsts[files[b]]
        elif kinds[b] == DYNAMIC:
            if left[b] == 0:
                _next_move(states, b, params, moves, left, glides)
            for d in range(params.shape[1]):
                params[b, d] = min(1.0, max(0.0, params[b, d] + moves[b, d]))
            left[b] -= 1


@njit(cache=True, nogil=True)
def _next_move(
    states: NDArray[np.uint64],
    b: int,
    params: NDArray[np.float32],
    moves: NDArray[np.float32],
    left: NDArray[np.int64],
    glides: NDArray[np.bool_],
) -> None:
    """After a glide the sound stays; after it has stayed it jumps, and stays, or glides."""
    jumps = not glides[b] and uniform(states, b) < JUMPS
    glides[b] = not glides[b] and not jumps
    left[b] = _hops(states, b, GLIDES_S if glides[b] else STAYS_S)
    for d in range(params.shape[1]):
        moves[b, d] = 0
        if glides[b]:
            moves[b, d] = (uniform(states, b) - params[b, d]) / left[b]
        elif jumps:
            params[b, d] = uniform(states, b)


@njit(cache=True, nogil=True)
def _show(
    rows: NDArray[np.intp],
    kinds: NDArray[np.int64],
    places: NDArray[np.int64],
    recorded: NDArray[np.float32],
    recorded_presence: NDArray[np.float32],
    looked_up: NDArray[np.float32],
    looked_up_presence: NDArray[np.float32],
    noise: float,
    states: NDArray[np.uint64],
    values: NDArray[np.float32],
    presence: NDArray[np.float32],
) -> None:
    width = noise * np.sqrt(12.0)  # of an even distribution
    for b in rows:
        if kinds[b] == CORPUS:
            values[b] = recorded[places[b]]
            presence[b] = recorded_presence[places[b]]
        else:
            for c in range(values.shape[1]):
                value = looked_up[b, c]
                if noise > 0:
                    value = min(LIMIT, max(-LIMIT, value + width * (uniform(states, b) - 0.5)))
                values[b, c] = value
            presence[b] = looked_up_presence[b]
