"""Composing pieces: what the flow is trained on.

A style has its patterns and timbres; tempo, key, levels and room are drawn freely within what makes sense, so
that pieces of one style differ in tone. What a piece sounds like is not told here but measured.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from tonewright.prompting.generators.sketch.piece import (
    CATEGORIES,
    CHORD_SLOTS,
    DRUMS,
    LINE_STEPS,
    LINES,
    PIECE,
    PROGRESSIONS,
    SOURCES,
    STEPS,
    Piece,
)
from tonewright.prompting.generators.sketch.styles import (
    BASSES,
    BEATS,
    EFFECTS,
    LEADS,
    NOUNS,
    OCTAVE,
    PADS,
    PLACES,
    SWINGING,
    THINGS,
    TIMBRES,
)
from tonewright.prompting.words.vocabulary import vocabulary
from tonewright.synths.serum_lite.controls import CONTROLS as TIMBRE
from tonewright.synths.serum_lite.factory import factory_presets

_NO_TIMBRE = tuple(f"{drum}_{what}" for drum in DRUMS for what in ("step", "level"))
_JITTER = 0.05
_HEARD_DB = -12.0


@dataclass(frozen=True)
class Composed:
    """A piece, and what is known of it without listening.

    Attributes:
        piece: The piece.
        style: Of the vocabulary.
        elements: What sounds in it, by the names of the vocabulary.
        nouns: The nouns of the category that fit it best, where some do.
        noun: One of them.
    """

    piece: Piece
    style: str
    elements: tuple[str, ...]
    nouns: tuple[str, ...] = ()
    noun: str | None = None


def compose(category: str, style: str, rng: np.random.Generator) -> Composed:
    """Compose a piece of a style.

    Args:
        category: Of `piece.CATEGORIES`.
        style: A style of that category.
        rng: Decides all that is free.
    """
    sheet = _Sheet(rng)
    sheet["category"] = CATEGORIES.index(category)
    sheet["tonic"], sheet["minor"] = int(rng.integers(12)), int(rng.random() < 0.5)
    low, high = vocabulary().styles[style].bpm or (70, 140)
    sheet["bpm"] = round(rng.uniform(low, high))
    _room(sheet, category)
    nouns = _COMPOSERS[category](sheet, style)
    noun = sheet.pick(nouns) if nouns else None
    return Composed(Piece(sheet.unit()), style, tuple(sheet.elements), tuple(nouns), noun)


class _Sheet:
    """Physical values while they are being decided."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.values = {control.name: float(control.default) for control in PIECE}
        self.elements: list[str] = []

    def __setitem__(self, name: str, value: float) -> None:
        control = PIECE[name]
        self.values[name] = float(np.clip(value, control.low, control.high))

    def unit(self) -> NDArray[np.float32]:
        integers = {control.name for control in PIECE if control.curve == "integer"}
        return PIECE.to_unit(
            {name: round(value) if name in integers else value for name, value in self.values.items()}
        )

    def draw(self, *names: str) -> None:
        """Draw controls over their whole range."""
        for name in names:
            self[name] = float(PIECE[name].to_physical(self.rng.random()))

    def pick(self, some: Sequence[str]) -> str:
        return some[int(self.rng.integers(len(some)))]

    def timbre(self, line: str, presets: Sequence[str]) -> None:
        """A factory preset, a little moved."""
        unit = np.clip(_presets()[self.pick(presets)] + _JITTER * self.rng.standard_normal(len(TIMBRE)), 0, 1)
        values = TIMBRE.to_values(unit)
        values["master_volume"] = 0.7
        for name, value in values.items():
            self[f"{line}_{name}"] = value

    def pattern(self, name: str, text: str) -> None:
        """Velocities of a pattern."""
        for number, sign in enumerate(text):
            hit = sign in "xo" or (sign == "?" and self.rng.random() < 0.5)
            loud = 0.9 if sign != "o" else 0.5
            self[f"{name}_step_{number + 1:02}"] = loud + 0.1 * self.rng.uniform(-1, 1) if hit else 0.0


@cache
def _presets() -> Mapping[str, NDArray[np.float32]]:
    return {preset.name: TIMBRE.to_unit(preset.controls) for preset in factory_presets()}


def _room(sheet: _Sheet, category: str) -> None:
    rng = sheet.rng
    sheet["tilt_db"] = rng.normal(0, 4)
    sheet["low_cut_hz"] = 25 if rng.random() < 0.7 else 20 * 2 ** rng.uniform(0, 3.5)
    sheet["drive_db"] = 0 if rng.random() < 0.65 else rng.uniform(4, 26)
    wet = rng.random() < (0.8 if category == "ambient" else 0.4)
    sheet["reverb_s"] = rng.uniform(1.0, 5.0) if wet else rng.uniform(0.2, 0.6)
    sheet["reverb_mix"] = rng.uniform(0.3, 0.9) if wet else rng.uniform(0, 0.15)
    sheet["width"] = 0 if rng.random() < 0.25 else rng.uniform(0.1, 1.0)
    sheet["squash_db"] = 0 if rng.random() < 0.7 else rng.uniform(3, 16)


