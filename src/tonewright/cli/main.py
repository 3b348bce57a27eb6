"""`tonewright`: one command, one verb per task.

Whatever goes wrong on purpose ends in one line on stderr, with exit code 2 (the request makes no sense) or 1
(it could not be carried out). Ctrl-C ends with 130, SIGTERM with 143 and SIGHUP with 129, except where they
are the usual end: a search that has something to show writes it, a session what was played, with 0.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches

from tonewright.cli.agent import AGENT
from tonewright.cli.bench import BENCH
from tonewright.cli.compare import Compare
from tonewright.cli.corpus import CORPUS
from tonewright.cli.evaluate import EVALUATE
from tonewright.cli.generate import GENERATE
from tonewright.cli.hear import Hear, descriptors_by_category
from tonewright.cli.lookup import LOOKUP
from tonewright.cli.match import Match
from tonewright.cli.parsing import parse
from tonewright.cli.play import PLAY
from tonewright.cli.prompt import PROMPT
from tonewright.cli.render import Render
from tonewright.cli.running import run_script
from tonewright.cli.synths import Synths
from tonewright.cli.train import TRAIN
from tonewright.cli.verbs import Verb, VerbGroup, subcommands
from tonewright.errors import UnknownNameError, UsageError
from tonewright.threads import check_environment

VERBS: Mapping[str, type[Verb] | VerbGroup] = {
    "match": Match,
    "render": Render,
    "synths": Synths,
    "compare": Compare,
    "hear": Hear,
    "lookup": LOOKUP,
    "corpus": CORPUS,
    "agent": AGENT,
    "play": PLAY,
    "generate": GENERATE,
    "prompt": PROMPT,
    "bench": BENCH,
    "train": TRAIN,
    "evaluate": EVALUATE,
}
_MORE_HELP: dict[str, Callable[[], str]] = {"hear": descriptors_by_category}
_DESCRIPTION = (
    "Agents that listen and then act on sound.\n"
    "`tonewright VERB --help` explains a verb.\n"
    "`tonewright --version` prints the version."
)
_HELP = ("-h", "--help")
_COMPLETION = "--tyro-print-completion"
_SHELLS = ("bash", "zsh", "fish")


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line; whatever goes wrong ends in `SystemExit`.

    Args:
        args: Words after `tonewright`; those of the process if not given.
    """
    words = list(sys.argv[1:] if args is None else args)
    run_script(lambda: _carry_out(words))


def _carry_out(words: list[str]) -> None:
    if words[:1] == ["--version"]:
        _print_version()
        return
    verb = _parse(words)
    check_environment()
    verb.run()


def _print_version() -> None:
    from importlib.metadata import version

    print(f"tonewright {version('tonewright')}")


def _parse(words: list[str]) -> Verb:
    """The verb that the words ask for; help is printed and exits.

    Raises:
        UsageError: The words make no sense.
    """
    name, *rest = words or ["--help"]
    if name == "help":
        name, *rest = [*rest, "--help"]
    if name in _HELP or [name, *rest] in ([_COMPLETION, shell] for shell in _SHELLS):
        subcommands(VERBS).cli(prog="tonewright", description=_DESCRIPTION, args=[name, *rest])
    if name == _COMPLETION:
        raise UsageError(f"{name} takes one of: {', '.join(_SHELLS)}; got {' '.join(rest) or 'nothing'}")
    if name.startswith("-"):
        raise UsageError(f"there is no option {name}; a verb comes first: {', '.join(VERBS)}")
    if name not in VERBS:
        raise UnknownNameError("verb", name, VERBS)
    verb = VERBS[name]
    if isinstance(verb, VerbGroup) and verb.alone and not (rest and rest[0] in verb.verbs):
        if rest and get_close_matches(rest[0], verb.verbs):
            raise UnknownNameError(f"word after {name}", rest[0], verb.verbs)
        verb = verb.alone
    if isinstance(verb, VerbGroup):
        word, *rest = rest or ["nothing"]
        if word in _HELP:
            subcommands(verb.verbs).cli(prog=f"tonewright {name}", description=verb.meaning, args=[word])
        if word not in verb.verbs:
            raise UsageError(f"after {name} comes one of: {', '.join(verb.verbs)}; got {word}")
        name, verb = f"{name} {word}", verb.verbs[word]
    return parse(verb, name, rest, _description(name, verb, rest))


def _description(name: str, verb: type[Verb], words: list[str]) -> str | None:
    """What the help of a verb begins with; None, its docstring, where no more is to be looked up."""
    if name not in _MORE_HELP or not {*_HELP} & set(words):
        return None
    return f"{verb.__doc__}\n\n{_MORE_HELP[name]()}"
