"""Generators whose starting noise can be chosen: what a walk through their sounds needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from tonewright.errors import UsageError
from tonewright.prompting.generators.base import Generation, Generator, Request


@dataclass(frozen=True)
class Toward:
    """A second prompt, whose velocity is mixed with that of the first.

    Attributes:
        prompt: The second prompt.
        share: How much of it: 0 for the first alone, 1 for the second alone.

    Raises:
        UsageError: A share that is none.
    """

    prompt: str
    share: float

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise UsageError(f"a share is 0 to 1; got {self.share:g}")


@runtime_checkable
class LatentGenerator(Generator, Protocol):
    """A generator that tells its starting noise, and begins from any other."""

    def noise(self, request: Request) -> NDArray[np.float32]:
        """The noise that a request begins from, `[n]` with a standard deviation of 1."""
        ...

    def render_from(
        self, noise: NDArray[np.float32], request: Request, toward: Toward | None = None
    ) -> Generation:
        """Render a request from another noise; from its own it becomes what `generate` makes of it.

        Args:
            noise: `[n]`, as `noise` gives it.
            request: All else; noise that is added on the way is of its seed.
            toward: A second prompt, if there is one.

        Raises:
            UsageError: A setting is out of range, or a noise of another size.
        """
        ...