def _kit(sheet: _Sheet) -> None:
    for control in PIECE:
        if control.group in DRUMS and not control.name.startswith(_NO_TIMBRE):
            sheet.draw(control.name)


def _drums(sheet: _Sheet, style: str) -> Sequence[str]:
    rng = sheet.rng
    _kit(sheet)
    beat = dict(BEATS[style])
    if rng.random() < 0.3:  # now and then a drum less, or one of another style
        beat.pop(sheet.pick(tuple(beat)))
    if rng.random() < 0.3:
        other = BEATS[sheet.pick(tuple(BEATS))]
        drum = sheet.pick(tuple(other))
        beat.setdefault(drum, other[drum])
    for drum, pattern in beat.items():
        sheet.pattern(drum, pattern)
        sheet[f"{drum}_level_db"] = rng.uniform(-9, 0) - {"kick": 0, "hats": 6, "shaker": 8}.get(drum, 3)
        sheet.elements.append(drum)
    if style in SWINGING:
        sheet["swing"] = rng.uniform(0.1, 0.3)
    return []


def _instruments(sheet: _Sheet, style: str) -> Sequence[str]:
    rng = sheet.rng
    if rng.random() < 0.2:
        drum = sheet.pick(DRUMS)
        _kit(sheet)
        sheet["source"] = SOURCES.index(drum)
        sheet.elements.append(drum)
        return []
    chords = rng.random() < 0.15
    line = "chords" if chords else "melody"
    sheet.timbre(line, TIMBRES[style])
    sheet[f"{line}_level_db"] = 0
    sheet[f"{line}_octave"] = OCTAVE.get(style, 4 if chords else 5) + int(rng.integers(-1, 1))
    sheet[f"{line}_length"] = 0.2 * 7.5 ** rng.random()
    if chords:
        sheet.elements.append("chords")
    return []


def _sfx(sheet: _Sheet, style: str) -> Sequence[str]:
    rng = sheet.rng
    kind = THINGS[style] if rng.random() < 0.5 else sheet.pick(EFFECTS)
    sheet["sweep_level_db"] = 0
    sheet.draw("sweep_noise", "sweep_band_octaves", "sweep_fm_ratio")
    middle = 200 * 2 ** rng.uniform(0, 4)
    span = rng.uniform(1.5, 4) if kind in ("rise", "fall", "laser") else rng.uniform(-0.1, 0.1)
    span = -span if kind in ("fall", "laser") else span
    sheet["sweep_start_hz"], sheet["sweep_end_hz"] = middle * 2 ** (-span / 2), middle * 2 ** (span / 2)
    sheet["sweep_fm"] = 0 if rng.random() < 0.5 else rng.uniform(0.5, 5)
    if kind == "rise":
        sheet["sweep_attack"], sheet["sweep_decay"] = rng.uniform(0.5, 0.95), 0.3
    elif kind == "fall":
        sheet["sweep_attack"], sheet["sweep_decay"] = rng.uniform(0.01, 0.2), rng.uniform(0.5, 1)
    elif kind == "impact":
        sheet["sweep_attack"], sheet["sweep_decay"] = 0.003, rng.uniform(0.1, 0.6)
        sheet["sweep_start_hz"] = sheet["sweep_end_hz"] = 40 * 2 ** rng.uniform(0, 3)
        sheet["sweep_noise"] = rng.uniform(0.4, 1)
        _kit(sheet)
        for drum in ("kick", "cymbal"):
            if rng.random() < 0.6:
                sheet.pattern(drum, "x...............")
                sheet[f"{drum}_level_db"] = rng.uniform(-12, -2)
    elif kind in ("laser", "beep"):
        sheet["sweep_noise"] = rng.uniform(0, 0.15)
        sheet["sweep_attack"], sheet["sweep_decay"] = 0.01, rng.uniform(0.1, 0.4)
        sheet["sweep_repeats_hz"] = 0.1 if rng.random() < 0.5 else rng.uniform(1, 6)
    elif kind == "alarm":
        sheet["sweep_noise"], sheet["sweep_attack"], sheet["sweep_decay"] = 0.0, 0.05, 1
        sheet["sweep_repeats_hz"] = rng.uniform(1, 5)
        sheet["sweep_end_hz"] = middle * 2 ** rng.uniform(0.1, 0.6)
    elif kind == "glitch":
        sheet["sweep_attack"], sheet["sweep_decay"] = 0.01, rng.uniform(0.1, 0.5)
        sheet["sweep_repeats_hz"] = rng.uniform(6, 20)
        sheet["sweep_fm"] = rng.uniform(1, 6)
    else:
        sheet["sweep_attack"], sheet["sweep_decay"] = 0.1, 1
        if rng.random() < 0.5:
            sheet["air_level_db"] = rng.uniform(-10, 0)
            sheet.draw("air_hz", "air_band_octaves", "air_rate_hz", "air_depth")
    return [noun for noun, kinds in NOUNS.items() if kind in kinds]


