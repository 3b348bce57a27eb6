"""Difference of MFCCs, frame by frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tonewright.distances import fixed_rate
from tonewright.distances.registry import distance
from tonewright.distances.spectra import mean_difference, mfcc


@distance(
    meaning="difference of MFCCs frame by frame",
    unit="MFCC",
    source="Le Vaillant, Dutoit, Dekeyser, DAFx 2021",
)
def mfcc_mae(a: NDArray[np.float32], b: NDArray[np.float32], sample_rate_hz: int) -> NDArray[np.float32]:
    """Mean absolute difference of 13 MFCCs of 128 mel bands (22.05 kHz, 1024/256 samples).

    Level counts, through coefficient 0.
    """
    x, y = (_cepstra(sound, sample_rate_hz) for sound in (a, b))
    return mean_difference(x, y)


def _cepstra(audio: NDArray[np.float32], sample_rate_hz: int) -> NDArray[np.float32]:
    """`[batch, channels, frames]` to `[batch, 1, n_frames, 13]`."""
    mono = fixed_rate.mono(audio, sample_rate_hz)[:, np.newaxis]
    return mfcc(mono, fixed_rate.RATE_HZ, fixed_rate.N_FFT, fixed_rate.HOP, n_mels=128, n_mfcc=13)
