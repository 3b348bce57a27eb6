"""A walk and the neighbours of one of its places, as sounds on a map."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tonewright.prompting.exploring.geometry import angle_deg
from tonewright.prompting.exploring.places import Place, neighbours, noise_at, render_all, walk
from tonewright.prompting.generators.base import Generation, Generator, Request
from tonewright.prompting.generators.latent import LatentGenerator

_SAME_NOISE_DEG = 90.0
"""How long a walk between two prompts is drawn, whose noise stays: as one between two draws of noise."""
_FIRST_TURN_DEG, _LAST_TURN_DEG = 60.0, 300.0
"""Where neighbours stand around their place: not where the walk goes on."""


@dataclass(frozen=True)
class Explore:
    """What to explore.

    Attributes:
        request: The prompt at the beginning, the settings, and the seed.
        to_prompt: The prompt at the end; the same if None.
        to_seed: The seed at the end; if None the next one, or, with another prompt, the same noise.
        steps: Sounds of the walk, both ends included.
        neighbours: Neighbours of its beginning.
        angle_deg: How far away these are.
    """

    request: Request
    to_prompt: str | None = None
    to_seed: int | None = None
    steps: int = 7
    neighbours: int = 8
    angle_deg: float = 25.0


@dataclass(frozen=True, eq=False)
class Point:
    """A sound on the map.

    Attributes:
        title: What it is: `Step 3 of 7`.
        key: What stands on the map: `3`, `b`.
        place: All that it takes to get there again.
        at_deg: Where it is on the map: along the walk and to the side, in degrees of noise.
        made: The sound.
    """

    title: str
    key: str
    place: Place
    at_deg: tuple[float, float]
    made: Generation


@dataclass(frozen=True, eq=False)
class Exploration:
    """A walk with neighbours, as sounds.

    Attributes:
        generator: Name of the generator.
        asked: What was explored; its seeds filled in.
        points: The walk, then the neighbours.
    """

    generator: str
    asked: Explore
    points: tuple[Point, ...]

    def fields(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "generator": self.generator,
            "prompt": self.asked.request.prompt,
            "points": [
                {
                    "title": point.title,
                    **point.place.fields(),
                    **({"fault": point.made.fault} if point.made.fault else {}),
                }
                for point in self.points
            ],
        }


def explore(
    generator: Generator, asked: Explore, progress: Callable[[float], object] = lambda done: None
) -> Exploration:
    """Walk from one sound to another, and around the first.

    Args:
        generator: Whose sounds.
        asked: What to explore.
        progress: Called with 1 after each sound.

    Raises:
        UsageError: The generator cannot begin from any noise, or a number is out of range.
    """
    seed, to_seed = asked.request.seed, asked.to_seed
    if to_seed is None and asked.to_prompt is None:
        to_seed = seed + 1
    way = walk(seed, to_seed, asked.to_prompt, asked.steps)
    around = neighbours(way[0], asked.neighbours, asked.angle_deg)
    made = render_all(generator, asked.request, [*way, *around], progress)
    length_deg = _SAME_NOISE_DEG
    if to_seed is not None and isinstance(generator, LatentGenerator):
        length_deg = angle_deg(*(noise_at(generator, asked.request, place) for place in (way[0], way[-1])))
    turns = (
        np.radians(np.linspace(_FIRST_TURN_DEG, _LAST_TURN_DEG, len(around))) if len(around) > 1 else [np.pi]
    )
    points = [
        Point(f"Step {number} of {len(way)}", f"{number}", place, (length_deg * place.share, 0.0), one)
        for number, (place, one) in enumerate(zip(way, made, strict=False), 1)
    ]
    for place, turn, one in zip(around, turns, made[len(way) :], strict=False):
        key = chr(ord("a") + place.direction - 1)
        at_deg = (asked.angle_deg * float(np.cos(turn)), asked.angle_deg * float(np.sin(turn)))
        points.append(Point(f"Neighbour {key}", key, place, at_deg, one))
    return Exploration(generator.name, replace(asked, to_seed=to_seed), tuple(points))
