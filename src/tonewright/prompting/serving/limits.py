"""What a server does at once, and how much it takes from anybody."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from tonewright.errors import UsageError


@dataclass(frozen=True)
class Limits:
    """Limits of a server.

    Attributes:
        batch: Requests that are sent to the generator together, at most.
        collect_s: How long the first of them waits for others.
        queue: Requests that may wait; more are refused.
        timeout_s: How long a request may take, waiting and trying again included.
        hung_s: How long a batch may take before its worker is taken for hung; less than half of that, so that
            there is time to try again.
        load_s: How long a generator may take to load.
        most_items: Requests in one call, at most.
        most_seconds: Sound in one call, all of its requests together.
        most_bytes: Body of a call.

    Raises:
        UsageError: One of them leaves no room for anything.
    """

    batch: int = 8
    collect_s: float = 0.01
    queue: int = 64
    timeout_s: float = 300.0
    hung_s: float = 100.0
    load_s: float = 900.0
    most_items: int = 64
    most_seconds: float = 600.0
    most_bytes: int = 64 << 20

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not (0 < value < math.inf or (field.name == "collect_s" and value == 0)):
                raise UsageError(f"{field.name} is a number above 0; got {value}")

    @property
    def items(self) -> int:
        """Requests that one call may hold: they wait together, or not at all."""
        return min(self.most_items, self.queue)
