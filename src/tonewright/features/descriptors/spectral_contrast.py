"""Spectral contrast."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tonewright.compiling import njit
from tonewright.features.frames import Frames
from tonewright.features.registry import descriptor, numbered
from tonewright.features.spectra import power_spectrum
from tonewright.features.spectrum_kernels import largest
from tonewright.threads import map_rows

# Octaves above 200 Hz; the last band reaches to half the sample rate.
_EDGES_HZ = (0.0, 200.0, 400.0, 800.0, 1600.0, 3200.0, 6400.0)
_SHARE = 0.02
# Bins further below the strongest of the frame, side lobes and rounding among them, all count for as much.
_RANGE = 10.0 ** (-80.0 / 10.0)
_FRAMES_AT_ONCE = 32  # fewer are not worth a call


@njit(cache=True, nogil=True)
def _contrast_db(power: NDArray[np.float32], least: float) -> float:
    """Mean of the strongest bins over the mean of the weakest; bins below `least` count as `least`."""
    count = max(1, round(_SHARE * len(power)))
    strongest, weakest = np.zeros(count), np.full(count, np.inf)
    for k in range(len(power)):
        value = max(float(power[k]), least)
        at = count - 1
        if value > strongest[at]:
            while at > 0 and strongest[at - 1] < value:
                strongest[at] = strongest[at - 1]
                at -= 1
            strongest[at] = value
        at = count - 1
        if value < weakest[at]:
            while at > 0 and weakest[at - 1] > value:
                weakest[at] = weakest[at - 1]
                at -= 1
            weakest[at] = value
    peak = valley = 0.0
    for i in range(count):
        peak += strongest[i]
        valley += weakest[i]
    return 10.0 * math.log10(peak / valley)


@njit(cache=True, nogil=True)
def _contrasts(
    power: NDArray[np.float32], edges: NDArray[np.int64], out: NDArray[np.float32], first: int, last: int
) -> None:
    """`power [frames, bins]` to the contrast in each band, `out [frames, bands]`; 0 in an empty one."""
    for frame in range(first, last):
        strongest = largest(power[frame])
        for band in range(out.shape[1]):
            low, high = edges[band], edges[band + 1]
            out[frame, band] = 0.0
            if high > low and strongest > 0.0:
                out[frame, band] = _contrast_db(power[frame, low:high], _RANGE * strongest)


@descriptor(
    category="spectral_contrast",
    unit="dB",
    columns=numbered("spectral_contrast", len(_EDGES_HZ), "db"),
    source="Jiang et al. 2002, music type classification by spectral contrast feature",
)
def spectral_contrast(frames: Frames) -> NDArray[np.float32]:
    """Level of the strongest 2 % of the bins over the weakest 2 %, in octave bands: tones against noise."""
    power = power_spectrum(frames)
    edges = np.ceil(np.array(_EDGES_HZ) / frames.framing.bin_hz).astype(np.int64)
    edges = np.append(np.minimum(edges, power.shape[1]), power.shape[1])
    contrast = np.empty((len(power), len(_EDGES_HZ)), np.float32)

    def measure(first: int, last: int, _: int) -> None:
        _contrasts(power, edges, contrast, first, last)

    map_rows(measure, len(power), block=_FRAMES_AT_ONCE)
    return contrast.reshape(frames.batch, frames.count, len(_EDGES_HZ))
