"""What is wrong with a command line, in one line.

tyro draws its complaints in a box: a title, the complaint, under a rule what might help, under another where
to find more. A complaint that is not known here is passed on in tyro's own words.
"""

from __future__ import annotations

import re

_RULE = re.compile("[─-]{3,}.?")  # with the corner, in the last line; plain hyphens where signs are lacking
_INDENT = "    "  # of options that tyro names; their help is indented further


def one_line(box: str, verb: str) -> str:
    """The complaint in a box that tyro drew about a verb, with the remedy."""
    complaint, *hints = _parts(box)
    text = " ".join(" ".join(complaint).split())
    if text.startswith("Missing from "):
        text = f"{verb} needs {' and '.join(_options(complaint))}"
    elif found := re.fullmatch(r"Unrecognized options: (.*)", text):
        near = [name for part in hints for name in _options(part)]
        text = _unrecognized(found[1].split(", "))
        if near:
            return f"{text}; did you mean {near[0].split()[0]}?"
    elif found := re.fullmatch(r"Missing value for argument '(.*?)'.*", text):
        name = found[1]
        text = f"{name} needs a value" if name.startswith("-") else f"{verb} needs {name.upper()}"
    elif found := re.fullmatch(r"invalid choice (.*?) for argument .*? Expected one of \((.*)\)\.", text):
        text = f"choose from {found[2].rstrip(',')}; got {found[1]}"
    elif found := re.fullmatch(r"Error parsing (\S+): (.*)", text):
        text = f"{found[1]} {found[2]}"
    return f"{text}; see tonewright {verb} --help"


def _parts(box: str) -> list[list[str]]:
    """Lines of a box without title and frame, parted at the rules in it."""
    parts: list[list[str]] = [[]]
    for line in box.splitlines()[1:]:
        inside = line[2:].rstrip("│ ")
        if _RULE.fullmatch(inside):
            parts.append([])
        elif inside:
            parts[-1].append(inside)
    return [part for part in parts if part] or [[box]]


def _options(lines: list[str]) -> list[str]:
    """Options and arguments that tyro names: the first spelling of each, with its placeholder."""
    named = [line.removeprefix(_INDENT) for line in lines if line.startswith(_INDENT)]
    return [line.split(", ")[0] for line in named if not line.startswith(" ")]


def _unrecognized(words: list[str]) -> str:
    options = [word for word in words if word.startswith("-")]
    return f"there is no option {options[0]}" if options else f"one argument too many: {words[0]!r}"
