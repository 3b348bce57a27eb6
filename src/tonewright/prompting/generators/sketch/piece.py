"""A piece: all that the band needs to play a short sound, declared as controls.

One bar of sixteenths for the drums, two for the lines; timbres are settings of `serum-lite`, drums and sweeps
have controls of their own. The flow draws unit vectors of these controls; nothing else decides the sound.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tonewright.synths.control import Control, ControlSpace
from tonewright.synths.serum_lite.controls import CONTROLS as TIMBRE

CATEGORIES = ("drums", "instruments", "sfx", "ambient", "phrases")
DRUMS = ("kick", "snare", "hats", "clap", "toms", "cymbal", "shaker")
SOURCES = ("tone", *DRUMS)
"""What sounds in a piece of the category instruments."""
LINES = ("bass", "chords", "melody")
STEPS = 16
"""Sixteenths of a bar."""
LINE_STEPS = 2 * STEPS
CHORD_SLOTS = 4
"""Chords of two bars, half a bar each."""
DEGREES = (-7, 7)
"""Steps of the scale from the tonic of a line's octave."""


def _choice(name: str, options: tuple[str, ...], meaning: str) -> Control:
    marks = tuple((float(number), option) for number, option in enumerate(options))
    return Control(name, "plan", 0, len(options) - 1, 0, "integer", meaning=meaning, landmarks=marks)


def _steps(name: str, group: str, count: int, meaning: str) -> tuple[Control, ...]:
    return tuple(Control(f"{name}_{n + 1:02}", group, 0, 1, 0, meaning=meaning) for n in range(count))


def _degrees(name: str, group: str, count: int, meaning: str) -> tuple[Control, ...]:
    low, high = DEGREES
    return tuple(
        Control(f"{name}_{n + 1:02}", group, low, high, 0, "integer", "steps", meaning) for n in range(count)
    )


def _line(name: str, lowest: int, highest: int, usual: int) -> tuple[Control, ...]:
    octave = Control(f"{name}_octave", name, lowest, highest, usual, "integer", meaning="octave of the tonic")
    level = Control(f"{name}_level_db", name, -40, 0, -40, unit="dB", meaning="level; silent at the bottom")
    length = Control(f"{name}_length", name, 0.2, 1.5, 0.8, "log", meaning="how long notes are held")
    timbre = tuple(
        Control(f"{name}_{one.name}", name, one.low, one.high, one.default, one.curve, one.unit, one.meaning)
        for one in TIMBRE
    )
    return octave, level, length, *timbre


