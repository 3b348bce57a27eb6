"""Spectral convergence."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tonewright.compiling import njit
from tonewright.distances import fixed_rate
from tonewright.distances.registry import distance
from tonewright.distances.spectra import pair_by_pair

# A target quieter than this in every bin counts as this loud, so that silence has a finite value.
_LEAST_POWER = 1e-8


@distance(
    meaning="error of the magnitude spectrogram relative to the target's",
    unit="",
    source="Arik, Jun, Diamos, 2019; at 22.05 kHz as in Le Vaillant, Dutoit, Dekeyser, DAFx 2021",
    symmetric=False,
)
def spectral_convergence(
    a: NDArray[np.float32], b: NDArray[np.float32], sample_rate_hz: int
) -> NDArray[np.float32]:
    """Norm of the difference of magnitudes over the norm of the target `a` (22.05 kHz, 1024/256 samples).

    A silent answer scores 1. A target quieter than a magnitude of 1e-4 in every bin counts as that loud.
    """
    x, y = (np.sqrt(fixed_rate.power(sound, sample_rate_hz)).reshape(len(sound), -1) for sound in (a, b))
    return pair_by_pair(_relative_errors, x, y, x.shape[1])


@njit(cache=True, nogil=True)
def _relative_errors(
    a: NDArray[np.float32], b: NDArray[np.float32], out: NDArray[np.float32], first: int, last: int
) -> None:
    for i in range(first, last):
        x, y = a[i % len(a)], b[i % len(b)]
        error = power = 0.0
        for k in range(len(x)):
            difference = x[k] - y[k]
            error += difference * difference
            power += x[k] * x[k]
        out[i] = np.sqrt(error / max(power, _LEAST_POWER * len(x)))
