"""Where a session plays to: a sound card, another program by Open Sound Control, Pd, or a file."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tonewright.improvising.session.card.exchange import Exchange
from tonewright.improvising.session.osc import CONTROLS, LEVEL, OscOut
from tonewright.improvising.session.recording import Recorder
from tonewright.synths.pd.live import LivePd

LEVEL_HOPS = 17
"""Within so many hops the level is sent again: programs begin late, and packets get lost."""


class Sink(Protocol):
    """Takes what the agent does, hop by hop, without waiting."""

    def take(self, sound: NDArray[np.float32], controls: NDArray[np.float32], level: float) -> None:
        """Take a hop.

        Args:
            sound: `[hop]` of the synth inside, faded.
            controls: `[D]` in 0..1.
            level: How much is to be heard of it: 0 while it is silent, 1 while it plays.
        """
        ...

    def close(self) -> None:
        """End."""
        ...


class CardSink:
    """A sound card.

    Args:
        exchange: Where its callback takes what goes out.
    """

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def take(self, sound: NDArray[np.float32], controls: NDArray[np.float32], level: float) -> None:
        """See `Sink.take`."""
        self._exchange.play(sound)

    def close(self) -> None:
        """See `Sink.close`."""


class FileSink:
    """A file of sound, written by a thread of its own.

    Args:
        recorder: Of one side.
    """

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def take(self, sound: NDArray[np.float32], controls: NDArray[np.float32], level: float) -> None:
        """See `Sink.take`."""
        self._recorder.give(sound)

    def close(self) -> None:
        """See `Sink.close`."""
        self._recorder.close()


class OscSink:
    """Another program, which gets controls and level.

    Args:
        osc: Sends to it.
    """

    def __init__(self, osc: OscOut) -> None:
        self._osc = osc
        self._level = -1.0
        self._until_level = 0

    def take(self, sound: NDArray[np.float32], controls: NDArray[np.float32], level: float) -> None:
        """See `Sink.take`."""
        self._osc.send(CONTROLS, controls)
        if level != self._level or not self._until_level:
            self._send_level(level)
        self._until_level -= 1

    def close(self) -> None:
        """Silence the other program, and end."""
        if self._level > 0:
            self._send_level(0.0)
        self._osc.close()

    def _send_level(self, level: float) -> None:
        self._osc.send(LEVEL, np.array([level], np.float32))
        self._level, self._until_level = level, LEVEL_HOPS


class PdSink:
    """Pd, which plays the patch itself, through its own audio output.

    It fades as long as a session does, so it is told where a fade goes as soon as that begins.

    Args:
        pd: Plays the patch.
    """

    def __init__(self, pd: LivePd) -> None:
        self._pd = pd
        self._level = 0.0

    def take(self, sound: NDArray[np.float32], controls: NDArray[np.float32], level: float) -> None:
        """See `Sink.take`."""
        self._pd.set(controls.tolist())
        if level != self._level:
            self._pd.level(1.0 if level > self._level else 0.0)
            self._level = level

    def close(self) -> None:
        """See `Sink.close`."""
        self._pd.close()
