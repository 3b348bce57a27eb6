"""A session from beginning to end without a clock: what the musician played is there already."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tonewright.improvising.hearing import HOP, HOP_S
from tonewright.improvising.session.commands import Timed
from tonewright.improvising.session.performer import Performer
from tonewright.improvising.session.session import Session
from tonewright.improvising.session.sources import FileSource
from tonewright.improvising.session.ticking import FreeTicks


@dataclass(frozen=True)
class Played:
    """What was played, hop by hop.

    Attributes:
        sound: `[n]` of the agent, as long as the musician's.
        controls: `[T, D]` what they were turned to.
        musician: `[T, C]` what was heard of the musician, as it is measured.
        own: `[T, C]` what the agent heard of itself.
        names: Of the columns.
        told: What happened, and when in seconds: commands that could not be carried out, for one.
    """

    sound: NDArray[np.float32]
    controls: NDArray[np.float32]
    musician: NDArray[np.float32]
    own: NDArray[np.float32]
    names: tuple[str, ...]
    told: tuple[tuple[float, str], ...]


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
        sound: `[n]` of the musician at the rate of agents; the last hop is filled up with silence.
        score: What it is told, in the order of time; carried out before the hop in which it falls.
        progress: Called with the share of the work that has been done since.
    """
    kept = _Kept(performer, -(-len(sound) // HOP), progress)
    told: list[tuple[float, str]] = []
    session = Session(
        performer,
        FreeTicks(),
        FileSource(sound),
        [kept],
        score=score,
        tell=lambda words: told.append((session.hops * HOP_S, words)),
    )
    session.run()
    return Played(
        kept.sound.reshape(-1)[: len(sound)],
        kept.controls,
        kept.musician,
        kept.own,
        performer.musician.names,
        tuple(told),
    )


class _Kept:
    """Keeps all of a session; a `Sink`."""

    def __init__(self, performer: Performer, hops: int, progress: Callable[[float], None]) -> None:
        self._performer, self._progress, self._hops = performer, progress, 0
        self.sound = np.empty((hops, HOP), np.float32)
        self.controls = np.empty((hops, performer.params.shape[1]), np.float32)
        self.musician, self.own = (
            np.empty((hops, len(performer.musician.names)), np.float32) for _ in range(2)
        )

    def take(self, sound: NDArray[np.float32], controls: NDArray[np.float32], level: float) -> None:
        """See `Sink.take`."""
        t = self._hops
        self.sound[t], self.controls[t] = sound, controls
        self.musician[t], self.own[t] = self._performer.musician.measured, self._performer.own.measured
        self._hops += 1
        self._progress(1 / len(self.sound))

    def close(self) -> None:
        """See `Sink.close`."""
