"""Places in the space of a generator's noise, each with all that it takes to get there again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from tonewright.errors import UsageError
from tonewright.prompting.exploring.geometry import Noise, slerp, turned
from tonewright.prompting.generators.base import Generation, Generator, Request
from tonewright.prompting.generators.latent import LatentGenerator, Toward

MOST_STEPS, MOST_NEIGHBOURS = 15, 16
_LARGEST_ANGLE_DEG = 90.0


@dataclass(frozen=True)
class Place:
    """A place: somewhere between two seeds and two prompts, or a step to the side of one of them.

    Attributes:
        seed: Where a walk begins.
        to_seed: Where it ends; the same noise all along if None.
        to_prompt: Prompt at its end; the same all along if None.
        share: How far it is gone, 0 to 1.
        angle_deg: How far the noise is turned to the side.
        direction: Number of the direction to the side.
    """

    seed: int
    to_seed: int | None = None
    to_prompt: str | None = None
    share: float = 0.0
    angle_deg: float = 0.0
    direction: int = 0

    def fields(self) -> dict[str, Any]:
        """As JSON; what does not apply is left out."""
        return {
            name: value
            for name, value in asdict(self).items()
            if value is not None and not (name in ("angle_deg", "direction") and not self.angle_deg)
        }


def walk(seed: int, to_seed: int | None, to_prompt: str | None, steps: int) -> list[Place]:
    """Places from one end to the other, evenly, both ends included.

    Raises:
        UsageError: Fewer than two, or too many.
    """
    if not 2 <= steps <= MOST_STEPS:
        raise UsageError(f"a walk has 2 to {MOST_STEPS} steps; got {steps}")
    return [Place(seed, to_seed, to_prompt, number / (steps - 1)) for number in range(steps)]


def neighbours(around: Place, count: int, angle_deg: float) -> list[Place]:
    """Places in as many directions around one, at one angle.

    Raises:
        UsageError: Too many, or an angle that is none.
    """
    if not 0 <= count <= MOST_NEIGHBOURS:
        raise UsageError(f"a place has 0 to {MOST_NEIGHBOURS} neighbours; got {count}")
    if not 0 < angle_deg <= _LARGEST_ANGLE_DEG:
        raise UsageError(f"an angle is above 0, to {_LARGEST_ANGLE_DEG:g} degrees; got {angle_deg:g}")
    return [replace(around, angle_deg=angle_deg, direction=number) for number in range(1, count + 1)]


def noise_at(generator: LatentGenerator, request: Request, place: Place) -> Noise:
    """The starting noise of a place, `[n]`."""
    noise = generator.noise(replace(request, seed=place.seed))
    if place.to_seed is not None:
        noise = slerp(noise, generator.noise(replace(request, seed=place.to_seed)), place.share)
    if place.angle_deg:
        noise = turned(noise, place.angle_deg, np.random.default_rng([place.seed, place.direction]))
    return noise


def render_at(generator: LatentGenerator, request: Request, place: Place) -> Generation:
    """The sound of a place; at both ends of a walk it is what the generator makes of that seed and prompt.

    Args:
        generator: Whose.
        request: The prompt at the beginning, and all settings; its seed does not count.
        place: Where.
    """
    at_end = place.share == 1.0
    seed = place.to_seed if at_end and place.to_seed is not None else place.seed
    asked = replace(request, seed=seed)
    toward = None
    if place.to_prompt is not None:
        if at_end:
            asked = replace(asked, prompt=place.to_prompt)
        else:
            toward = Toward(place.to_prompt, place.share)
    return generator.render_from(noise_at(generator, request, place), asked, toward)


def render_all(
    generator: Generator,
    request: Request,
    places: Sequence[Place],
    progress: Callable[[float], object] = lambda done: None,
) -> list[Generation]:
    """The sounds of places, one after the other.

    Raises:
        UsageError: The generator cannot begin from any noise, or a setting is out of range.
    """
    if not isinstance(generator, LatentGenerator):
        raise UsageError(
            f"a walk needs a generator that begins from any noise; got {generator.name}; choose sketch"
        )
    made = []
    for place in places:
        made.append(render_at(generator, request, place))
        progress(1.0)
    return made