_DRUM_TIMBRES = (
    Control("kick_hz", "kick", 38, 75, 50, "log", "Hz", "pitch that the membrane falls to"),
    Control("kick_sweep_octaves", "kick", 0.5, 4, 2, unit="octaves", meaning="fall of the pitch"),
    Control("kick_decay_s", "kick", 0.08, 0.9, 0.3, "log", "s", "fall by 60 dB of the membrane"),
    Control("kick_click", "kick", 0, 1, 0.3, meaning="level of the beater"),
    Control("snare_hz", "snare", 130, 280, 185, "log", "Hz", "pitch of the shell"),
    Control("snare_noise", "snare", 0.2, 1, 0.6, meaning="wires against shell"),
    Control("snare_decay_s", "snare", 0.06, 0.5, 0.18, "log", "s", "fall by 60 dB of the wires"),
    Control("hats_hz", "hats", 5_000, 11_000, 8_000, "log", "Hz", "lower edge"),
    Control("hats_decay_s", "hats", 0.03, 0.5, 0.07, "log", "s", "fall by 60 dB"),
    Control("clap_hz", "clap", 900, 2_200, 1_400, "log", "Hz", "middle of its band"),
    Control("clap_decay_s", "clap", 0.08, 0.5, 0.2, "log", "s", "fall by 60 dB of its tail"),
    Control("toms_hz", "toms", 75, 220, 120, "log", "Hz", "pitch of the lowest"),
    Control("toms_decay_s", "toms", 0.12, 0.8, 0.35, "log", "s", "fall by 60 dB"),
    Control("cymbal_hz", "cymbal", 3_000, 7_000, 4_500, "log", "Hz", "lower edge"),
    Control("cymbal_decay_s", "cymbal", 0.6, 4, 1.8, "log", "s", "fall by 60 dB"),
    Control("shaker_hz", "shaker", 3_500, 8_000, 5_500, "log", "Hz", "middle of its band"),
    Control("shaker_decay_s", "shaker", 0.03, 0.16, 0.07, "log", "s", "fall by 60 dB"),
)
_SWEEP = (
    Control("sweep_start_hz", "sweep", 40, 8_000, 400, "log", "Hz", "pitch or band at the beginning"),
    Control("sweep_end_hz", "sweep", 40, 8_000, 400, "log", "Hz", "pitch or band at the end"),
    Control("sweep_noise", "sweep", 0, 1, 0.5, meaning="noise against tone"),
    Control("sweep_band_octaves", "sweep", 0.1, 4, 1, "log", "octaves", "width of the band of noise"),
    Control("sweep_attack", "sweep", 0.002, 0.95, 0.05, "log", meaning="share of the time in which it rises"),
    Control(
        "sweep_decay", "sweep", 0.02, 1, 0.5, "log", meaning="share of the time in which it falls by 40 dB"
    ),
    Control(
        "sweep_repeats_hz", "sweep", 0.1, 20, 0.1, "log", "Hz", "how often it begins anew; once below 0.3"
    ),
    Control("sweep_fm", "sweep", 0, 6, 0, "quadratic", meaning="index of frequency modulation of the tone"),
    Control("sweep_fm_ratio", "sweep", 0.25, 7, 1.5, "log", meaning="pitch of the modulator to the tone"),
    Control("sweep_level_db", "sweep", -40, 0, -40, unit="dB", meaning="level; silent at the bottom"),
)
_AIR = (
    Control("air_hz", "air", 80, 8_000, 800, "log", "Hz", "middle of a band of noise"),
    Control("air_band_octaves", "air", 0.3, 5, 2, "log", "octaves", "width of the band"),
    Control("air_rate_hz", "air", 0.05, 4, 0.2, "log", "Hz", "how fast it moves"),
    Control("air_depth", "air", 0, 1, 0.3, meaning="how far it moves"),
    Control("air_level_db", "air", -40, 0, -40, unit="dB", meaning="level; silent at the bottom"),
)
_ROOM = (
    Control("tilt_db", "room", -9, 9, 0, unit="dB", meaning="highs against lows, around 1 kHz"),
    Control("low_cut_hz", "room", 20, 400, 25, "log", "Hz", "edge of a high-pass"),
    Control("drive_db", "room", 0, 30, 0, "quadratic", "dB", "level into a soft clipper"),
    Control("reverb_s", "room", 0.15, 6, 0.6, "log", "s", "fall by 60 dB of the room"),
    Control("reverb_mix", "room", 0, 1, 0.1, "quadratic", meaning="room against direct sound"),
    Control("width", "room", 0, 1, 0.3, meaning="side against middle"),
    Control("squash_db", "room", 0, 18, 0, "quadratic", "dB", "how far a limiter presses peaks"),
)
PIECE = ControlSpace(
    (
        _choice("category", CATEGORIES, "what kind of sound"),
        _choice("source", SOURCES, "what sounds where the category is instruments"),
        Control("tonic", "plan", 0, 11, 0, "integer", "semitones", "pitch class of the key"),
        Control("minor", "plan", 0, 1, 0, "integer", meaning="minor instead of major"),
        Control("bpm", "plan", 50, 200, 110, "log", "BPM", "tempo"),
        Control("swing", "plan", 0, 0.33, 0, meaning="delay of every other sixteenth, in sixteenths"),
        *(
            control
            for drum in DRUMS
            for control in (
                *_steps(f"{drum}_step", drum, STEPS, "velocity; below 0.2 nothing is struck"),
                Control(
                    f"{drum}_level_db", drum, -40, 0, -40, unit="dB", meaning="level; silent at the bottom"
                ),
            )
        ),
        *_DRUM_TIMBRES,
        *_line("bass", 1, 3, 2),
        *_steps("bass_step", "bass", LINE_STEPS, "velocity; below 0.2 nothing begins"),
        *_degrees("bass_degree", "bass", LINE_STEPS, "step of the scale"),
        *_line("chords", 3, 5, 4),
        *_steps("chords_step", "chords", LINE_STEPS, "velocity; below 0.2 nothing begins"),
        *_degrees("chords_degree", "chords", CHORD_SLOTS, "root, as a step of the scale"),
        *_line("melody", 2, 6, 5),
        *_steps("melody_step", "melody", LINE_STEPS, "velocity; below 0.2 nothing begins"),
        *_degrees("melody_degree", "melody", LINE_STEPS, "step of the scale"),
        *_SWEEP,
        *_AIR,
        *_ROOM,
    )
)
"""All controls of a piece."""

