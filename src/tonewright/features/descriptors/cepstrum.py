"""Mel-frequency cepstral coefficients."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tonewright.features.frames import Frames
from tonewright.features.registry import descriptor, numbered
from tonewright.features.spectra import mel_cepstrum

_SOURCE = "Davis and Mermelstein 1980; Slaney's mel scale, orthonormal DCT-II of levels in dB"


@descriptor(category="cepstrum", unit="dB", columns=numbered("mfcc", 13), source=_SOURCE)
def mfcc(frames: Frames) -> NDArray[np.float32]:
    """Timbre: 13 cepstral coefficients of 40 mel bands; the first is the mean level times √40."""
    return mel_cepstrum(frames, 40, 13)


@descriptor(category="cepstrum", unit="dB", columns=numbered("mfcc20", 20), source=_SOURCE)
def mfcc20(frames: Frames) -> NDArray[np.float32]:
    """Finer timbre: 20 cepstral coefficients of 64 mel bands; the first is the mean level times 8."""
    return mel_cepstrum(frames, 64, 20)
