"""The band: plays a piece."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tonewright.prompting.generators.sketch.drums import strike
from tonewright.prompting.generators.sketch.lines import Player, chord, notes
from tonewright.prompting.generators.sketch.piece import DRUMS, LINE_STEPS, LINES, STEPS, Piece
from tonewright.prompting.generators.sketch.room import place_in_room
from tonewright.prompting.generators.sketch.sweeps import air, sweep

_NEARLY = 0.03
"""What misses whole bars by less is played a little faster or slower, so that it is a loop."""
_FADED, _LONGEST_FADE_S = 0.1, 1.5
"""Share of a sound that is faded out at its end, where it is no loop."""
_PANS = {
    "kick": 0.0,
    "snare": 0.05,
    "hats": 0.35,
    "clap": -0.15,
    "toms": -0.3,
    "cymbal": 0.3,
    "shaker": -0.45,
}
_SPREAD_S = 0.009
"""Delay of the side of a line against its middle."""
_SPREAD = {"bass": 0.0, "chords": 0.6, "melody": 0.35}
_TOMS = (1.0, 1.26, 1.5)
"""Pitches of toms against the lowest, as the bar goes on."""
_LEAST_GATE_S = 0.03


def play(piece: Piece, seconds: float, sample_rate_hz: int = 44_100, seed: int = 0) -> NDArray[np.float32]:
    """Play a piece.

    A rhythm or phrase of whole bars, or nearly, is a loop: it fits exactly, and what rings at its end goes on
    at its beginning.

    Args:
        piece: What to play.
        seconds: How long.
        sample_rate_hz: Rate.
        seed: Of noise and reflections.

    Returns:
        `[2, n]` float32, left and right, its peak at -1 dBFS, or silence.
    """
    stage = _Stage(piece, round(seconds * sample_rate_hz), sample_rate_hz, seed)
    {
        "drums": stage.rhythm,
        "phrases": stage.phrase,
        "instruments": stage.one_shot,
        "sfx": stage.effect,
        "ambient": stage.texture,
    }[piece.category]()
    fade_s = min(_LONGEST_FADE_S, _FADED * seconds)
    return place_in_room(
        stage.mixed, piece.values, sample_rate_hz, stage.rng("room"), loops=stage.loops, fade_s=fade_s
    )


class _Stage:
    """Where the parts of a piece add up, `[2, n]`: middle and side."""

    def __init__(self, piece: Piece, frames: int, rate: int, seed: int) -> None:
        self.piece, self.rate, self.seed = piece, rate, seed
        self.mixed = np.zeros((2, frames))
        self.step_s = 60 / piece.values["bpm"] / 4
        bars = frames / rate / (STEPS * self.step_s)
        whole = round(bars) >= 1 and abs(bars / round(bars) - 1) < _NEARLY
        self.loops = whole and piece.category in ("drums", "phrases")
        if self.loops:
            self.step_s = frames / rate / round(bars) / STEPS

    def rng(self, part: str) -> np.random.Generator:
        return np.random.default_rng([self.seed, *part.encode()])

    def rhythm(self) -> None:
        for drum in DRUMS:
            gain = self.piece.gain(drum)
            if gain:
                self._beat(drum, gain)

    def phrase(self) -> None:
        self.rhythm()
        for line in LINES:
            gain = self.piece.gain(line)
            if gain:
                self._line(line, gain)

    def one_shot(self) -> None:
        source, values = self.piece.source, self.piece.values
        if source != "tone":
            self._add(strike(source, values, self.rate, self.rng(source)), 0.0, 1.0, _PANS[source])
            return
        line = "chords" if self.piece.gain("chords") else "melody"
        gate_s = max(_LEAST_GATE_S, values[f"{line}_length"] ** 2)
        player = Player(self.piece, line, self.rate, self.seed)
        for note in chord(self.piece, line, whole=line == "chords"):
            self._note(player.note(note, gate_s), 0.0, 0.6, line)

    def effect(self) -> None:
        gain = self.piece.gain("sweep")
        if gain:
            self.mixed += gain * sweep(self.piece.values, self.mixed.shape[1], self.rate, self.rng("sweep"))
        self._air()
        for drum in DRUMS:
            if self.piece.gain(drum) and self.piece.steps(drum)[0]:
                sound = strike(drum, self.piece.values, self.rate, self.rng(drum))
                self._add(sound, 0.0, self.piece.gain(drum), _PANS[drum])

    def texture(self) -> None:
        seconds = self.mixed.shape[1] / self.rate
        for line in ("bass", "chords"):
            gain = self.piece.gain(line)
            if gain:
                player = Player(self.piece, line, self.rate, self.seed)
                for note in chord(self.piece, line, whole=line == "chords"):
                    self._note(player.note(note, max(0.2, 0.85 * seconds)), 0.0, 0.5 * gain, line)
        if self.piece.gain("melody"):
            self._line("melody", self.piece.gain("melody"))
        self._air()

    def _air(self) -> None:
        gain = self.piece.gain("air")
        if gain:
            self.mixed += gain * air(self.piece.values, self.mixed.shape[1], self.rate, self.rng("air"))

    def _beat(self, drum: str, gain: float) -> None:
        values = dict(self.piece.values)
        velocities = self.piece.steps(drum)
        ratios = _TOMS if drum == "toms" else (1.0,)
        sounds = []
        for ratio in ratios:
            values["toms_hz"] = ratio * self.piece.values["toms_hz"]
            sounds.append(strike(drum, values, self.rate, self.rng(drum)))
        for begin_s in self._bars(STEPS):
            for step in np.flatnonzero(velocities):
                sound = sounds[-1 - int(step) * len(sounds) // STEPS]
                at_s = begin_s + self._at_s(int(step))
                self._add(sound, at_s, gain * float(velocities[step]), _PANS[drum])

    def _line(self, line: str, gain: float) -> None:
        played = notes(self.piece, line)
        player = Player(self.piece, line, self.rate, self.seed)
        gates_s = [max(_LEAST_GATE_S, note.steps * self.step_s) for note in played]
        player.prepare([(note.midi_note, gate_s) for note, gate_s in zip(played, gates_s, strict=True)])
        for begin_s in self._bars(LINE_STEPS):
            for note, gate_s in zip(played, gates_s, strict=True):
                sound = player.note(note.midi_note, gate_s)
                self._note(sound, begin_s + self._at_s(note.step), 0.5 * gain * note.velocity, line)

    def _bars(self, steps: int) -> list[float]:
        """When a pattern of so many steps begins, again and again."""
        pattern_s = steps * self.step_s
        seconds = self.mixed.shape[1] / self.rate
        return [number * pattern_s for number in range(int(np.ceil(seconds / pattern_s - 1e-6)))]

    def _at_s(self, step: int) -> float:
        return (step + self.piece.values["swing"] * (step % 2)) * self.step_s

    def _note(self, sound: NDArray[np.float32], at_s: float, gain: float, line: str) -> None:
        self._add(sound, at_s, gain, 0.0)
        if _SPREAD[line]:
            self._add(sound, at_s + _SPREAD_S, gain * _SPREAD[line], None)

    def _add(self, sound: NDArray[np.float32], at_s: float, gain: float, pan: float | None) -> None:
        """Add a sound to the middle, panned, or, without a pan, to the side alone."""
        parts = ((1, gain),) if pan is None else ((0, gain), (1, gain * pan))
        frames = self.mixed.shape[1]
        first = round(at_s * self.rate)
        if first >= frames:
            return
        for channel, amount in parts:
            if not amount:
                continue
            inside = sound[: frames - first]
            self.mixed[channel, first : first + len(inside)] += amount * inside
            rest = sound[len(inside) :]
            while self.loops and len(rest):
                some = rest[:frames]
                self.mixed[channel, : len(some)] += amount * some
                rest = rest[frames:]