PROGRESSIONS = ((0, 5, 3, 4), (0, 3, 4, 0), (0, 4, 5, 3), (0, 0, 3, 4), (0, 5, 2, 4), (0, 3, 0, 4))
"""Roots of chords, as steps of the scale."""
_APART, _CONSONANT = "osc2_semitones", (-24, -12, 0, 7, 12, 24)
SILENT_DB = -39.0
STRUCK = 0.2
"""Least velocity at which something is struck."""


@dataclass(frozen=True, eq=False)
class Piece:
    """A piece.

    Attributes:
        unit: `[D]` in [0, 1], as `PIECE` has its controls.
    """

    unit: NDArray[np.float32]

    @cached_property
    def values(self) -> Mapping[str, float]:
        """Physical values by name."""
        return PIECE.to_values(self.unit)

    @property
    def category(self) -> str:
        """Which kind of sound it is."""
        return CATEGORIES[int(self.values["category"])]

    @property
    def source(self) -> str:
        """What sounds in it, of `SOURCES`, where the category is instruments."""
        return SOURCES[int(self.values["source"])]

    def steps(self, name: str, count: int = STEPS) -> NDArray[np.float64]:
        """Velocities of a drum or a line, `[count]`; 0 where nothing is struck."""
        found = np.array([self.values[f"{name}_step_{n + 1:02}"] for n in range(count)])
        return np.where(found < STRUCK, 0.0, found)

    def degrees(self, name: str, count: int = LINE_STEPS) -> NDArray[np.int64]:
        """Steps of the scale of a line, `[count]`."""
        return np.array([int(self.values[f"{name}_degree_{n + 1:02}"]) for n in range(count)])

    def gain(self, name: str) -> float:
        """Amplitude of a part; 0 if it is silent."""
        level_db = self.values[f"{name}_level_db"]
        return 0.0 if level_db < SILENT_DB else float(10 ** (level_db / 20))

    @property
    def roots(self) -> tuple[int, ...]:
        """Roots of the chords, `[CHORD_SLOTS]`: those of the progression that is nearest to the degrees."""
        degrees = self.degrees("chords", CHORD_SLOTS)
        return min(PROGRESSIONS, key=lambda one: float(np.abs(degrees - np.array(one)).sum()))

    def timbre(self, line: str) -> NDArray[np.float32]:
        """Unit vector `[24]` of `serum-lite` for a line, whose oscillators are octaves or a fifth apart."""
        first = PIECE.index(f"{line}_{TIMBRE.names[0]}")
        unit = self.unit[first : first + len(TIMBRE)].copy()
        apart = self.values[f"{line}_{_APART}"]
        nearest = min(_CONSONANT, key=lambda semitones: abs(semitones - apart))
        unit[TIMBRE.index(_APART)] = TIMBRE[_APART].to_unit(nearest)
        return unit
