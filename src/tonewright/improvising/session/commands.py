"""What a musician can tell an agent while both play, and scores of such commands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from tonewright.checks import check_number
from tonewright.documents import read_document
from tonewright.errors import ScoreError, UnknownNameError, UsageError
from tonewright.files import StrPath

STANCES = ("follow", "contrast", "lead")
"""How an agent answers: it goes where the musician is; is low where he is high, and dull where he is bright;
or plays on from what he played before."""
FORM, VERSION = "tonewright-play-score", 1
_LONGEST_NAME = 64


def _stance(value: Any) -> str:
    if value is None:
        raise UsageError(f"a stance is one of: {', '.join(STANCES)}; got none; add it")
    if value not in STANCES:
        raise UnknownNameError("stance", str(value), STANCES)
    return str(value)


def _switch(value: Any) -> bool:
    if value in (True, False, 0, 1):
        return bool(value)
    raise UsageError(f"a switch is on (1, true) or off (0, false); got {value!r}")


def _share(value: Any) -> float:
    return check_number(value, "a dial", 0, 1)


def _moment(value: Any) -> str:
    if value is None:
        raise UsageError("a moment has a name; got none; add one")
    if isinstance(value, float) and value.is_integer():  # programs that know no other numbers
        value = int(value)
    text = str(value)
    if not 0 < len(text) <= _LONGEST_NAME or not text.isprintable():
        raise UsageError(f"a moment has a name of 1 to {_LONGEST_NAME} characters; got {text[:80]!r}")
    return text


def _nothing(value: Any) -> None:
    if value is not None:
        raise UsageError(f"this command takes no value; got {value!r}")


class Kind(NamedTuple):
    """A kind of command.

    Attributes:
        check: Gives the value as it is kept, or raises.
        types: What Open Sound Control sends with it, as type tags; empty for nothing.
        meaning: What it does, for people.
    """

    check: Callable[[Any], Any]
    types: str
    meaning: str


_ON_OFF = "T/F, i or f"
COMMANDS: Mapping[str, Kind] = {
    "stance": Kind(_stance, "s", "follow, contrast or lead"),
    "dial": Kind(_share, "f", "how much of the agent's moves is done, 0 (hold) to 1"),
    "remember": Kind(_moment, "s or i", "name of the present moment"),
    "back": Kind(_moment, "s or i", "go back to a moment"),
    "vary": Kind(_moment, "s or i", "go to a variation of a moment"),
    "freeze": Kind(_switch, _ON_OFF, "hold the controls: on 1, off 0"),
    "mute": Kind(_switch, _ON_OFF, "fade out: on 1, off 0"),
    "away": Kind(_switch, _ON_OFF, "hold and fade out, as a session does by itself while nothing comes"),
    "panic": Kind(_nothing, "", "silence within 50 ms"),
    "go": Kind(_nothing, "", "end panic, freeze and going back"),
}
"""What an agent can be told, by name."""


@dataclass(frozen=True)
class Command:
    """A command.

    Attributes:
        do: Name of the command, of `COMMANDS`.
        value: What it takes; None for those that take nothing.

    Raises:
        UnknownNameError: No such command or stance.
        UsageError: A value that makes no sense.
    """

    do: str
    value: Any = None

    def __post_init__(self) -> None:
        if self.do not in COMMANDS:
            raise UnknownNameError("command", self.do, COMMANDS)
        object.__setattr__(self, "value", COMMANDS[self.do].check(self.value))


@dataclass(frozen=True)
class Timed:
    """A command and when it is carried out, in seconds from the beginning."""

    at_s: float
    command: Command


def read_score(path: StrPath) -> tuple[Timed, ...]:
    """Read a score of commands, in the order of their times.

    ```json
    {"format": "tonewright-play-score", "format_version": 1,
     "commands": [{"at_s": 12.5, "do": "stance", "value": "lead"}, {"at_s": 60, "do": "panic"}]}
    ```

    Raises:
        ScoreError: It cannot be read, or holds something else.
    """
    document = read_document(path, FORM, VERSION, {"commands": list}, error=ScoreError)
    found = []
    for number, one in enumerate(document["commands"], 1):
        try:
            found.append(_timed(one))
        except UsageError as error:
            raise ScoreError(f"command {number} of {str(path)!r}: {error}") from None
    return tuple(sorted(found, key=lambda timed: timed.at_s))


def _timed(one: Any) -> Timed:
    if not isinstance(one, dict) or not {"at_s", "do"} <= one.keys() <= {"at_s", "do", "value"}:
        raise UsageError(f"a command has at_s, do and, where it takes one, value; got {one!r}")
    return Timed(check_number(one["at_s"], "at_s", 0), Command(one["do"], one.get("value")))
