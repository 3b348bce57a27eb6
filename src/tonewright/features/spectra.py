"""Spectra that descriptors share: power, levels in mel bands, peaks."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tonewright.errors import UsageError
from tonewright.features import spectrum_kernels as kernels
from tonewright.features.decibels import FLOOR_DB
from tonewright.features.frames import Frames, shared
from tonewright.features.framing import Framing
from tonewright.features.mel import dct_matrix, filter_spans, hz_to_mel, mel_filterbank, mel_to_hz
from tonewright.features.stft import hann_window
from tonewright.threads import map_rows

MEL_LOWEST_HZ, MEL_HIGHEST_HZ = 20.0, 20_000.0

# Peaks are looked for in a window of twice the length: the main lobe of Blackman–Harris is twice as wide as
# Hann's, its side lobes (−92 dB) are not mistaken for partials where Hann's (−31 dB) would be.
PEAK_WINDOWS = 2
PEAK_LIMIT = 32
_PEAK_RANGE_DB = 80.0
_BLACKMAN_HARRIS = (0.35875, -0.48829, 0.14128, -0.01168)

# Samples under windows, and frames of levels, of peaks and of cepstra, that are worth a call.
_SAMPLES_AT_ONCE, _LEVELS_AT_ONCE, _PEAKS_AT_ONCE, _CEPSTRA_AT_ONCE = 1 << 16, 32, 16, 128


@lru_cache(maxsize=16)
def _power_window(length: int) -> NDArray[np.float32]:
    """Hann, scaled so that the bins of a spectrum add up to the mean square of the sound in the window."""
    window = hann_window(length).astype(np.float64)
    return np.asarray(window * np.sqrt(2.0 / (length * np.sum(window**2))), np.float32)


@lru_cache(maxsize=16)
def _peak_window(length: int) -> NDArray[np.float32]:
    """Blackman–Harris (Harris 1978, four terms), scaled so that a sine of full scale peaks at 1."""
    phase = 2.0 * np.pi * np.arange(length) / length
    window = sum((a * np.cos(i * phase) for i, a in enumerate(_BLACKMAN_HARRIS)), np.zeros(length))
    return (window * (2.0 / np.sum(window))).astype(np.float32)


def _power(frames: Frames, window: NDArray[np.float32]) -> NDArray[np.float32]:
    length, hop = len(window), frames.framing.hop
    power = np.empty((frames.batch * frames.count, length // 2 + 1), np.float32)
    samples = frames.samples(length - hop)

    def transform(first: int, last: int, _: int) -> None:
        kernels.windowed_power(samples, window, hop, power, first, last)

    map_rows(
        transform, len(power), block=kernels.BLOCK * max(1, _SAMPLES_AT_ONCE // (kernels.BLOCK * length))
    )
    return power


@shared
def power_spectrum(frames: Frames) -> NDArray[np.float32]:
    """Hann-windowed power spectra, `[batch * count, window // 2 + 1]`; each adds up to a mean square."""
    return _power(frames, _power_window(frames.framing.window))


@lru_cache(maxsize=16)
def _mel_filters(framing: Framing, n_mels: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Triangles of height 1 from 20 Hz to 20 kHz or half the sample rate, and the bins each one spans."""
    top_hz = min(MEL_HIGHEST_HZ, framing.sample_rate_hz / 2)
    edges_hz = mel_to_hz(np.linspace(hz_to_mel(MEL_LOWEST_HZ), hz_to_mel(top_hz), n_mels + 2))
    unit_area = mel_filterbank(framing.sample_rate_hz, framing.window, n_mels, MEL_LOWEST_HZ, top_hz)
    filters = (unit_area * ((edges_hz[2:] - edges_hz[:-2]) / 2.0)[:, None]).astype(np.float32)
    spans = filter_spans(filters)
    if (spans[:, 0] == spans[:, 1]).any():
        raise UsageError(
            f"{n_mels} mel bands need bins finer than {framing.bin_hz:.0f} Hz; use a window longer than "
            f"{framing.window} samples at {framing.sample_rate_hz} Hz"
        )
    return filters, spans


@shared
def mel_levels(frames: Frames, n_mels: int) -> NDArray[np.float32]:
    """Level of each mel band, `[batch, count, n_mels]` in dBFS.

    Raises:
        UsageError: The window is too short for so many bands.
    """
    filters, spans = _mel_filters(frames.framing, n_mels)
    power = power_spectrum(frames)
    levels = np.empty((frames.batch * frames.count, n_mels), np.float32)

    def weigh(first: int, last: int, _: int) -> None:
        kernels.mel_levels(power, filters, spans, levels, first, last)

    map_rows(weigh, len(levels), block=_LEVELS_AT_ONCE)
    return levels.reshape(frames.batch, frames.count, n_mels)


def mel_cepstrum(frames: Frames, n_mels: int, n_coefficients: int) -> NDArray[np.float32]:
    """Mel-frequency cepstral coefficients, `[batch, count, n_coefficients]`, the mean level first."""
    levels = mel_levels(frames, n_mels).reshape(-1, n_mels)
    cepstrum = np.empty((len(levels), n_coefficients), np.float32)
    matrix = dct_matrix(n_coefficients, n_mels)

    def transform(first: int, last: int, _: int) -> None:
        kernels.cosine_transform(levels, matrix, cepstrum, first, last)

    map_rows(transform, len(levels), block=_CEPSTRA_AT_ONCE)
    return cepstrum.reshape(frames.batch, frames.count, n_coefficients)


@shared
def spectral_peaks(frames: Frames) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Frequencies in Hz and levels in dB of the strongest partials, each `[batch, count, PEAK_LIMIT]`.

    The strongest comes first; places without a partial hold 0 Hz and `FLOOR_DB`. A sine of full scale
    reads 0 dB.
    """
    length = PEAK_WINDOWS * frames.framing.window
    power = _power(frames, _peak_window(length))
    frequency_hz = np.zeros((len(power), PEAK_LIMIT), np.float32)
    level_db = np.full((len(power), PEAK_LIMIT), FLOOR_DB, np.float32)
    bin_hz, relative = frames.framing.sample_rate_hz / length, 10.0 ** (-_PEAK_RANGE_DB / 10.0)

    def find(first: int, last: int, _: int) -> None:
        kernels.strongest_peaks(power, bin_hz, relative, frequency_hz, level_db, first, last)

    map_rows(find, len(power), block=_PEAKS_AT_ONCE)
    shape = (frames.batch, frames.count, PEAK_LIMIT)
    return frequency_hz.reshape(shape), level_db.reshape(shape)
