"""`tonewright`: one command, one verb per task.

Whatever goes wrong on purpose ends in one line on stderr, with exit code 2 (the request makes no sense) or 1
(it could not be carried out). Ctrl-C ends with 130, except in a search that has something to show: it writes
the best so far and ends with 0.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Callable, Sequence
from typing import Protocol

import tyro
from tyro.extras import subcommand_cli_from_dict

from tonewright.cli.bench import Bench
from tonewright.cli.compare import Compare
from tonewright.cli.complaint import one_line
from tonewright.cli.evaluate import Evaluate
from tonewright.cli.hear import Hear, descriptors_by_category
from tonewright.cli.match import Match
from tonewright.cli.render import Render
from tonewright.cli.synths import Synths
from tonewright.cli.train import NETWORKS, Train
from tonewright.errors import TonewrightError, UnknownNameError, UsageError


class Verb(Protocol):
    """What a command line asks for."""

    def run(self) -> None:
        """Do it."""
        ...


VERBS: dict[str, Callable[..., Verb]] = {
    "match": Match,
    "render": Render,
    "synths": Synths,
    "compare": Compare,
    "hear": Hear,
    "bench": Bench,
    "train": Train,
    "evaluate": Evaluate,
}
_PARTS: dict[str, tuple[str, ...]] = {"train": NETWORKS}
"""Verbs that a second word follows."""
_MORE_HELP: dict[str, Callable[[], str]] = {"hear": descriptors_by_category}
_DESCRIPTION = (
    "Agents that listen and then act on sound.\n"
    "`tonewright VERB --help` explains a verb.\n"
    "`tonewright --version` prints the version."
)
_INTERRUPTED = 130  # 128 + SIGINT, as shells have it


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line; whatever goes wrong ends in `SystemExit`.

    Args:
        args: Words after `tonewright`; those of the process if not given.
    """
    words = list(sys.argv[1:] if args is None else args)
    if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal that lacks a sign gets another one
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        if words[:1] == ["--version"]:
            _print_version()
        else:
            _parse(words).run()
        sys.stdout.flush()
    except TonewrightError as error:
        print(f"tonewright: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt as interrupt:
        print(f"tonewright: interrupted{''.join(map(str, interrupt.args))}", file=sys.stderr)
        sys.exit(_INTERRUPTED)
    except BrokenPipeError:  # the reader of the output, `head` for one, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _print_version() -> None:
    from importlib.metadata import version

    print(f"tonewright {version('tonewright')}")


def _parse(words: list[str]) -> Verb:
    """The verb that the words ask for; help is printed and exits.

    Raises:
        UsageError: The words make no sense.
    """
    name, rest = (words[0], words[1:]) if words else ("--help", [])
    if name == "help":
        name, rest = (rest[0], ["--help"]) if rest else ("--help", [])
    if name in ("-h", "--help") or name.startswith("--tyro-"):  # tyro prints completions for shells
        subcommand_cli_from_dict(VERBS, prog="tonewright", description=_DESCRIPTION, args=[name, *rest])
    if name.startswith("-"):
        raise UsageError(f"there is no option {name}; a verb comes first: {', '.join(VERBS)}")
    if name not in VERBS:
        raise UnknownNameError("verb", name, VERBS)
    part = rest[0] if rest else "nothing"
    if name in _PARTS and part not in (*_PARTS[name], "-h", "--help"):
        raise UsageError(f"after {name} comes one of: {', '.join(_PARTS[name])}; got {part}")
    box = io.StringIO()
    try:
        with contextlib.redirect_stderr(box):
            verb: Verb = tyro.cli(
                VERBS[name], prog=f"tonewright {name}", description=_description(name, rest), args=rest
            )
    except SystemExit as stop:
        if stop.code in (0, None):
            raise
        raise UsageError(one_line(box.getvalue(), f"{name} {part}" if name in _PARTS else name)) from None
    return verb


def _description(name: str, words: list[str]) -> str | None:
    """What the help of a verb begins with; None, its docstring, where no more is to be looked up."""
    if name not in _MORE_HELP or not {"-h", "--help"} & set(words):
        return None
    return f"{VERBS[name].__doc__}\n\n{_MORE_HELP[name]()}"