def _ambient(sheet: _Sheet, style: str) -> Sequence[str]:
    rng = sheet.rng
    air_hz, air_db, drone_db = PLACES[style]
    sheet["air_hz"] = air_hz * 2 ** rng.normal(0, 0.7)
    sheet["air_level_db"] = air_db + rng.normal(0, 4)
    sheet.draw("air_band_octaves", "air_rate_hz", "air_depth")
    sheet.timbre("chords", PADS)
    sheet["chords_amp_attack_s"] = rng.uniform(0.2, 1.5)
    sheet["chords_level_db"] = drone_db + rng.normal(0, 3)
    sheet["chords_octave"] = int(rng.integers(3, 6))
    sheet.elements += [
        name
        for name, line in (("pad", "chords"), ("noise", "air"))
        if sheet.values[f"{line}_level_db"] > _HEARD_DB
    ]
    if rng.random() < 0.6:
        sheet.timbre("bass", PADS)
        sheet["bass_level_db"] = drone_db + rng.normal(0, 3)
        sheet["bass_octave"] = int(rng.integers(1, 4))
    return []


def _phrases(sheet: _Sheet, style: str) -> Sequence[str]:
    rng = sheet.rng
    shape = sheet.pick(("bassline", "arpeggio", "melody", "chord progression", "riff", "full"))
    lines = {"bassline": ("bass",), "chord progression": ("chords",), "full": LINES}.get(shape, ("melody",))
    progression = PROGRESSIONS[int(rng.integers(len(PROGRESSIONS)))]
    for slot in range(CHORD_SLOTS):
        sheet[f"chords_degree_{slot + 1:02}"] = progression[slot]
    for line in lines:
        presets = {
            "bass": BASSES,
            "chords": (*TIMBRES[style], *PADS),
            "melody": (*TIMBRES[style], *LEADS),
        }
        own = TIMBRES[style]
        sheet.timbre(line, own if rng.random() < 0.6 and line != "bass" else presets[line])
        sheet[f"{line}_level_db"] = rng.uniform(-6, 0)
        lower = int(rng.random() < (0.25 if line == "bass" else 0.5))
        sheet[f"{line}_octave"] = {"bass": 2, "chords": 4, "melody": 5}[line] - lower
        sheet[f"{line}_length"] = rng.uniform(0.3, 1.2)
        _LINE_WRITERS[line](sheet, shape, progression)
        sheet.elements.append(line)
    if shape == "full" and rng.random() < 0.5:
        _drums(sheet, sheet.pick(("house", "hip hop", "rock", "electro")))
    return [shape] if shape != "full" else []


def _write_bass(sheet: _Sheet, shape: str, progression: Sequence[int]) -> None:
    rhythm = sheet.pick(
        ("x...x...x...x...", "x.x.x.x.x.x.x.x.", "x..x..x.x..x..x.", "x.....x...x.....", "..x...x...x...x.")
    )
    sheet.pattern("bass", 2 * rhythm)
    for step in range(LINE_STEPS):
        root = progression[step * CHORD_SLOTS // LINE_STEPS]
        other = int(sheet.rng.choice([0, 0, 0, 4, -3, 2]))
        degree = root + (other if step % 8 else 0)
        sheet[f"bass_degree_{step + 1:02}"] = degree if degree <= 4 else degree - 7


def _write_chords(sheet: _Sheet, shape: str, progression: Sequence[int]) -> None:
    rhythm = sheet.pick(("x.......", "x...x...", "..x...x.", "x..x..x.", "x.x...x."))
    sheet.pattern("chords", 4 * rhythm)


def _write_melody(sheet: _Sheet, shape: str, progression: Sequence[int]) -> None:
    rng = sheet.rng
    if shape == "arpeggio":
        rhythm = "x" * LINE_STEPS if rng.random() < 0.5 else "x." * (LINE_STEPS // 2)
        order = rng.permutation([0, 2, 4, 7])
        degrees = [
            progression[s * CHORD_SLOTS // LINE_STEPS] + int(order[s % len(order)]) for s in range(LINE_STEPS)
        ]
    else:
        rhythm = 2 * sheet.pick(
            (
                "x..x..x.x...x...",
                "x...x.x.x...x...",
                "x.x.x...x.x.x...",
                "x.......x..x..x.",
                "x.xxx.x.x.x.x...",
            )
        )
        walk = np.cumsum(rng.choice([-2, -1, -1, 0, 1, 1, 2], LINE_STEPS))
        degrees = [int(one) for one in walk - walk[0]]
        for step in (0, STEPS):  # a bar begins on a note of its chord
            degrees[step] = progression[step * CHORD_SLOTS // LINE_STEPS]
        degrees[LINE_STEPS - 4] = 0
    sheet.pattern("melody", rhythm)
    for step, degree in enumerate(degrees):
        sheet[f"melody_degree_{step + 1:02}"] = (degree + 7) % 14 - 7 if abs(degree) > 7 else degree


_LINE_WRITERS = {"bass": _write_bass, "chords": _write_chords, "melody": _write_melody}
_COMPOSERS = {
    "drums": _drums,
    "instruments": _instruments,
    "sfx": _sfx,
    "ambient": _ambient,
    "phrases": _phrases,
}
