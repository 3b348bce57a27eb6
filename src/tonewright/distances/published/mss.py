"""Multi-scale log-mel spectral distance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tonewright.distances.registry import distance
from tonewright.distances.spectra import log_mel, mean_difference, samples_in

# Window in ms, hop in ms, mel bands.
_SCALES = ((10, 5, 32), (25, 10, 64), (100, 50, 128))


@distance(
    meaning="difference of log-mel spectrograms at three time scales",
    unit="dB",
    source="Hayes, Saitis, Fazekas, ISMIR 2025 (evaluation script)",
)
def mss(a: NDArray[np.float32], b: NDArray[np.float32], sample_rate_hz: int) -> NDArray[np.float32]:
    """Mean absolute difference of log-mel spectrograms, averaged over three scales.

    Each spectrogram is in dB below its own loudest value in any channel, down to −80 dB, so a gain changes
    nothing until quiet bands fall to a mel power of 1e-10. Silence is 0 dB throughout, by that definition.
    """
    total = np.zeros(max(len(a), len(b)), np.float32)
    for window_ms, hop_ms, n_mels in _SCALES:
        n_fft, hop = samples_in(window_ms, sample_rate_hz), samples_in(hop_ms, sample_rate_hz)
        x, y = (log_mel(sound, sample_rate_hz, n_fft, hop, n_mels) for sound in (a, b))
        total += mean_difference(_below_peak(x), _below_peak(y))
    return total / np.float32(len(_SCALES))


def _below_peak(decibels: NDArray[np.float32]) -> NDArray[np.float32]:
    decibels -= decibels.max(axis=(1, 2, 3), keepdims=True)
    return decibels
