"""Whether several instances of a patch can play in one Pd without hearing of each other.

Pd's names (of [send], [delwrite~], arrays…) belong to the whole process unless they hold `$0`, and its random
objects share a counter that seeds them. A patch that has either, or an object that is not known here, gets a
Pd of its own for each row of a batch; that costs some milliseconds and changes nothing else.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence, Set

    from tonewright.synths.pd.patch import Element

SEED = "tonewright-seed"
"""The one name all instances may share: what is sent there is the same for all."""

_NAMING = """
    s send r receive s~ send~ r~ receive~ throw~ catch~ value v table delwrite~ delread~ delread4~ vd~ tabread
    tabread4 tabwrite tabread~ tabread4~ tabwrite~ tabsend~ tabreceive~ tabosc4~ tabplay~
"""
"""Objects whose first argument is a name."""
_ALONE = """
    ! != % & && * *~ + +~ - -~ / /~ < << <= == > >= >> | || abs abs~ atan atan2 b bag bang bang~ biquad~
    block~ bob~ bp~ change clip clip~ clone complex-mod~ cos cos~ cpole~ czero~ czero_rev~ dbtopow
    dbtopow~ dbtorms dbtorms~ declare del delay div env~ exp exp~ expr expr~ f fexpr~ fft~ float framp~
    ftom ftom~ hilbert~ hip~ i ifft~ inlet inlet~ int line line~ list loadbang log log~ lop~ lrshift~
    makefilename max max~ metro min min~ mod moses mtof mtof~ osc~ outlet outlet~ pack pd phasor~ pipe
    poly pow pow~ powtodb powtodb~ print q8_rsqrt~ q8_sqrt~ readsf~ rev1~ rev2~ rev3~ rfft~ rifft~
    rmstodb rmstodb~ route rpole~ rsqrt rsqrt~ rzero~ rzero_rev~ samphold~ samplerate~ sel select sig~
    sigmund~ sin slop~ snapshot~ soundfiler spigot sqrt sqrt~ stripnote swap switch~ symbol t tan
    textfile threshold~ timer trigger unpack until vcf~ vline~ vsnapshot~ wrap wrap~
"""
"""Vanilla objects of which each knows only itself and what it is connected to."""
_NAMES, _VANILLA = frozenset(_NAMING.split()), frozenset(_ALONE.split())
_FIELDS = {
    "bng": slice(4, 6), "tgl": slice(2, 4), "nbx": slice(6, 8), "vsl": slice(6, 8), "hsl": slice(6, 8),
    "vslider": slice(6, 8), "hslider": slice(6, 8), "vradio": slice(4, 6), "hradio": slice(4, 6),
    "vu": slice(2, 3), "cnv": slice(3, 5),
}  # fmt: skip
"""Where the names stand that boxes of the graphic interface send to and receive from, behind their own."""
_NO_NAME = frozenset({"-", "empty"})


def not_alone(elements: Iterable[Element], own: Set[str], calls: Sequence[tuple[str, ...]]) -> str:
    """Why instances of a patch would hear of each other; empty if they would not.

    Args:
        elements: The boxes of the patch, or of an abstraction that it consists of.
        own: Names of these abstractions.
        calls: The arguments that the boxes of this abstraction give it; none for the patch itself.
    """
    return next((reason for element in elements if (reason := _Reader(own, calls).reason(element))), "")


def arguments(element: Element, own: Set[str]) -> tuple[str, tuple[str, ...]] | None:
    """Which abstraction a box is made from, and what `$1`, `$2`… are in it; None if it is made from none."""
    name, *rest = element.words if element.kind == "obj" and element.words else ("",)
    if name in own:
        return name, tuple(rest)
    if name != "clone":
        return None
    number = ["0"]
    while rest and re.fullmatch("-[a-z]+", rest[0]):
        flag = rest.pop(0)
        number = [] if flag == "-x" else number
        rest = rest[1:] if flag == "-s" else rest
    if len(rest) < 2:
        return None
    first, second, *given = rest  # the name and how many, in either order
    return (second if _is_number(first) else first), (*number, *given)


class _Reader:
    """Looks at the boxes of one file."""

    def __init__(self, own: Set[str], calls: Sequence[tuple[str, ...]]) -> None:
        self._own, self._calls = own, calls

    def reason(self, element: Element) -> str:
        words = element.words
        if element.kind == "array":
            return "" if self._local(words[:1]) else f"the array {_shown(words[:1])} has no $0 in its name"
        if element.kind == "msg":
            ends = [i for i, word in enumerate(words) if word == "\\;"]
            names = [words[i + 1] if i + 1 < len(words) else "" for i in ends]
            return "" if self._local(names) else f"a message sends to {_shown(names)}, a name without $0"
        if element.kind in ("floatatom", "symbolatom", "listbox"):
            names = [word for word in words[5:7] if word not in _NO_NAME]
            return "" if self._local(names) else f"a box sends or receives as {_shown(names)}, without $0"
        return self._object(words) if element.kind == "obj" and words and words[0] not in self._own else ""

    def _object(self, words: tuple[str, ...]) -> str:
        name, given = words[0], words[1:]
        if name in _NAMES:
            return "" if given and self._local(given[:1]) else f"[{_shown(words)}] has no $0 in its name"
        if name in ("array", "text") and given[:1] == ("define",):
            names = [word for word in given[1:] if word[:1] not in "-0123456789."]
            return "" if self._local(names) else f"[{_shown(words)}] has no $0 in its name"
        if name in ("array", "text"):
            return f"[{_shown(words)}] draws random numbers" if given[:1] == ("random",) else ""
        if name in ("expr", "expr~", "fexpr~") and "random" in " ".join(given):
            return f"[{name}] draws random numbers"
        if name in _FIELDS:
            names = [word for word in given[_FIELDS[name]] if word not in _NO_NAME]
            return "" if self._local(names) else f"[{name}] sends or receives as {_shown(names)}, without $0"
        return (
            ""
            if name in _VANILLA or _is_number(name)
            else f"[{_shown(words)}] may share something with others"
        )

    def _local(self, names: Iterable[str]) -> bool:
        return all("\\$0" in name or name == SEED or self._given(name) for name in names)

    def _given(self, name: str) -> bool:
        """Whether whoever makes this abstraction gives it a name of its own."""
        match = re.search(r"\\\$([1-9]\d*)", name)
        at = int(match[1]) - 1 if match else 0
        return bool(match and self._calls) and all(
            "\\$0" in "".join(call[at : at + 1]) for call in self._calls
        )


def _shown(words: Iterable[str]) -> str:
    return " ".join(words).replace("\\", "")


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
