"""How what a learned scorer gives becomes a score in [0, 1]: every constant of it.

Each map rises all the way and never quite ends, so that better is always more. The constants are chosen by
the ranges that are reported of the models; they were not fitted to listeners.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tonewright.prompting.listening.analysis import Floats


@dataclass(frozen=True)
class Logistic:
    """A score of 1 / (1 + exp(−slope · (x − middle))).

    Attributes:
        middle: What scores 0.5.
        slope: How fast the score rises there, times 4, in 1 over the unit of what is measured.
    """

    middle: float
    slope: float

    def __call__(self, values: Floats) -> Floats:
        """Scores of values, of any shape."""
        return np.asarray(1 / (1 + np.exp(-self.slope * (values - self.middle))))


CLAP_SIMILARITY = Logistic(middle=0.25, slope=10.0)
"""Of cosines: captions of other sounds lie about 0 (0.08), those of the sound itself at 0.3 to 0.5 (0.62 to
0.92)."""
AUDIOBOX_POINTS = Logistic(middle=5.5, slope=1.0)
"""Of points from 1 to 10: 3 are 0.08, 8 are 0.92."""
