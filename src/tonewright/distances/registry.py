"""Every distance between sounds, by its short name.

One file in `published/` is one distance: the file and the function in it bear the short name. Names are read
off the folder, and a file is imported when its distance is first asked for.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tonewright.distances.gate import checked_pair
from tonewright.errors import UnknownNameError

PairFunction = Callable[[NDArray[np.float32], NDArray[np.float32], int], NDArray[np.float32]]

_FOLDER = Path(__file__).with_name("published")
# The order of a report; what is not named here follows in alphabetical order.
_REPORT_ORDER = (
    "mss",
    "wmfcc",
    "sot",
    "rms",
    "spectral_convergence",
    "log_stft_mae",
    "mfcc_mae",
    "lufs_difference",
    "f0_cents",
)
# Audio of one pass, in samples: keeps the spectra of a large batch below 100 MB.
_PASS_SAMPLES = 2**20

_registered: dict[str, Distance] = {}


@dataclass(frozen=True)
class Distance:
    """A named distance between sounds; call it like a function.

    Attributes:
        name: Short name.
        meaning: What it measures, in one line.
        unit: Unit of its values; empty for a pure number.
        source: Where the definition comes from.
        identical: Its value for identical sounds.
        better: Whether a lower or a higher value means more alike.
        symmetric: Whether exchanging the sounds leaves the value as it is.
        function: The definition: `(a, b, sample_rate_hz) -> [batch]` on checked `[batch, channels, frames]`.
    """

    name: str
    meaning: str
    unit: str
    source: str
    identical: float
    better: Literal["lower", "higher"]
    symmetric: bool
    function: PairFunction = field(repr=False)

    def __post_init__(self) -> None:
        # What notebooks and `inspect.getdoc` show is then the definition.
        object.__setattr__(self, "__doc__", self.function.__doc__)

    def __call__(self, a: ArrayLike, b: ArrayLike, sample_rate_hz: int) -> NDArray[np.float32]:
        """Compare sounds pair by pair.

        Args:
            a: Targets, `[batch, frames]`, `[frames]` or `[batch, channels, frames]`; floating point.
            b: Candidates, likewise and as long. A batch of one is compared with the whole other batch.
            sample_rate_hz: Sample rate of both.

        Returns:
            `[batch]` float32, finite. No value depends on the other sounds in the batch.

        Raises:
            UsageError: The shapes or the sample rate do not fit.
            AudioError: A sound is over 300 s long, or holds NaN, infinite or absurdly large samples.

        Examples:
            >>> import numpy as np
            >>> import tonewright as tw
            >>> time_s = np.arange(16_000, dtype=np.float32) / 16_000
            >>> low, high = (np.sin(2 * np.pi * hz * time_s) for hz in (800.0, 1_600.0))
            >>> round(float(tw.distances.sot(low, high, 16_000)[0]), 2)  # 800 Hz of 8,000 Hz
            0.1
        """
        a, b = checked_pair(a, b, sample_rate_hz)
        batch = 0 if len(a) * len(b) == 0 else max(len(a), len(b))
        step = max(1, _PASS_SAMPLES // (a.shape[1] * a.shape[2]))
        out = np.empty(batch, np.float32)
        for first in range(0, batch, step):
            some = slice(first, first + step)
            out[some] = self.function(
                a[some] if len(a) > 1 else a, b[some] if len(b) > 1 else b, int(sample_rate_hz)
            )
        return out


def distance(
    *,
    meaning: str,
    unit: str,
    source: str,
    identical: float = 0.0,
    better: Literal["lower", "higher"] = "lower",
    symmetric: bool = True,
) -> Callable[[PairFunction], Distance]:
    """Register a function as a `Distance` under its own name; the arguments are its attributes."""

    def register(function: PairFunction) -> Distance:
        made = Distance(function.__name__, meaning, unit, source, identical, better, symmetric, function)
        _registered[made.name] = made
        return made

    return register


def names() -> list[str]:
    """Short names of all distances, in the order of a report.

    Examples:
        >>> import tonewright as tw
        >>> tw.distances.names()[:5]
        ['mss', 'wmfcc', 'sot', 'rms', 'spectral_convergence']
    """
    found = {module.name for module in pkgutil.iter_modules([str(_FOLDER)])} | _registered.keys()
    return [name for name in _REPORT_ORDER if name in found] + sorted(found - set(_REPORT_ORDER))


def get(name: str) -> Distance:
    """The distance of that short name.

    Raises:
        UnknownNameError: There is none.
    """
    if name not in _registered:
        if name not in names():
            raise UnknownNameError("distance", name, names())
        importlib.import_module(f"{__package__}.{_FOLDER.name}.{name}")
    return _registered[name]
