"""How much a search may spend: renders, seconds, or whichever of the two ends first."""

from __future__ import annotations

import time

_UNLIMITED = 2**62


class BudgetSpent(Exception):  # noqa: N818 - it ends a search, it is no error
    """The renders or the seconds are used up."""


class Budget:
    """Renders and seconds of a search. Nothing is limited that is not given.

    Args:
        renders: How many presets may be rendered.
        seconds: How long the search may take, counted from `start` on.

    Attributes:
        spent: Renders made so far.
    """

    def __init__(self, renders: int | None = None, seconds: float | None = None) -> None:
        self._renders = _UNLIMITED if renders is None else renders
        self._seconds = seconds
        self._started: float | None = None
        self.spent = 0

    def start(self) -> None:
        """Count the seconds from now on."""
        self._started = time.perf_counter()

    def spend(self, renders: int) -> None:
        """Count renders that were made."""
        self.spent += renders

    @property
    def left(self) -> int:
        """Renders that may still be spent."""
        return self._renders - self.spent

    @property
    def seconds(self) -> float:
        """Seconds since the start; 0 before it."""
        return 0.0 if self._started is None else time.perf_counter() - self._started

    def time_is_up(self) -> bool:
        """Whether the seconds are used up."""
        return self._seconds is not None and self.seconds >= self._seconds
