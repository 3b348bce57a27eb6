"""Every generator by name.

A generator of one's own needs one line here, or, in another package, an entry point in the group
`tonewright.generators`.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import cast

from tonewright.documents import short_text
from tonewright.errors import UnknownNameError
from tonewright.files import StrPath
from tonewright.prompting.generators.base import Generator

GENERATORS: dict[str, str] = {
    "diffusers": "tonewright.prompting.generators.pipelines.generator:Diffusers",
    "sketch": "tonewright.prompting.generators.sketch.generator:Sketch",
    "remote": "tonewright.prompting.serving.client:Remote",
    "stable-audio": "tonewright.prompting.generators.stable_audio.generator:StableAudio",
}
DEFAULT = "sketch"


def names() -> list[str]:
    """Names of all generators that are registered, built-in and plugged in."""
    return sorted({**GENERATORS, **_plugged_in()})


def generator(name: str = DEFAULT, model: StrPath | None = None) -> Generator:
    """Make a generator.

    Args:
        name: A registered name.
        model: Its weights: a folder, a file or a name, as the generator takes them; its own if None.

    Raises:
        UnknownNameError: Nothing is registered under this name.
        CheckpointError: Its weights are missing or damaged.
    """
    known = {**GENERATORS, **_plugged_in()}
    if name not in known:
        raise UnknownNameError("generator", short_text(name), known)
    module, _, attribute = known[name].partition(":")
    return cast(Generator, getattr(import_module(module), attribute)(model))


@cache
def _plugged_in() -> dict[str, str]:
    return {point.name: point.value for point in entry_points(group="tonewright.generators")}
