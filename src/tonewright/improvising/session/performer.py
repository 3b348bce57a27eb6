"""An agent that plays hop by hop: what it does is a function of what it hears, its commands and its seed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tonewright.errors import UsageError
from tonewright.improvising.actions import Actions
from tonewright.improvising.agent.loaded import Agent
from tonewright.improvising.hearing import FRAMING, HOP, HOP_S
from tonewright.improvising.listening.normalising import AUDIBLE_DBFS, LOUDNESS
from tonewright.improvising.listening.observation import Observer
from tonewright.improvising.session.commands import Command
from tonewright.improvising.session.ears import Ears
from tonewright.improvising.session.memory import Memory
from tonewright.learning.spaces import flatten
from tonewright.synths.base import Synth

NOTE = 60.0
"""Held unless told otherwise, of a synth that plays notes."""
FADE_S = 0.05
"""How long silence takes to come, and to go."""
_VARIED = 0.1  # standard deviation of a variation, as a share of each control's range
_ROW = np.zeros(1, np.intp)
_REVIVED_HOPS = round(1 / HOP_S)  # a voice takes a while to begin, if it is that of another program


class Performer:
    """Hears a hop of the musician, moves the controls, and gives the next hop of the synth.

    Args:
        synth: What is played.
        agent: Who plays it.
        note: MIDI note that is held, of a synth that plays notes.
        seed: Of whatever is random.

    Attributes:
        params: `[1, D]` the present controls.
        musician: What is heard of the musician.
        own: What the agent hears of itself, before it is faded out.
        stance: Of `commands.STANCES`.
        dial: How much of its moves is done.
        frozen: Whether the controls are held.
        muted: Whether nothing is heard of it.
        away: Whether it is silent and holds because nothing comes from the musician.
        panicked: Whether it was told to be silent and to hold.
        goal: `[1, D]` where it has been sent back to; None while it plays freely.
        moments: Controls that were remembered, by name.
    """

    def __init__(self, synth: Synth, agent: Agent, *, note: float = NOTE, seed: int = 0) -> None:
        if synth.sample_rate_hz != FRAMING.sample_rate_hz:
            raise UsageError(
                f"agents play at {FRAMING.sample_rate_hz:,} Hz; got a synth at {synth.sample_rate_hz:,} Hz"
            )
        config = agent.config
        self._agent, self._step, self._period = agent, np.float32(config.step_size), config.hops_per_step
        self._act = agent.alone()
        scales = agent.scales.take(agent.columns)
        self.musician, self.own = Ears(scales), Ears(scales)
        self._mirrored = np.array([kind != "level" for kind in scales.kinds])
        controls = len(synth.controls)
        self._actions = Actions(config.action_view, controls)
        self._observer = Observer(1, len(agent.columns), controls, config.history)
        self._rng = np.random.default_rng(seed)
        self._memory = Memory(len(agent.columns), self._rng)
        self.params = synth.controls.defaults().astype(np.float32)[None]
        self._synth, self._note, self._seed = synth, note, seed
        self._voice = synth.voice(self.params, note, seed=seed)
        self._revived = -_REVIVED_HOPS
        self._block = np.zeros(HOP, np.float32)
        self._moves = np.zeros((1, controls), np.float32)
        self._fade = np.arange(1, HOP + 1, dtype=np.float32) / (FADE_S * FRAMING.sample_rate_hz)
        self._gain = 0.0
        self._hops = 0
        self._observer.begin(_ROW, self.own.values, self.musician.values)
        self._loudness = self.musician.names.index(LOUDNESS)
        self.stance, self.dial = "follow", 1.0
        self.frozen = self.muted = self.away = self.panicked = False
        self.goal: NDArray[np.float32] | None = None
        self.moments: dict[str, NDArray[np.float32]] = {}

    def command(self, command: Command) -> None:
        """Do as told, from the next hop on.

        Raises:
            UsageError: A moment that was not remembered.
        """
        name, value = command.do, command.value
        if name == "stance":
            self.stance = value
            self._memory.leave()
        elif name == "dial":
            self.dial = value
        elif name == "remember":
            self.moments[value] = self.params.copy()
        elif name in ("back", "vary"):
            self.goal = self._moment(value, varied=name == "vary")
        elif name == "freeze":
            self.frozen = value
        elif name == "mute":
            self.muted = value
        elif name == "away":
            self.away = value
        elif name == "panic":
            self.panicked = True
        else:
            self.frozen = self.panicked = False
            self.goal = None

    def hop(self, heard: NDArray[np.float32]) -> NDArray[np.float32]:
        """Hear a hop `[hop]` of the musician, and give the next one of the synth, `[hop]`."""
        self.musician.hear(heard)
        return self.play()

    def play(self) -> NDArray[np.float32]:
        """Go on by a hop with what `musician` has heard."""
        self.own.hear(self._block)
        self._memory.keep(self.musician.values[0], self.musician.measured[self._loudness] >= AUDIBLE_DBFS)
        self._observer.take(_ROW, self.own.values, self._target())
        if self._hops % self._period == 0:
            self._moves = self._decided()
        self._hops += 1
        if not (self.frozen or self.away or self.panicked):
            self.params = np.clip(self.params + self._moves * self._step, 0.0, 1.0)
        self._voice.turn(self.params)
        self._block = self._voice.render(HOP)[0]
        return self._faded(self._block)

    @property
    def musician_db(self) -> float:
        """Level of the musician in dBFS, in the last hop."""
        return float(self.musician.measured[self._loudness])

    @property
    def own_db(self) -> float:
        """Level of the agent in dBFS, before it is faded."""
        return float(self.own.measured[self._loudness])

    @property
    def level(self) -> float:
        """How loud it is let be at the end of the last hop, 0..1."""
        return self._gain

    def warm_up(self) -> None:
        """Do once what takes longer the first time; what is played does not change by it."""
        other = Performer(self._synth, self._agent, note=self._note, seed=self._seed)
        for _ in range(self._period + 1):
            other.hop(np.zeros(HOP, np.float32))
        other.close()

    def close(self) -> None:
        """End what a voice has running, such as another program."""
        getattr(self._voice, "close", lambda: None)()

    def recover(self) -> None:
        """Begin to sound anew, from silence, after a hop that failed; with another voice, now and then."""
        self._gain = 0.0
        self._block = np.zeros(HOP, np.float32)
        if self._hops >= self._revived + _REVIVED_HOPS:
            self._revived = self._hops
            self.close()
            self._voice = self._synth.voice(self.params, self._note, seed=self._seed)

    def _target(self) -> NDArray[np.float32]:
        """What is to be followed, `[1, F]`."""
        heard = self.musician.values
        if self.stance == "contrast":
            mirrored: NDArray[np.float32] = np.where(self._mirrored, -heard, heard)
            return mirrored
        recalled = self._memory.recall() if self.stance == "lead" else None
        return heard if recalled is None else recalled[None]

    def _decided(self) -> NDArray[np.float32]:
        """The moves of a step, `[1, D]` in −1…1."""
        observed = flatten(self._observer.space, self._observer.observe(self.params))
        moves = self._actions.moves(self._act(observed))
        if self.goal is not None:
            way: NDArray[np.float32] = (self.goal - self.params) / (self._step * self._period)
            return np.clip(way, -1.0, 1.0)
        return moves * np.float32(self.dial)

    def _moment(self, name: str, *, varied: bool) -> NDArray[np.float32]:
        if name not in self.moments:
            known = f"remembered are {', '.join(self.moments)}" if self.moments else "none is remembered"
            raise UsageError(f"a moment is remembered before it is gone back to; got {name!r}; {known}")
        moment = self.moments[name]
        if varied:
            moment = np.clip(moment + _VARIED * self._rng.standard_normal(moment.shape), 0.0, 1.0)
        return moment.astype(np.float32)

    def _faded(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """A block with its level, which takes `FADE_S` from nothing to all and back."""
        goal = 0.0 if self.muted or self.away or self.panicked else 1.0
        if self._gain == goal:
            return block if goal else np.zeros_like(block)
        gains = np.clip(self._gain + (self._fade if goal else -self._fade), 0.0, 1.0)
        self._gain = float(gains[-1])
        faded: NDArray[np.float32] = block * gains
        return faded
