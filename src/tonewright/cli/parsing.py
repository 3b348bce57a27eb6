"""From words to a verb with its options; what makes no sense is told in one line.

tyro says what it refuses in a drawn box. What it refuses and why, before anything is drawn, tells its module
`tyro._errors`: `on_parse_error` and the events `MissingArgs`, `UnrecognizedArgs`, `BadValue` and
`InstantiationFailure`, with `is_positional()`, `lowered.name_or_flags` and `lowered.metavar` of the arguments
they name. That module is private and may change with any release. Therefore pyproject.toml pins tyro exactly,
and nothing else here touches what is private in it.
"""

from __future__ import annotations

import dataclasses
import difflib
import re
from collections.abc import Sequence
from typing import Any, NoReturn, TypeVar, get_type_hints

import tyro
from tyro import _errors

from tonewright.errors import UsageError
from tonewright.wording import listing

Kind = TypeVar("Kind")

_OPTION = re.compile(r"--?[A-Za-z]")
_SHORTEST_PART = 3  # letters of an option that tell which one is meant
_ALIKE = 0.75  # share of the letters that a misspelt option has in common with the one meant


def parse(verb: type[Kind], name: str, words: Sequence[str], description: str | None = None) -> Kind:
    """A verb with the options that the words give; help is printed and exits.

    Args:
        verb: A dataclass whose fields are options and arguments.
        name: What follows `tonewright` to name it, a second word included.
        words: What follows the name.
        description: What help begins with; the docstring of the verb if not given.

    Raises:
        UsageError: The words make no sense.
    """

    def refuse(event: _errors.ParseErrorEvent) -> NoReturn:
        raise UsageError(_complaint(event, verb, name, words))

    with _errors.on_parse_error(refuse):
        return tyro.cli(verb, prog=f"tonewright {name}", description=description, args=words)


def _complaint(event: _errors.ParseErrorEvent, verb: type, name: str, words: Sequence[str]) -> str:
    """What is wrong, and the remedy."""
    unknown: list[str] = []
    if isinstance(event, _errors.MissingArgs):
        text = f"{name} needs {listing([_placeholder(one.arg) for one in event.missing_arguments])}"
        unknown = event.unrecognized_tokens
    elif isinstance(event, _errors.UnrecognizedArgs):
        text = f"one argument too many: {event.tokens[0]!r}"
        unknown = event.tokens
    elif isinstance(event, _errors.BadValue) and event.argument.is_positional():
        text = f"{name} needs {_named(event.argument)}"  # or it stopped at an option, known or not
        unknown = [word for word in words if _OPTION.match(word) and _plain(word) not in _options(verb)]
    elif isinstance(event, _errors.BadValue):
        text = f"{_named(event.argument)} needs a value"
    elif isinstance(event, _errors.InstantiationFailure) and event.argument:
        text = f"{_named(event.argument)} {event.message}"
    else:
        text = f"{name} does not understand these words"  # no verb gives rise to it
    options = [word.partition("=")[0] for word in unknown if word.startswith("-")]
    if options:  # told first: often it is the reason why something is missing
        text = f"there is no option {options[0]}"
        if near := _meant(options[0], verb):
            return f"{text}; did you mean {near}?"
    return f"{text}; see tonewright {name} --help"


def _placeholder(argument: Any) -> str:
    """What stands for an argument in help: `TARGET`, `-o DIR`."""
    metavar = str(argument.lowered.metavar)
    return metavar if argument.is_positional() else f"{argument.lowered.name_or_flags[0]} {metavar}"


def _named(argument: Any) -> str:
    """The name of an argument: `TARGET`, `-o/--output`."""
    return argument.lowered.metavar if argument.is_positional() else "/".join(argument.lowered.name_or_flags)


def _meant(word: str, verb: type) -> str | None:
    """The option of a verb that an unknown one is part of, or is like."""
    options = [option for option in _options(verb) if option.startswith("--")]
    part = word.lstrip("-")
    holding = [option for option in options if len(part) >= _SHORTEST_PART and part in option]
    near = holding or difflib.get_close_matches(f"--{part}", options, n=1, cutoff=_ALIKE)
    return near[0] if near else None


def _options(verb: type) -> list[str]:
    """Every option of a verb, as it may be typed."""
    kinds = get_type_hints(verb, include_extras=True)
    positional: Any = tyro.conf.Positional
    named = [
        "--" + field.name.replace("_", "-")
        for field in dataclasses.fields(verb)
        if positional not in getattr(kinds[field.name], "__metadata__", ())
    ]
    return [*named, "--help", "-h", "-o"]


def _plain(word: str) -> str:
    """The option that a word names, without its value."""
    return word.partition("=")[0].replace("_", "-")
