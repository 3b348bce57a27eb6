"""Reading Pd's files: what a patch takes and gives, what it consists of, whether several can share a Pd.

A file is a sequence of records that end in a semicolon, `#X obj 10 20 osc~ 440;` for one; a backslash goes
before what is meant as it is. Source: "Unofficial PD fileformat specification", http://puredata.info/docs/developer/PdFileFormat.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tonewright.documents import short_text
from tonewright.errors import SynthError
from tonewright.files import read_limited
from tonewright.synths.pd.sharing import arguments, not_alone

_MOST_BYTES = 16 << 20
_MOST_FILES = 500
_RECORD = re.compile(r"((?:[^\\;]|\\.)*);", re.DOTALL)
_WORD = re.compile(r"(?:\\.|[^\s\\,])+|,", re.DOTALL)
_NUMBERED = frozenset({"obj", "msg", "text", "floatatom", "symbolatom", "listbox", "restore", "scalar"})


@dataclass(frozen=True)
class Element:
    """A box of a patch.

    Attributes:
        kind: "obj", "msg", "floatatom"…, or "array".
        x: Where it stands; the leftmost inlet is the first.
        words: What is written in it, with Pd's backslashes.
        depth: 1 in the patch itself, more in its subpatches.
    """

    kind: str
    x: float
    words: tuple[str, ...]
    depth: int


@dataclass(frozen=True)
class Patch:
    """A patch as its files tell.

    Attributes:
        path: Its file.
        outlets: Places of the outlets that give sound among all of them, from the left.
        unpacked: How many controls the [unpack] at its inlet takes; None if there is none.
        sha256: Hash of its file and of every file it names: abstractions, sounds.
        not_alone: Why two of them in one Pd would hear of each other; empty if they would not.
    """

    path: Path
    outlets: tuple[int, ...]
    unpacked: int | None
    sha256: str
    not_alone: str


def read_patch(path: Path, paths: Sequence[Path] = ()) -> Patch:
    """Read a patch and the abstractions it consists of.

    Args:
        path: Its file.
        paths: Further folders where Pd will look.

    Raises:
        SynthError: It cannot be read, is no patch, or does not have one inlet, for controls, and an outlet
            for sound.
    """
    elements, links = _parse(_text(path), path)
    top = [element for element in elements if element.depth == 1 and element.kind == "obj" and element.words]
    inlets = [element.words[0] for element in top if element.words[0] in ("inlet", "inlet~")]
    outlets = sorted((e for e in top if e.words[0] in ("outlet", "outlet~")), key=lambda element: element.x)
    if inlets != ["inlet"]:
        raise SynthError(
            f"a patch has one [inlet], for the list of its controls; got {_counted(inlets, 'inlet')} in "
            f"{str(path)!r}; leave one [inlet] and take the list apart with [unpack]"
        )
    sounding = tuple(i for i, outlet in enumerate(outlets) if outlet.words[0] == "outlet~")
    if not sounding:
        heard = any(element.words[:1] == ("dac~",) for element in elements)
        raise SynthError(
            "a patch has an [outlet~] for its sound; got "
            f"{_counted([outlet.words[0] for outlet in outlets], 'outlet')} in {str(path)!r}; "
            + ("put [outlet~] in the place of [dac~]" if heard else "connect the sound to one")
        )
    files, own = _files(path, paths)
    digest = _digest([file for file, _ in files])
    return Patch(path, sounding, _unpacked(elements, links), digest, _not_alone(files, own))


def _text(path: Path) -> str:
    content = read_limited(path, _MOST_BYTES, SynthError, "check the path")
    text = content.decode("utf-8", errors="surrogateescape")
    if not text.lstrip().startswith("#N canvas"):
        raise SynthError(
            f"a patch of Pd begins with '#N canvas'; got another kind of file, {str(path)!r}; save it in Pd"
        )
    return text


def _parse(text: str, path: Path) -> tuple[list[Element], list[tuple[int, int]]]:
    """The boxes, those of a subpatch before its own, and the links at depth 1."""
    elements: list[Element] = []
    links: list[tuple[int, int]] = []
    numbered: list[int] = []  # of the patch itself, by Pd's numbers
    depth = 0
    for match in _RECORD.finditer(text):
        words = tuple(_WORD.findall(match[1]))
        if words[:2] == ("#N", "canvas"):
            depth += 1
            continue
        if len(words) < 2 or words[0] != "#X":
            continue
        kind, rest = words[1], words[2:]
        if "," in rest and kind != "msg":
            rest = rest[: rest.index(",")]  # what follows is the width of the box
        if kind == "restore":
            depth -= 1
        if kind in _NUMBERED:
            if depth == 1:
                numbered.append(len(elements))
            elements.append(Element(kind, _number(rest[0]) if rest else 0.0, rest[2:], depth))
        elif kind == "array":
            elements.append(Element(kind, 0.0, rest, depth))
        elif kind == "connect" and depth == 1 and len(rest) == 4 and all(word.isdecimal() for word in rest):
            links.append((int(rest[0]), int(rest[2])))
    if not depth:
        raise SynthError(
            f"a patch of Pd closes what it opens; got a damaged one, {str(path)!r}; save it in Pd again"
        )
    known = [(numbered[a], numbered[b]) for a, b in links if max(a, b) < len(numbered)]
    return elements, known


def _unpacked(elements: list[Element], links: list[tuple[int, int]]) -> int | None:
    """How many controls are taken apart right behind the inlet."""
    for source, target in links:
        if elements[source].words[:1] == ("inlet",) and elements[target].words[:1] == ("unpack",):
            return max(2, len(elements[target].words) - 1) if len(elements[target].words) != 2 else 1
    return None


def _files(path: Path, paths: Sequence[Path]) -> tuple[list[tuple[Path, list[Element]]], dict[str, Path]]:
    """Every file that the patch names, itself first, with its boxes; and abstractions by name."""
    found: dict[Path, list[Element]] = {}
    own: dict[str, Path] = {}
    waiting = [path]
    while waiting and len(found) < _MOST_FILES:
        here = waiting.pop()
        if here.resolve() in found:
            continue
        parsed = _parse(_text(here), here)[0] if here.suffix == ".pd" else []
        found[here.resolve()] = parsed
        folders = dict.fromkeys([here.parent, path.parent, *paths])
        for word in dict.fromkeys(word for element in parsed for word in element.words):
            file = _named_file(re.sub(r"\\(.)", r"\1", word), folders)
            if file is not None:
                waiting.append(file)
                if file.suffix == ".pd":
                    own[word] = file.resolve()
    return list(found.items()), own


def _not_alone(files: list[tuple[Path, list[Element]]], own: dict[str, Path]) -> str:
    calls: dict[Path, list[tuple[str, ...]]] = {}
    for element in (element for _, elements in files for element in elements):
        made = arguments(element, own.keys())
        if made and made[0] in own:
            calls.setdefault(own[made[0]], []).append(made[1])
    reasons = (not_alone(elements, own.keys(), calls.get(file, ())) for file, elements in files)
    return next(filter(None, reasons), "")


def _named_file(word: str, folders: Iterable[Path]) -> Path | None:
    for folder in folders:
        for name in (f"{word}.pd", word):
            try:
                if (folder / name).is_file():
                    return folder / name
            except (OSError, ValueError):  # a name that is too long, or none
                continue
    return None


def _digest(files: list[Path]) -> str:
    lines = []
    for file in files:
        try:
            with file.open("rb") as content:
                lines.append([file.name, hashlib.file_digest(content, "sha256").hexdigest()])
        except OSError:  # it may be no business of Pd's either
            continue
    return hashlib.sha256(json.dumps(sorted(lines)).encode()).hexdigest()


def _counted(names: list[str], noun: str) -> str:
    return " ".join(f"[{short_text(name)}]" for name in names) or f"no {noun}"


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        return 0.0
