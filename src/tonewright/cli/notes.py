"""Notes as people write them."""

from __future__ import annotations

import re

_SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_NAME = re.compile(r"([A-G])([#♯b♭]?)(-?[0-9])", re.IGNORECASE)


def midi_note(text: str) -> float:
    """The MIDI note of a name (`C4`, `A#3`, `Bb2`) or number (`60`, `57.25`); middle C is C4 and 60.

    Raises:
        ValueError: It is neither.
    """
    name = _NAME.fullmatch(text)
    if not name:
        return float(text)
    letter, accidental, octave = name.groups()
    shift = {"": 0, "#": 1, "♯": 1}.get(accidental, -1)
    return float(12 * (int(octave) + 1) + _SEMITONES[letter.upper()] + shift)
