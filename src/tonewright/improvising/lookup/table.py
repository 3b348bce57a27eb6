"""`LookupTable`: what a synth sounds like all over its controls, measured once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tonewright.features.framing import Framing

Layout = Literal["grid", "sobol"]


@dataclass(frozen=True)
class SynthIdentity:
    """Which synth a table was measured of.

    Attributes:
        name: As `tonewright.synth` takes it, that of a file included ("pd:synth.pd").
        version: Version of its sound.
        controls: Names of its controls, in the order of its unit vectors.
        file_sha256: Hash of the file it is made from; None for a built-in synth.
    """

    name: str
    version: int
    controls: tuple[str, ...]
    file_sha256: str | None = None


@dataclass(frozen=True, eq=False)
class LookupTable:
    """Descriptors of a synth at points all over its controls.

    Attributes:
        synth: What was measured.
        framing: How it was heard.
        seconds: Of every point's sound.
        layout: "grid" (every combination of evenly spaced values, both ends included, the last control
            fastest) or "sobol" (a low-discrepancy sequence, with all corners after it).
        grid: `[D]` values of each control in a grid; empty for "sobol".
        descriptors: What was measured, by name.
        columns: One name to each value (`mfcc_01`), `[C]`.
        params: `[points, D]` float32 unit vectors.
        means: `[points, C]` float32, the mean of each column over time.
        spreads: `[points, C]` float32, its standard deviation over time.
    """

    synth: SynthIdentity
    framing: Framing
    seconds: float
    layout: Layout
    grid: tuple[int, ...]
    descriptors: tuple[str, ...]
    columns: tuple[str, ...]
    params: NDArray[np.float32]
    means: NDArray[np.float32]
    spreads: NDArray[np.float32]
