"""Scenes: layers of sound in time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tonewright.documents import short_text
from tonewright.errors import SceneError, UsageError
from tonewright.prompting.arranging.loops import Bars, exactly
from tonewright.prompting.generators.base import Generator, Request, complete

SHORTEST_S, LONGEST_S = 0.1, 600.0
MOST_LAYERS = 32
QUIETEST_DB, LOUDEST_DB = -60.0, 12.0
MOST_HEADROOM_DB = 60.0
MOST_SEED = 2**53
"""What every reader of JSON takes for a whole number."""
_OF_PROMPTS = ("negative_prompt", "settings", "seed")


@dataclass(frozen=True)
class Layer:
    """One sound of a scene, made from a prompt or read from a file.

    Attributes:
        name: What it is called; no other layer of the scene is.
        seconds: How long it is heard.
        prompt: What to make; None for a file.
        file: Sound file, relative to the scene; None for a prompt.
        start_s: When it begins.
        level_db: How much louder it is than it was made.
        fade_in_s: Over how long it comes.
        fade_out_s: Over how long it goes.
        pan: -1 is heard on the left alone, 1 on the right alone.
        loop: What it repeats; None if nothing.
        negative_prompt: What it should not be.
        settings: Settings of the generator.
        seed: Its own; drawn from that of the scene and its name if None.

    Raises:
        SceneError: Something in it makes no sense.
    """

    name: str
    seconds: float
    prompt: str | None = None
    file: str | None = None
    start_s: float = 0.0
    level_db: float = 0.0
    fade_in_s: float = 0.0
    fade_out_s: float = 0.01
    pan: float = 0.0
    loop: Bars | None = None
    negative_prompt: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    seed: int | None = None

    def __post_init__(self) -> None:
        if (self.prompt is None) == (self.file is None):
            got = "none" if self.prompt is None else "both"
            raise SceneError(f"a layer has either a prompt or a file; got {got}")
        given = [name for name in _OF_PROMPTS if getattr(self, name) not in (None, "", {})]
        if self.file is not None and given:
            raise SceneError(f"{given[0]} is of a layer with a prompt; got one with a file; leave it out")
        ranges = (
            ("seconds", SHORTEST_S, LONGEST_S),
            ("start_s", 0.0, LONGEST_S),
            ("level_db", QUIETEST_DB, LOUDEST_DB),
            ("fade_in_s", 0.0, self.seconds),
            ("fade_out_s", 0.0, self.seconds),
            ("pan", -1.0, 1.0),
        )
        for name, low, high in ranges:
            _check_range(name, getattr(self, name), low, high)
        if self.fade_in_s + self.fade_out_s > self.seconds:
            raise SceneError(
                f"both fades fit into a layer of {self.seconds:g} s; got {self.fade_in_s:g} and "
                f"{self.fade_out_s:g} s; shorten one"
            )
        if self.seed is not None:
            _check_range("seed", self.seed, 0, MOST_SEED)


@dataclass(frozen=True)
class Scene:
    """Layers of sound in time.

    Attributes:
        seconds: How long it is.
        layers: What is heard; they may overlap.
        seed: Of all layers that have none of their own.
        headroom_db: How much the mix is turned down, so that it does not clip.
        folder: Where its files are.

    Raises:
        SceneError: Something in it makes no sense; all faults are told, each with its layer.
    """

    seconds: float
    layers: tuple[Layer, ...]
    seed: int = 0
    headroom_db: float = 0.0
    folder: Path = Path()

    def __post_init__(self) -> None:
        _check_range("seconds", self.seconds, SHORTEST_S, LONGEST_S)
        _check_range("seed", self.seed, 0, MOST_SEED)
        _check_range("headroom_db", self.headroom_db, 0.0, MOST_HEADROOM_DB)
        check_count(len(self.layers))
        names = [layer.name for layer in self.layers]
        told = []
        for layer in self.layers:
            whom = f"layer {short_text(layer.name)!r}"
            if not layer.name.strip() or names.count(layer.name) > 1:
                told.append(f"{whom}: every layer has a name of its own; rename it")
            if layer.start_s + layer.seconds > self.seconds + 1e-9:
                told.append(
                    f"{whom}: it ends within the {self.seconds:g} s of the scene; got "
                    f"{layer.start_s + layer.seconds:g} s; shorten it"
                )
        if told:
            raise SceneError("; ".join(dict.fromkeys(told)))

    def request(self, layer: Layer) -> Request:
        """What is asked of a generator for a layer with a prompt."""
        assert layer.prompt is not None
        seed = layer.seed
        if seed is None:
            drawn = np.random.SeedSequence([self.seed, *layer.name.encode()]).generate_state(1, np.uint32)
            seed = int(drawn[0])
        request = Request(
            layer.prompt, layer.negative_prompt, layer.seconds, seed=seed, **dict(layer.settings)
        )
        return request if layer.loop is None else exactly(request, layer.loop)

    def check(self, generator: Generator) -> None:
        """Check that a generator can make every layer, and that every file is there.

        Raises:
            SceneError: It cannot; all faults are told, each with its layer.
        """
        told = []
        for layer in self.layers:
            try:
                if layer.prompt is not None:
                    complete(self.request(layer), generator)
                elif not (self.folder / str(layer.file)).is_file():
                    told.append(f"layer {layer.name!r}: there is no file {str(layer.file)!r}; put it there")
            except UsageError as error:
                told.append(f"layer {layer.name!r}: {error}")
        if told:
            raise SceneError("; ".join(told))


def check_count(layers: int) -> None:
    """Refuse no layers, or too many.

    Raises:
        SceneError: Likewise.
    """
    if not 1 <= layers <= MOST_LAYERS:
        raise SceneError(f"a scene has 1 to {MOST_LAYERS} layers; got {layers}; mix some of them before")


def _check_range(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise SceneError(f"{name} is {low:g} to {high:g}; got {value:g}")
