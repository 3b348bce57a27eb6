"""The analysis of the distances published at 22.05 kHz (Le Vaillant, Dutoit, Dekeyser, DAFx 2021)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tonewright.audio.channels import mix_down
from tonewright.audio.resampling import resample_array
from tonewright.features.stft import power_spectrogram

RATE_HZ = 22050
N_FFT = 1024
HOP = 256


def mono(audio: NDArray[np.float32], sample_rate_hz: int) -> NDArray[np.float32]:
    """The mean of the channels at 22.05 kHz: `[batch, channels, frames]` to `[batch, frames]`."""
    # "HQ" is the filter with which librosa brings files to that rate.
    return resample_array(mix_down(audio), sample_rate_hz, RATE_HZ, "HQ")


def power(audio: NDArray[np.float32], sample_rate_hz: int) -> NDArray[np.float32]:
    """Power spectra of `mono`: `[batch, channels, frames]` to `[batch, n_frames, bins]`."""
    return power_spectrogram(mono(audio, sample_rate_hz), N_FFT, HOP)
