"""What happened in a session and what the agent was told, in the order of time, in words for people."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from tonewright import wording
from tonewright.improvising.hearing import HOP_S
from tonewright.improvising.session.commands import Command
from tonewright.improvising.session.kept.folder import Kept

_TURNED = "dial"
"""A command that comes many times a second, while somebody turns."""
_TURNING_S = 0.5
"""Turns that follow each other so soon are one."""


@dataclass(frozen=True)
class Moment:
    """A command, a dial that was turned for a while, or an event.

    Attributes:
        number: Its place in the order of time, from 1.
        at_s: When.
        until_s: When it was over: the same, or the last turn of a dial.
        do: Name of the command; empty for an event.
        words: Its value, or what happened.
    """

    number: int
    at_s: float
    until_s: float
    do: str
    words: str

    @property
    def time(self) -> str:
        """When, in words."""
        until = f" to {self.until_s:,.2f}" if self.until_s > self.at_s else ""
        return f"{self.at_s:,.2f}{until} s"


def moments(kept: Kept) -> list[Moment]:
    """All that happened in a session and all that was told, in the order of time."""
    whole: list[tuple[float, Command | str]] = [(hop * HOP_S, command) for hop, command in kept.commands]
    whole += kept.events
    whole.sort(key=lambda one: one[0])
    found: list[Moment] = []
    turns: list[float] = []
    for at_s, what in whole:
        if isinstance(what, str):
            found.append(Moment(len(found) + 1, at_s, at_s, "", wording.one_line(what)))
        elif what.do == _TURNED and turns and at_s - found[-1].until_s <= _TURNING_S:
            turns.append(what.value)
            words = f"{_value(turns[0])} to {_value(turns[-1])}, in {len(turns):,} turns"
            found[-1] = replace(found[-1], until_s=at_s, words=words)
            continue
        else:
            found.append(Moment(len(found) + 1, at_s, at_s, what.do, _value(what.value)))
        turns = [what.value] if isinstance(what, Command) and what.do == _TURNED else []
    return found


def _value(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "on" if value else "off"
    return wording.one_line(value) if isinstance(value, str) else wording.number(value)
