"""What a match gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tonewright.synths.preset import Preset


@dataclass(frozen=True, eq=False)
class MatchResult:
    """A preset that sounds like a target, and everything measured on the way.

    Attributes:
        preset: The preset, with the note and gate it was matched at.
        audio: Its rendering, `[frames]` float32 at `sample_rate_hz`, as long as `target`.
        target: The target as it was searched for: mono, trimmed, at a level the synth can reach.
        sample_rate_hz: Rate of both.
        distances: Every published distance between the two, by name.
        terms: Training loss: `total` and each of its terms, by name.
        similarity: 0 for the median random preset, 100 for an identical sound.
        curve: Renders spent and best training loss so far, whenever it got better.
        renders: How many presets were rendered.
        seconds: Wall-clock duration of the search.
        seed: Seed of search and noise.
        method: Name of the search method.
        target_info: Facts on the target: `path`, `sample_rate_hz`, `channels`, `seconds`, `loudness_lufs`,
            `gain_db` applied before the search, `trimmed_start_s`, `note_confidence`…
        versions: Versions of tonewright, the synth and the libraries that shape the sound.
        interrupted: The search was stopped early and this is the best until then.
    """

    preset: Preset
    audio: NDArray[np.float32]
    target: NDArray[np.float32]
    sample_rate_hz: int
    distances: Mapping[str, float]
    terms: Mapping[str, float]
    similarity: float
    curve: tuple[tuple[int, float], ...]
    renders: int
    seconds: float
    seed: int
    method: str
    target_info: Mapping[str, Any]
    versions: Mapping[str, str]
    interrupted: bool = False
