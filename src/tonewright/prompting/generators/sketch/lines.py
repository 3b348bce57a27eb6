"""Lines: bass, chords and melody as notes, played by `serum-lite`."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tonewright.prompting.generators.sketch.piece import CHORD_SLOTS, LINE_STEPS, LINES, Piece
from tonewright.synths.serum_lite.controls import CONTROLS as TIMBRE
from tonewright.synths.serum_lite.synth import SerumLite

MAJOR, MINOR = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10)
_TRIAD = (0, 2, 4)
_HALF_BAR = 8
"""Sixteenths."""
_LONGEST_TAIL_S = 3.0
_RELEASE = TIMBRE.names.index("amp_release_s")


@dataclass(frozen=True)
class Note:
    """A note of a line.

    Attributes:
        step: Sixteenth at which it begins.
        steps: How many sixteenths it is held.
        midi_note: Its pitch.
        velocity: Its amplitude, 0 to 1.
    """

    step: int
    steps: float
    midi_note: int
    velocity: float


def scale_note(tonic: int, minor: bool, octave: int, degree: int) -> int:
    """MIDI note of a step of the scale; step 0 is the tonic in its octave."""
    octaves, step = divmod(degree, len(MAJOR))
    return 12 * (octave + 1 + octaves) + tonic + (MINOR if minor else MAJOR)[step]


def notes(piece: Piece, line: str) -> list[Note]:
    """The notes of a line in its two bars.

    What begins on a half bar is of its chord: the root in the bass, and the nearest of its notes in the
    melody, which ends on the tonic.
    """
    values, velocities = piece.values, piece.steps(line, LINE_STEPS)
    tonic, minor, octave = int(values["tonic"]), bool(values["minor"]), int(values[f"{line}_octave"])
    begins = np.flatnonzero(velocities)
    made = []
    for begin, end in pairwise([*begins, LINE_STEPS]):
        if line == "chords":
            root = piece.roots[begin * CHORD_SLOTS // LINE_STEPS]
            degrees = [root + one for one in _TRIAD]
        else:
            degrees = [_settled(piece, line, int(begin), int(piece.degrees(line)[begin]))]
        steps = max(1.0, float(end - begin) * min(1.0, values[f"{line}_length"]))
        for degree in degrees:
            pitch = scale_note(tonic, minor, octave, degree)
            made.append(Note(int(begin), steps, pitch, float(velocities[begin])))
    return made


def _settled(piece: Piece, line: str, step: int, degree: int) -> int:
    """The step of the scale that is played."""
    if step == LINE_STEPS - 4 and line == "melody":
        allowed = {0}
    elif step % _HALF_BAR:
        return degree
    else:
        root = piece.roots[step * CHORD_SLOTS // LINE_STEPS]
        allowed = {root + one for one in (_TRIAD if line == "melody" else (0,))}
    octave = len(MAJOR)
    near = [one + octave * shift for one in allowed for shift in (-2, -1, 0, 1)]
    return min(near, key=lambda one: (abs(one - degree), one))


def chord(piece: Piece, line: str, *, whole: bool) -> list[int]:
    """MIDI notes of the tonic of a line's octave, or of the whole triad on it."""
    values = piece.values
    tonic, minor, octave = int(values["tonic"]), bool(values["minor"]), int(values[f"{line}_octave"])
    return [scale_note(tonic, minor, octave, one) for one in (_TRIAD if whole else (0,))]


class Player:
    """Plays notes of one line's timbre; each pitch and length is rendered once.

    Args:
        piece: The piece.
        line: Of `piece.LINES`.
        sample_rate_hz: Rate.
        seed: Noise of the synth.
    """

    def __init__(self, piece: Piece, line: str, sample_rate_hz: int, seed: int) -> None:
        assert line in LINES
        self._synth, self._seed = SerumLite(sample_rate_hz), seed
        self._timbre = piece.timbre(line)
        self._tail_s = min(_LONGEST_TAIL_S, float(TIMBRE.to_physical(self._timbre)[_RELEASE]))
        self._made: dict[tuple[int, int], NDArray[np.float32]] = {}

    def prepare(self, wanted: list[tuple[int, float]]) -> None:
        """Render `(midi_note, gate_s)` that are wanted, in one batch."""
        keys = sorted({self._key(note, gate_s) for note, gate_s in wanted} - self._made.keys())
        if not keys:
            return
        gates_s = np.array([gate / 1000 for _, gate in keys])
        sounds = self._synth.render(
            np.repeat(self._timbre[None], len(keys), axis=0),
            midi_note=[float(note) for note, _ in keys],
            seconds=float(gates_s.max()) + self._tail_s,
            gate_seconds=gates_s,
            seed=self._seed,
        )
        for key, gate_s, sound in zip(keys, gates_s, sounds, strict=True):
            frames = round((gate_s + self._tail_s) * self._synth.sample_rate_hz)
            self._made[key] = _faded(sound[:frames], self._synth.sample_rate_hz)

    def note(self, midi_note: int, gate_s: float) -> NDArray[np.float32]:
        """The sound of a note, `[n]`."""
        self.prepare([(midi_note, gate_s)])
        return self._made[self._key(midi_note, gate_s)]

    @staticmethod
    def _key(midi_note: int, gate_s: float) -> tuple[int, int]:
        return midi_note, round(1000 * gate_s)


def _faded(sound: NDArray[np.float32], sample_rate_hz: int) -> NDArray[np.float32]:
    frames = min(len(sound), sample_rate_hz // 100)
    made = sound.copy()
    made[len(made) - frames :] *= np.linspace(1, 0, frames, dtype=np.float32)
    return made
