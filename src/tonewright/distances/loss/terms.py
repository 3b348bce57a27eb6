"""From what was measured to bounded terms and their weighted mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from tonewright.distances.closeness import farness
from tonewright.errors import UsageError

# Half-way points of the terms, in the unit of what they are made of. They lie between what a small error of
# every control of Serum-lite makes (3 % of its range; medians 3 dB, 0.3, 4 dB, 0.15 octaves, 2 LU, 1 LU) and
# what lies between two random presets (17 dB, 0.7, 20 dB, 1.5 octaves, 14 LU, 9 LU): no term is flat at
# either end.
_LOG_SPECTRUM_DB = 8.0
_LINEAR_SPECTRUM = 0.35
_MFCC_DB = 6.0
_CENTROID_OCTAVES = 0.5
_LOUDNESS_LU = 6.0
_LEVEL_LU = 6.0
_DC = 0.1
_CLIPPED = 0.01
# Level is part of the sound up to here; beyond it is a way to cheat, and is punished once more.
_LEVEL_TOLERANCE_LU = 6.0


@dataclass(frozen=True)
class LossWeights:
    """How much each term counts in the total, which is their weighted mean; any scale, none negative.

    The defaults were chosen by searches (CMA-ES, 3,120 renders, 32 random presets of Serum-lite) scored by
    MSS, which is not in the loss: with the spectra in dB alone they ended at a mean of 7.3 dB, with linear
    ones at 6.3, with MFCCs at 4.3, with all terms between 3.5 and 3.9 however the weights were moved. So the
    spectra lead, MFCCs add what is smooth enough to follow from afar, and the others resolve what those
    confuse. The guards stay near 0 among sensible candidates; theirs are as large as it takes to keep silence
    last.

    Attributes:
        mrstft: Magnitude spectra at three resolutions, half in dB and half linear.
        mfcc: Spectral envelope.
        centroid: Brightness.
        loudness: Loudness frame by frame.
        level: Loudness of the whole.
        dc: Guard against an offset.
        clipping: Guard against clipped samples.
        loudness_guard: Guard against falling silent or shouting.
    """

    mrstft: float = 0.4
    mfcc: float = 0.25
    centroid: float = 0.05
    loudness: float = 0.08
    level: float = 0.03
    dc: float = 0.02
    clipping: float = 0.02
    loudness_guard: float = 0.15

    def __post_init__(self) -> None:
        weights = [getattr(self, field.name) for field in fields(self)]
        if not all(0.0 <= weight < np.inf for weight in weights) or not sum(weights) > 0.0:
            raise UsageError(f"loss weights are finite, 0 or more, and not all 0; got {self}")

    def shares(self) -> dict[str, float]:
        """Share of each term in the total; they add up to 1."""
        weights = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: weight / sum(weights.values()) for name, weight in weights.items()}


DEFAULT_WEIGHTS = LossWeights()


@dataclass(frozen=True, eq=False)
class LossTerms(Mapping[str, NDArray[np.float64]]):
    """The loss of a batch and what it is made of; `loss["mfcc"]` is one term.

    Attributes:
        total: `[batch]` weighted mean of the terms, in [0, 1).
        terms: Each term `[batch]` in [0, 1), by the names of `LossWeights`.
        measures: What the terms are made of, `[batch]` in its own unit: `log_spectrum_db`, `linear_spectrum`
            (0 to 1), `mfcc_db`, `centroid_octaves`, `loudness_lu`, `level_lu`, `dc` (of the target's RMS),
            `clipped` (share of samples).
    """

    total: NDArray[np.float64]
    terms: dict[str, NDArray[np.float64]]
    measures: dict[str, NDArray[np.float64]]

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        return self.terms[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.terms)

    def __len__(self) -> int:
        return len(self.terms)


def bounded_terms(measures: dict[str, NDArray[np.float64]], weights: LossWeights) -> LossTerms:
    """Bound every measure by its half-way point and take the weighted mean."""
    excess_lu = np.maximum(measures["level_lu"] - _LEVEL_TOLERANCE_LU, 0.0)
    terms = {
        "mrstft": 0.5 * farness(measures["log_spectrum_db"], _LOG_SPECTRUM_DB)
        + 0.5 * farness(measures["linear_spectrum"], _LINEAR_SPECTRUM),
        "mfcc": farness(measures["mfcc_db"], _MFCC_DB),
        "centroid": farness(measures["centroid_octaves"], _CENTROID_OCTAVES),
        "loudness": farness(measures["loudness_lu"], _LOUDNESS_LU),
        "level": farness(measures["level_lu"], _LEVEL_LU),
        "dc": farness(measures["dc"], _DC),
        "clipping": farness(measures["clipped"], _CLIPPED),
        "loudness_guard": farness(excess_lu, _LEVEL_LU),
    }
    total = np.zeros_like(excess_lu)
    # One term after the other: numpy's own sum adds in an order that depends on the shape.
    for name, share in weights.shares().items():
        total += share * terms[name]
    return LossTerms(total, terms, measures)
