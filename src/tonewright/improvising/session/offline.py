"""A session from beginning to end without a clock: what the musician played is there already."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tonewright.errors import UsageError
from tonewright.improvising.hearing import HOP, HOP_S
from tonewright.improvising.session.commands import Timed
from tonewright.improvising.session.performer import Performer


@dataclass(frozen=True)
class Played:
    """What was played, hop by hop.

    Attributes:
        sound: `[T * hop]` of the agent.
        controls: `[T, D]` what they were turned to.
        musician: `[T, C]` what was heard of the musician, as it is measured.
        own: `[T, C]` what the agent heard of itself.
        names: Of the columns.
        refused: Commands that could not be carried out: their time and why.
    """

    sound: NDArray[np.float32]
    controls: NDArray[np.float32]
    musician: NDArray[np.float32]
    own: NDArray[np.float32]
    names: tuple[str, ...]
    refused: tuple[tuple[float, str], ...]


def play_through(
    performer: Performer,
    sound: NDArray[np.float32],
    score: Sequence[Timed] = (),
    *,
    progress: Callable[[float], None] = lambda share: None,
) -> Played:
    """Let an agent play along with a sound; the same sound, score and seed give the same samples.

    Args:
        performer: At its beginning.
        sound: `[n]` of the musician at 44.1 kHz; the last hop is filled up with silence.
        score: What it is told, in the order of time; carried out before the hop in which it falls.
        progress: Called with the share of the work that has been done since.
    """
    hops = -(-len(sound) // HOP)
    heard = np.zeros((hops, HOP), np.float32)
    heard.reshape(-1)[: len(sound)] = sound
    played = np.empty((hops, HOP), np.float32)
    controls = np.empty((hops, performer.params.shape[1]), np.float32)
    musician, own = (np.empty((hops, len(performer.musician.names)), np.float32) for _ in range(2))
    refused: list[tuple[float, str]] = []
    coming = list(score)
    for t in range(hops):
        while coming and coming[0].at_s < (t + 1) * HOP_S:
            timed = coming.pop(0)
            try:
                performer.command(timed.command)
            except UsageError as error:
                refused.append((timed.at_s, str(error)))
        played[t] = performer.hop(heard[t])
        controls[t] = performer.params[0]
        musician[t], own[t] = performer.musician.measured, performer.own.measured
        progress(1 / hops)
    return Played(
        played.reshape(-1)[: len(sound)], controls, musician, own, performer.musician.names, tuple(refused)
    )
