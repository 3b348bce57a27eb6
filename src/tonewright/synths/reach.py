"""What a synth can do at all, of what recordings often hold."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reach:
    """What one key of a synth can sound like.

    Attributes:
        pitches: How many different pitches sound at once.
        falls: The pitch can fall from where the note begins to where it stays, as that of a drum does.
        reverberates: It has a reverberation or an echo.
    """

    pitches: int
    falls: bool
    reverberates: bool
