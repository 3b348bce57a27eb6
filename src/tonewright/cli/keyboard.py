"""Keys of a terminal, one by one and without waiting, for who plays."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tonewright.improvising.session.commands import Command

QUIT = "q"
KEYS = (
    ("f c l", "stance: follow, contrast, lead"),
    ("+ −", "dial: more or less of the agent's moves"),
    ("space", "freeze, and go on"),
    ("m", "mute, and unmute"),
    ("1 … 9", "go back to the moment of this number"),
    ("r 1 … 9", "remember this moment"),
    ("v 1 … 9", "a variation of it"),
    ("p", "panic: silence"),
    ("g", "go: end panic, freeze and moments"),
    (QUIT, "end"),
)
"""What each key does, for people."""
_STANCES = {"f": "follow", "c": "contrast", "l": "lead"}
_DIAL_STEP = 0.1
_BEFORE_DIGITS = {"r": "remember", "v": "vary"}


@contextmanager
def keys() -> Iterator[Callable[[], str]]:
    """Read a terminal key by key.

    A terminal that another program has in the foreground (`tonewright play … &`) is left alone until it is
    given back.

    Yields:
        Gives the keys pressed since the last call; none where stdin is no terminal, or not ours.
    """
    try:
        import termios
        import tty
    except ImportError:  # Windows
        yield lambda: ""
        return
    if sys.stdin is None or not sys.stdin.isatty():
        yield lambda: ""
        return
    number = sys.stdin.fileno()
    before = termios.tcgetattr(number)

    def ours() -> bool:
        # Changing the terminal that controls it from the background stops a process.
        try:
            return os.tcgetpgrp(number) == os.getpgrp()
        except OSError:  # it controls another one, or none
            return True

    def pressed() -> str:
        if not ours():
            return ""
        if termios.tcgetattr(number)[3] & termios.ICANON:  # at first, and when a shell has given it back
            tty.setcbreak(number)  # Ctrl-C still interrupts
        if not select.select([number], [], [], 0)[0]:
            return ""
        return os.read(number, 64).decode(errors="ignore")

    try:
        pressed()
        yield pressed
    finally:
        if ours():
            termios.tcsetattr(number, termios.TCSADRAIN, before)


class Keyboard:
    """Turns keys into commands.

    Args:
        tell: Takes commands.
        performer: Who plays; what it stands at decides what a switch does.
    """

    def __init__(self, tell: Callable[[Command], None], performer: Any) -> None:
        self._tell, self._performer = tell, performer
        self._next = "back"

    @property
    def waits_for(self) -> str | None:
        """What the next digit will do, if a key before it says so."""
        return None if self._next == "back" else self._next

    def press(self, key: str) -> bool:
        """Do what a key says; False for `QUIT`. Keys that mean nothing do nothing."""
        then, self._next = self._next, "back"
        performer = self._performer
        if key == QUIT:
            return False
        if key in _STANCES:
            self._tell(Command("stance", _STANCES[key]))
        elif key in "+=-_−" and key:
            step = _DIAL_STEP if key in "+=" else -_DIAL_STEP
            self._tell(Command("dial", round(min(max(performer.dial + step, 0.0), 1.0), 3)))
        elif key == " ":
            self._tell(Command("freeze", not performer.frozen))
        elif key == "m":
            self._tell(Command("mute", not performer.muted))
        elif key in _BEFORE_DIGITS:
            self._next = _BEFORE_DIGITS[key]
        elif key.isdigit() and key != "0":
            self._tell(Command(then, key))
        elif key == "p":
            self._tell(Command("panic"))
        elif key == "g":
            self._tell(Command("go"))
        return True
