"""Notes: their frequencies in equal temperament (A4 = 440 Hz, MIDI 69) and their names (C4 = MIDI 60)."""

from __future__ import annotations

import re
from typing import overload

import numpy as np
from numpy.typing import NDArray

from tonewright.wording import quantity

_NAMES = ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B")
_SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_NAME = re.compile(r"([A-G])([#♯b♭]?)(-?[0-9])", re.IGNORECASE)


@overload
def note_hz(midi_note: float) -> float: ...
@overload
def note_hz(midi_note: NDArray[np.floating]) -> NDArray[np.float64]: ...
def note_hz(midi_note: float | NDArray[np.floating]) -> float | NDArray[np.float64]:
    """Frequency in Hz of MIDI notes, fractions allowed; any shape.

    Examples:
        >>> from tonewright.audio.notes import note_hz
        >>> note_hz(69)
        440.0
        >>> round(note_hz(60), 2)
        261.63
    """
    hz = 440.0 * 2.0 ** ((np.asarray(midi_note, np.float64) - 69.0) / 12.0)
    return np.asarray(hz) if isinstance(midi_note, np.ndarray) else float(hz)


@overload
def hz_note(frequency_hz: float) -> float: ...
@overload
def hz_note(frequency_hz: NDArray[np.floating]) -> NDArray[np.float64]: ...
def hz_note(frequency_hz: float | NDArray[np.floating]) -> float | NDArray[np.float64]:
    """MIDI notes, with fractions, of frequencies in Hz above 0; any shape.

    Examples:
        >>> from tonewright.audio.notes import hz_note
        >>> hz_note(880.0)
        81.0
    """
    notes = 69.0 + 12.0 * np.log2(np.asarray(frequency_hz, np.float64) / 440.0)
    return np.asarray(notes) if isinstance(frequency_hz, np.ndarray) else float(notes)


def note_name(midi_note: float) -> str:
    """A note by name: `C3`, `C3 + 12 cents`.

    Examples:
        >>> from tonewright.audio.notes import note_name
        >>> note_name(60)
        'C4'
        >>> note_name(48.12)
        'C3 + 12 cents'
    """
    nearest = round(midi_note)
    name = f"{_NAMES[nearest % 12]}{nearest // 12 - 1}"
    cents = round(100 * (midi_note - nearest))
    if not cents:
        return name
    return f"{name} {'+' if cents > 0 else '−'} {quantity(abs(cents), 'cent')}"


def parse_note(text: str) -> float:
    """The MIDI note of a name (`C4`, `A#3`, `Bb2`) or number (`60`, `57.25`).

    Raises:
        ValueError: It is neither.

    Examples:
        >>> from tonewright.audio.notes import parse_note
        >>> parse_note("A#3"), parse_note("57.25")
        (58.0, 57.25)
    """
    name = _NAME.fullmatch(text)
    if not name:
        return float(text)
    letter, accidental, octave = name.groups()
    shift = {"": 0, "#": 1, "♯": 1}.get(accidental, -1)
    return float(12 * (int(octave) + 1) + _SEMITONES[letter.upper()] + shift)
