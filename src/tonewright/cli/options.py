"""Types of options that several verbs share.

A number that makes no sense is refused while the command line is read, under the name that the user typed.
What a function cannot do with a sensible number it says itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import tyro
from tyro.constructors import PrimitiveConstructorSpec

_NOTE_RANGE = re.compile(r"(\d+|[A-Ga-g][#♯b♭]?-?\d)-(\d+|[A-Ga-g][#♯b♭]?-?\d)(?:/(\d+))?")
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


def _path(word: str) -> Path:
    if not word:  # an empty variable of a shell, and not the folder that one is in
        raise ValueError("takes a path; got ''")
    return Path(word)


def _note_range(word: str) -> tuple[int, int, int]:
    found = _NOTE_RANGE.fullmatch(word)
    try:
        low, high, step = (found[1], found[2], found[3] or "1") if found else ("", "", "")
        notes = _note(low), _note(high)
        if notes[0] <= notes[1] and all(note.is_integer() for note in notes):
            return int(notes[0]), int(notes[1]), int(_count(step))
    except ValueError:
        pass
    raise ValueError(f"takes two notes, the lower one first, like 36-84 or C2-C6/3; got {word!r}")


def _shares(word: str) -> tuple[int, int, int]:
    from tonewright.improvising.corpus.splitting import check_shares

    try:
        return check_shares([int(share) for share in word.split("/")])
    except ValueError:
        raise ValueError(
            "takes three percentages that add up to 100, of training (above 0), validation and test, like "
            f"70/15/15; got {word!r}"
        ) from None


def _above_0(value: float) -> bool:
    return 0 < value < float("inf")


def _on_the_keyboard(value: float) -> bool:
    return 0 <= value <= 127


_count = _number("a whole number from 1", int, lambda value: value >= 1)
_from_0 = _number("a whole number from 0", int, lambda value: value >= 0)
_hz = _number("a whole number of Hz from 1", int, lambda value: value >= 1)
_seconds = _number("a number of seconds above 0", float, _above_0)
_time = _number("a number of seconds from 0", float, lambda value: 0 <= value < float("inf"))
_distance = _number("a number above 0", float, _above_0)
_seconds_or_auto = _number("a number of seconds above 0 or auto", float, _above_0)
_note = _number("a MIDI note from 0 to 127 or a name like A#3", _parse_note, _on_the_keyboard)
_note_or_auto = _number("a MIDI note from 0 to 127, a name like A#3, or auto", _parse_note, _on_the_keyboard)


def _one(metavar: str, read: Callable[[str], Any]) -> PrimitiveConstructorSpec[Any]:
    """One value."""
    return PrimitiveConstructorSpec(
        1, metavar, lambda words: read(words[0]), lambda value: True, lambda value: [str(value)]
    )


def _path_but_no_pipe(rule: str) -> Callable[[str], Path]:
    """A reader of paths that standard output cannot stand for."""

    def read(word: str) -> Path:
        if word == "-":
            raise ValueError(f"takes {rule}; got '-'")
        return _path(word)

    return read


_folder = _path_but_no_pipe("a folder, for what is made is more than one file")
_measured_file = _path_but_no_pipe("a file; --json prints the result as JSON")


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
        "*", metavar, read_all, lambda value: True, lambda values: [str(value) for value in values or ()]
    )


InputFile = Annotated[Path, _one("FILE", _path)]
Folder = Annotated[Path, _one("DIR", _path)]
OptionalFile = Annotated[Path | None, _one("FILE", _path), _NO_DEFAULT]
OptionalFolder = Annotated[Path | None, _one("DIR", _path), _NO_DEFAULT]

OutputFile = Annotated[Path, _one("FILE", _path), tyro.conf.arg(aliases=["-o"])]
"""Where the result goes; `-` is standard output."""
OptionalOutputFile = Annotated[
    Path | None, _one("FILE", _path), tyro.conf.arg(aliases=["-o"], help_behavior_hint="")
]
"""The same, where there is a place that goes without saying."""
OutputFolder = Annotated[Path, _one("DIR", _folder), tyro.conf.arg(aliases=["-o"])]
MeasuredFile = Annotated[
    Path | None, _one("FILE", _measured_file), tyro.conf.arg(aliases=["-o"], help_behavior_hint="")
]
"""Where the result goes too, which is printed anyway."""

Flag = Annotated[tyro.conf.FlagCreatePairsOff[bool], _NO_DEFAULT]
"""A switch that is off unless named."""

Name = Annotated[str, tyro.conf.arg(metavar="NAME")]
OptionalName = Annotated[str | None, tyro.conf.arg(metavar="NAME", help_behavior_hint="")]
Names = Annotated[tuple[str, ...], _many("NAME ...", str, _at_commas)]
OptionalNames = Annotated[tuple[str, ...] | None, _many("NAME ...", str, _at_commas), _NO_DEFAULT]
LearnedNames = Annotated[tuple[str, ...], _many("NAME[=MODEL] ...", str), _NO_DEFAULT]

Target = Annotated[tyro.conf.Positional[Path], _one("TARGET", _path)]
MoreTargets = Annotated[tyro.conf.Positional[tuple[Path, ...]], _many("MORE ...", _path), _NO_DEFAULT]

Number = Annotated[float | None, tyro.conf.arg(metavar="N", help_behavior_hint="")]
Count = Annotated[int | None, _one("N", _count), _NO_DEFAULT]
Positive = Annotated[int, _one("N", _count)]
Counts = Annotated[tuple[int, ...], _many("N ...", _count, _at_commas)]
OptionalCounts = Annotated[tuple[int, ...] | None, _many("N ...", _count, _at_commas), _NO_DEFAULT]
Seeds = Annotated[tuple[int, ...], _many("N ...", _from_0, _at_commas)]
Seed = Annotated[int, _one("N", _from_0)]
OptionalSeed = Annotated[int | None, _one("N", _from_0), _NO_DEFAULT]
Rate = Annotated[int, _one("HZ", _hz)]
Seconds = Annotated[float | None, _one("SECONDS", _seconds), _NO_DEFAULT]
Patience = Annotated[float, _one("SECONDS", _seconds)]
Time = Annotated[float | None, _one("SECONDS", _time), _NO_DEFAULT]
Note = Annotated[float | None, _one("NOTE", _note), _NO_DEFAULT]
SecondsOrAuto = Annotated[float | None, _one_or_auto("SECONDS", _seconds_or_auto)]
NoteRange = Annotated[tuple[int, int, int] | None, _one("LOW-HIGH[/STEP]", _note_range), _NO_DEFAULT]
Threshold = Annotated[float, _one("N", _distance)]
Shares = Annotated[
    tuple[int, int, int],
    PrimitiveConstructorSpec(
        1,
        "TRAIN/VALIDATION/TEST",
        lambda words: _shares(words[0]),
        lambda value: True,
        lambda value: ["/".join(map(str, value))],
    ),
]
NoteOrAuto = Annotated[float | None, _one_or_auto("NOTE", _note_or_auto)]
