"""Types of options that several verbs share.

A number that makes no sense is refused while the command line is read, under the name that the user typed.
What a function cannot do with a sensible number it says itself.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import tyro
from tyro.constructors import PrimitiveConstructorSpec

_NO_DEFAULT = tyro.conf.arg(help_behavior_hint="")


def _number(
    rule: str, convert: Callable[[str], float], fits: Callable[[float], bool]
) -> Callable[[str], float]:
    """A reader of numbers that follow a rule."""

    def read(word: str) -> float:
        try:
            value = convert(word)
        except ValueError:
            value = float("nan")
        if not fits(value):  # also false for NaN
            raise ValueError(f"takes {rule}; got {word!r}")
        return value

    return read


def _parse_note(word: str) -> float:
    from tonewright.audio.notes import parse_note  # whose room brings NumPy, which help does without

    return parse_note(word)


def _above_0(value: float) -> bool:
    return 0 < value < float("inf")


def _on_the_keyboard(value: float) -> bool:
    return 0 <= value <= 127


_count = _number("a whole number from 1", int, lambda value: value >= 1)
_from_0 = _number("a whole number from 0", int, lambda value: value >= 0)
_hz = _number("a whole number of Hz from 1", int, lambda value: value >= 1)
_seconds = _number("a number of seconds above 0", float, _above_0)
_seconds_or_auto = _number("a number of seconds above 0 or auto", float, _above_0)
_note = _number("a MIDI note from 0 to 127 or a name like A#3", _parse_note, _on_the_keyboard)
_note_or_auto = _number("a MIDI note from 0 to 127, a name like A#3, or auto", _parse_note, _on_the_keyboard)


def _one(metavar: str, read: Callable[[str], Any]) -> PrimitiveConstructorSpec[Any]:
    """One value."""
    return PrimitiveConstructorSpec(
        1, metavar, lambda words: read(words[0]), lambda value: True, lambda value: [str(value)]
    )


def _path(rule: str) -> Callable[[str], Path]:
    """A reader of paths that standard output cannot stand for."""

    def read(word: str) -> Path:
        if word == "-":
            raise ValueError(f"takes {rule}; got '-'")
        return Path(word)

    return read


_folder = _path("a folder, for what is made is more than one file")
_measured_file = _path("a file; --json prints the result as JSON")


def _one_or_auto(metavar: str, read: Callable[[str], float]) -> PrimitiveConstructorSpec[Any]:
    """One value, or None for the word `auto`."""

    def read_one(words: list[str]) -> float | None:
        return None if words[0] == "auto" else read(words[0])

    return PrimitiveConstructorSpec(1, metavar, read_one, lambda value: True, lambda value: ["auto"])


def _at_commas(word: str) -> list[str]:
    return word.split(",")


def _many(
    metavar: str, read: Callable[[str], Any], split: Callable[[str], list[str]] = lambda word: [word]
) -> PrimitiveConstructorSpec[Any]:
    """One or more values; `split` parts a word that holds several."""

    def read_all(words: list[str]) -> tuple[Any, ...]:
        if not words:
            raise ValueError("takes one value or more; got none")
        return tuple(read(part) for word in words for part in split(word))

    return PrimitiveConstructorSpec(
        "*", metavar, read_all, lambda value: True, lambda values: [str(value) for value in values]
    )


OutputFile = Annotated[Path, tyro.conf.arg(aliases=["-o"], metavar="FILE")]
"""Where the result goes; `-` is standard output."""
OutputFolder = Annotated[Path, _one("DIR", _folder), tyro.conf.arg(aliases=["-o"])]
MeasuredFile = Annotated[
    Path | None, _one("FILE", _measured_file), tyro.conf.arg(aliases=["-o"], help_behavior_hint="")
]
"""Where the result goes too, which is printed anyway."""
OptionalFolder = Annotated[Path | None, tyro.conf.arg(metavar="DIR", help_behavior_hint="")]

Flag = Annotated[tyro.conf.FlagCreatePairsOff[bool], _NO_DEFAULT]
"""A switch that is off unless named."""

Name = Annotated[str, tyro.conf.arg(metavar="NAME")]
Names = Annotated[tuple[str, ...], _many("NAME ...", str, _at_commas)]

Count = Annotated[int | None, _one("N", _count), _NO_DEFAULT]
Counts = Annotated[tuple[int, ...], _many("N ...", _count, _at_commas)]
Seeds = Annotated[tuple[int, ...], _many("N ...", _from_0, _at_commas)]
Seed = Annotated[int, _one("N", _from_0)]
Rate = Annotated[int, _one("HZ", _hz)]
Seconds = Annotated[float | None, _one("SECONDS", _seconds), _NO_DEFAULT]
Note = Annotated[float | None, _one("NOTE", _note), _NO_DEFAULT]
SecondsOrAuto = Annotated[float | None, _one_or_auto("SECONDS", _seconds_or_auto)]
NoteOrAuto = Annotated[float | None, _one_or_auto("NOTE", _note_or_auto)]
