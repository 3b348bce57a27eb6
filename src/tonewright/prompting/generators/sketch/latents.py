"""Latents: pieces as vectors that a flow can carry from noise, and back."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tonewright.prompting.generators.sketch.piece import PIECE

_CHOICES = ("category", "source", "tonic")
"""Controls whose values have no order: one number for each value."""
_UNIT_STD = 1 / math.sqrt(12)
_ON = 2.0


def _columns() -> tuple[list[int], list[int], list[int]]:
    plain = [i for i, control in enumerate(PIECE) if control.name not in _CHOICES]
    chosen = [PIECE.index(name) for name in _CHOICES]
    return plain, chosen, [PIECE.controls[i].steps for i in chosen]


_PLAIN, _CHOSEN, _COUNTS = _columns()
SIZE = len(_PLAIN) + sum(_COUNTS)
"""Numbers of a latent."""


def stated() -> NDArray[np.bool_]:
    """Which numbers of a latent a text states as they are, `[SIZE]`: the tempo."""
    found = np.zeros(SIZE, np.bool_)
    found[_PLAIN.index(PIECE.index("bpm"))] = True
    return found


def weights() -> NDArray[np.float32]:
    """How much each number of a latent counts in training, `[SIZE]`, 1 in the mean.

    A tempo is one number of hundreds, and as much of what a text says as all the notes of a line.
    """
    groups = {"plan": 40.0, "room": 8.0, "sweep": 4.0, "air": 4.0}
    plain = [
        groups.get(control.group, 6.0 if control.name.endswith("_level_db") else 1.0)
        for control in (PIECE.controls[i] for i in _PLAIN)
    ]
    chosen = [40.0 for count in _COUNTS for _ in range(count)]
    found = np.array(plain + chosen, np.float32)
    return np.asarray(found / found.mean(), np.float32)


def encode(units: NDArray[np.float32]) -> NDArray[np.float32]:
    """Latents `[B, SIZE]` of unit vectors of pieces `[B, D]`."""
    parts = [(units[:, _PLAIN] - 0.5) / _UNIT_STD]
    for column, count in zip(_CHOSEN, _COUNTS, strict=True):
        value = np.minimum((units[:, column] * count).astype(np.int64), count - 1)
        parts.append(_ON * (np.eye(count, dtype=np.float32)[value] - 1 / count))
    return np.concatenate(parts, axis=1).astype(np.float32)


def decode(latents: NDArray[np.float32]) -> NDArray[np.float32]:
    """Unit vectors of pieces `[B, D]` of latents `[B, SIZE]`, whatever these hold."""
    units = np.empty((len(latents), len(PIECE)), np.float32)
    units[:, _PLAIN] = latents[:, : len(_PLAIN)] * _UNIT_STD + 0.5
    first = len(_PLAIN)
    for column, count in zip(_CHOSEN, _COUNTS, strict=True):
        units[:, column] = (latents[:, first : first + count].argmax(axis=1) + 0.5) / count
        first += count
    return PIECE.snap(units)
