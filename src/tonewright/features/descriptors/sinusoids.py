"""Sinusoidal peaks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tonewright.features.frames import Frames, shared
from tonewright.features.registry import descriptor, numbered
from tonewright.features.spectra import spectral_peaks

_PEAKS = 10
_SOURCE = "Smith and Serra 1987 (PARSHL): parabola through three levels, Blackman–Harris window"


@shared
def _by_frequency(frames: Frames) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The ten strongest peaks, frequencies ascending and absent ones last, each `[batch, count, 10]`."""
    frequency_hz, level_db = (values[..., :_PEAKS] for values in spectral_peaks(frames))
    order = np.argsort(np.where(frequency_hz > 0, frequency_hz, np.inf), axis=-1, kind="stable")
    return np.take_along_axis(frequency_hz, order, -1), np.take_along_axis(level_db, order, -1)


@descriptor(category="sinusoids", unit="Hz", columns=numbered("sinusoid", _PEAKS, "hz"), source=_SOURCE)
def sinusoid_frequencies(frames: Frames) -> NDArray[np.float32]:
    """Frequencies of the ten strongest partials, ascending; 0 Hz where there are fewer."""
    return _by_frequency(frames)[0]


@descriptor(category="sinusoids", unit="dBFS", columns=numbered("sinusoid", _PEAKS, "dbfs"), source=_SOURCE)
def sinusoid_magnitudes(frames: Frames) -> NDArray[np.float32]:
    """Amplitudes of the same partials, 0 dB being a sine of full scale; the floor where there are fewer."""
    return _by_frequency(frames)[1]
