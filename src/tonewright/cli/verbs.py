"""Verbs, and second words that follow some of them: `tonewright train match`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol, TypeVar

from tyro.extras import SubcommandApp


class Verb(Protocol):
    """What a command line asks for."""

    def run(self) -> None:
        """Do it."""
        ...


Kind = TypeVar("Kind", bound=Verb)


class VerbGroup:
    """A verb that a second word follows; each word is a class with options of its own.

    Args:
        meaning: What the verb does, in a line of its help.
        alone: What it does without a second word, if it does anything.
        any_text: Whether that begins with any text, so that no first word is taken for a misspelt one.

    Attributes:
        meaning: The same.
        alone: The same.
        any_text: The same.
        verbs: The class of each word.
    """

    def __init__(self, meaning: str, alone: type[Verb] | None = None, *, any_text: bool = False) -> None:
        self.meaning, self.alone, self.any_text = meaning, alone, any_text
        self.verbs: dict[str, type[Verb]] = {}

    def word(self, name: str) -> Callable[[type[Kind]], type[Kind]]:
        """Add the class below this line as a word."""

        def add(verb: type[Kind]) -> type[Kind]:
            self.verbs[name] = verb
            return verb

        return add


def subcommands(verbs: Mapping[str, type[Verb] | VerbGroup]) -> SubcommandApp:
    """Verbs with their second words as tyro lists them in help and completes them in shells."""
    app = SubcommandApp()
    for name, verb in verbs.items():
        if isinstance(verb, VerbGroup) and verb.alone:
            app.command(name=name, help=verb.meaning)(verb.alone)
        elif isinstance(verb, VerbGroup):
            app.command(subcommands(verb.verbs), name=name, help=verb.meaning)
        else:
            app.command(name=name)(verb)
    return app
