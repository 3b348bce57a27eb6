"""`tonewright`: one command, one verb per task.

Whatever goes wrong on purpose ends in one line on stderr, with exit code 2 (the request makes no sense) or 1
(it could not be carried out).
"""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Sequence
from typing import Annotated

import tyro

from tonewright.cli.bench import Bench
from tonewright.cli.compare import Compare
from tonewright.cli.hear import Hear
from tonewright.cli.match import Match
from tonewright.cli.render import Render
from tonewright.cli.synths import Synths
from tonewright.errors import TonewrightError, UsageError

Verb = (
    Annotated[Match, tyro.conf.subcommand("match")]
    | Annotated[Render, tyro.conf.subcommand("render")]
    | Annotated[Synths, tyro.conf.subcommand("synths")]
    | Annotated[Compare, tyro.conf.subcommand("compare")]
    | Annotated[Hear, tyro.conf.subcommand("hear")]
    | Annotated[Bench, tyro.conf.subcommand("bench")]
)
_DESCRIPTION = "Agents that listen and then act on sound. `tonewright VERB --help` explains a verb."
_FRAME = "│╭╮╰╯─ "


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line and exit.

    Args:
        args: Words after `tonewright`; those of the process if not given.
    """
    words = list(sys.argv[1:] if args is None else args)
    if words == ["--version"]:
        from importlib.metadata import version

        print(f"tonewright {version('tonewright')}")
        return
    try:
        _parse(words).run()
    except TonewrightError as error:
        print(f"tonewright: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print("tonewright: interrupted", file=sys.stderr)
        sys.exit(130)


def _parse(words: list[str]) -> Verb:
    """The verb that the words ask for; help is printed and exits.

    Raises:
        UsageError: The words make no sense.
    """
    complaint = io.StringIO()
    try:
        with contextlib.redirect_stderr(complaint):
            return tyro.cli(
                Verb,
                prog="tonewright",
                description=_DESCRIPTION,
                args=words or ["--help"],
                config=(tyro.conf.FlagCreatePairsOff,),
            )
    except SystemExit as stop:
        if stop.code in (0, None):
            raise
        raise UsageError(_one_line(complaint.getvalue())) from None


def _one_line(complaint: str) -> str:
    """What tyro says in a framed box, as one line."""
    lines = [line.strip(_FRAME) for line in complaint.splitlines()[1:]]
    return " ".join(line for line in lines if line)
