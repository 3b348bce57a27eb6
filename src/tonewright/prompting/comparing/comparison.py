"""Two sounds and their cards: which is better, by what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tonewright.files import StrPath
from tonewright.prompting.briefs.brief import Brief
from tonewright.prompting.briefs.library import Library
from tonewright.prompting.judging import judge_samples, stereo
from tonewright.prompting.rewards.terms import ScoreCard
from tonewright.wording import one_line

EVEN = 0.005
"""A difference of rewards that is none."""
_LONGEST_NAME = 28
_KEYS = ("A", "B")


@dataclass(frozen=True, eq=False)
class Side:
    """One of the two.

    Attributes:
        file: Where it is.
        name: What it is called.
        samples: `[2, n]` at 44.1 kHz, as the file has them.
        card: Its score card.
    """

    file: Path
    name: str
    samples: NDArray[np.float32]
    card: ScoreCard


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two sounds against one brief.

    Attributes:
        brief: What they were to be.
        sides: Both.
    """

    brief: Brief
    sides: tuple[Side, Side]

    @property
    def difference(self) -> float:
        """Reward of the second less that of the first."""
        return self.sides[1].card.total - self.sides[0].card.total

    @property
    def better(self) -> int | None:
        """Which has the higher reward, 0 or 1; None if neither has."""
        return None if abs(self.difference) < EVEN else int(self.difference > 0)

    @property
    def differences(self) -> dict[str, float]:
        """By how much the second is better in each component that both have."""
        first, second = (side.card.components for side in self.sides)
        return {name: second[name] - score for name, score in first.items() if name in second}

    def fields(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "brief": self.brief.fields(),
            "better": None if self.better is None else _KEYS[self.better],
            "difference": round(self.difference, 4),
            "differences": {name: round(value, 4) for name, value in self.differences.items()},
            **{
                key: {"file": str(side.file), **side.card.fields()}
                for key, side in zip(_KEYS, self.sides, strict=True)
            },
        }


def compare(a: StrPath, b: StrPath, brief: Brief, library: Library) -> Comparison:
    """Score two sound files against one brief.

    Args:
        a: The first.
        b: The second.
        brief: What they were to be.
        library: Where the references of the brief are.

    Raises:
        AudioError: One cannot be read.
        BriefError: A reference is missing.
    """
    paths = (Path(a), Path(b))
    sounds = [stereo(path) for path in paths]
    cards = [judge_samples(sound, brief, library) for sound in sounds]
    first, second = (Side(*parts) for parts in zip(paths, _names(paths), sounds, cards, strict=True))
    return Comparison(brief, (first, second))


def _names(paths: Sequence[Path]) -> list[str]:
    """Names of files that tell them apart, on one line."""
    for parts in (1, 2):
        names = [one_line("/".join(path.parts[-parts:])) for path in paths]
        if len({*names}) == len(names) and max(map(len, names)) <= _LONGEST_NAME:
            return names
    return [f"sound {key}" for key in _KEYS]
