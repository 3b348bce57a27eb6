"""Every synth by name.

A synth of one's own needs one line here, or, in another package, an entry point in the group
`tonewright.synths`. A name of the form `scheme:PATH` is made from a file by the factory of that scheme.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import cast

from tonewright.documents import short_text
from tonewright.errors import UnknownNameError
from tonewright.synths.base import Synth

SYNTHS: dict[str, str] = {
    "fm": "tonewright.synths.fm:FM",
    "granular": "tonewright.synths.granular.synth:Granular",
    "serum-lite": "tonewright.synths.serum_lite.synth:SerumLite",
    "sine": "tonewright.synths.sine:Sine",
}
SCHEMES: dict[str, str] = {
    "granular": "tonewright.synths.granular.synth:granular_of",
    "pd": "tonewright.synths.pd.synth:PureData",
}
"""Makers of synths from a file, called with (path, sample_rate_hz)."""


def names() -> list[str]:
    """Names of all synths that are registered, built-in and plugged in."""
    return sorted({**SYNTHS, **_plugged_in()})


def synth(name: str, sample_rate_hz: int = 44_100) -> Synth:
    """Make a synth.

    Args:
        name: A registered name, or `scheme:PATH` for a synth from a file.
        sample_rate_hz: Rate it will render at.

    Raises:
        UnknownNameError: Nothing is registered under this name.
        UsageError: The synth cannot run at this rate.
    """
    scheme, separator, path = name.partition(":")
    if separator and scheme in SCHEMES:
        return cast(Synth, _load(SCHEMES[scheme])(path, sample_rate_hz))
    known = {**SYNTHS, **_plugged_in()}
    if name not in known:
        raise UnknownNameError("synth", short_text(name), known)
    return cast(Synth, _load(known[name])(sample_rate_hz))


@cache
def _plugged_in() -> dict[str, str]:
    return {point.name: point.value for point in entry_points(group="tonewright.synths")}


def _load(target: str) -> Callable[..., object]:
    module, _, attribute = target.partition(":")
    return cast(Callable[..., object], getattr(import_module(module), attribute))
