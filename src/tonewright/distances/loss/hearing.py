"""What the training loss hears in one sound: spectra at three resolutions, log-mel, loudness and centroid.

A target and a candidate pass through the very same compiled functions, so that a copy is heard bit for bit
alike. Frames lie in groups of eight (see `spectra`); frames that fill up the last group are silent.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tonewright.audio.loudness import k_weighting_sos
from tonewright.compiling import njit
from tonewright.distances.loss.lanes import LANES, load, log2, splat, store, total
from tonewright.distances.loss.spectra import (
    COMPLEX,
    HOP_COLUMNS,
    HOPS_PER_WINDOW,
    Resolution,
    analysis_window,
    group_count,
    spectra_of_group,
)
from tonewright.features.mel import dct_matrix, filter_spans, mel_filterbank

COARSE, MIDDLE, FINE = 2048, 1024, 512
"""Window lengths; everything but the spectra themselves is heard at the middle one."""
N_MELS, N_MFCC = 64, 20
MFCC_STEP = 4
"""Cepstral coefficients summed side by side."""
LEAST_MEL_POWER = np.float32(1e-14)
"""Added to every mel band: −140 dB is what silence reads."""
CLIPPING = np.float32(0.99)
"""Samples beyond this magnitude count as clipped."""
QUIETEST_AMPLITUDE = 1e-3
"""−60 dBFS: what is quieter counts as this loud where something is taken relative to it."""
DB_PER_OCTAVE = 20.0 * math.log10(2.0)
"""Decibels in a factor 2 of magnitude; half of it in a factor 2 of power."""

# −180 dBFS.
_INAUDIBLE = np.float32(1e-9)
# A sound that is cut while it sustains ends in a click, as wide as its phase will have it. It says nothing
# about the sound, but would decide most bins of the last frames; a fade of this length takes it away.
_FADE_S = 0.01


class Bands(NamedTuple):
    """Weights over the n bins of the middle resolution.

    Attributes:
        mel: The mel filters one after the other, without their zeros.
        mel_spans: First bin and one past the last bin of each of them, flat.
        cosines: The cosine transform of MFCCs, four coefficients side by side: `[5, 64, 4]` flat.
        frequencies_hz: `[n]`.
        loudness: `[n]` K-weighting; the sum over squared magnitudes so weighted is a frame's mean square.
        fade_out: Gains of the last samples of a sound.
    """

    mel: NDArray[np.float32]
    mel_spans: NDArray[np.int64]
    cosines: NDArray[np.float32]
    frequencies_hz: NDArray[np.float32]
    loudness: NDArray[np.float32]
    fade_out: NDArray[np.float32]


class Scratch(NamedTuple):
    """What one worker needs to hear sounds of one length, made once for several of them."""

    signal: NDArray[np.float32]
    hops: NDArray[np.float32]
    work: NDArray[np.float32]
    spectra: NDArray[np.float32]
    log_mel: NDArray[np.float32]
    contours: NDArray[np.float32]


@lru_cache(maxsize=16)
def bands(sample_rate_hz: int, samples: int) -> Bands:
    """Weights at a sample rate, for sounds of that many samples."""
    n = MIDDLE // 2
    filters = mel_filterbank(sample_rate_hz, MIDDLE, N_MELS)[:, :n]
    spans = filter_spans(filters)
    cosines = dct_matrix(N_MFCC, N_MELS).reshape(-1, MFCC_STEP, N_MELS).transpose(0, 2, 1)
    frequencies_hz = np.arange(n) * sample_rate_hz / MIDDLE
    window = analysis_window(MIDDLE)
    # Parseval, with magnitudes of which a sine of amplitude 1 reads 1, over one half of the spectrum.
    power_per_square = window.sum() ** 2 / (2 * MIDDLE * (window**2).sum())
    return Bands(
        mel=np.concatenate([row[begin:end] for row, (begin, end) in zip(filters, spans, strict=True)]),
        mel_spans=spans.ravel(),
        cosines=np.ascontiguousarray(cosines).ravel(),
        frequencies_hz=frequencies_hz.astype(np.float32),
        loudness=(_k_weighting_power(sample_rate_hz, frequencies_hz) * power_per_square).astype(np.float32),
        fade_out=_fade_out(min(round(_FADE_S * sample_rate_hz), samples // 4)),
    )


def _fade_out(length: int) -> NDArray[np.float32]:
    return (0.5 + 0.5 * np.cos(np.pi * (np.arange(length) + 0.5) / max(length, 1))).astype(np.float32)


def _k_weighting_power(sample_rate_hz: int, frequencies_hz: NDArray[np.float64]) -> NDArray[np.float64]:
    delays = np.exp(-2j * np.pi * np.outer([0, 1, 2], frequencies_hz) / sample_rate_hz)
    sections = k_weighting_sos(sample_rate_hz)
    responses = (sections[:, :3] @ delays) / (sections[:, 3:] @ delays)
    power: NDArray[np.float64] = np.prod(np.abs(responses) ** 2, axis=0)
    return power


def make_scratch(samples: int) -> Scratch:
    """Room to hear sounds of that many samples."""
    room, spectra = samples + LANES, 0
    for window in (COARSE, MIDDLE, FINE):
        groups = group_count(samples, window)
        room = max(room, groups * LANES * (window // HOPS_PER_WINDOW))
        spectra = max(spectra, groups * LANES * (window // 2))
    groups = group_count(samples, MIDDLE)
    return Scratch(
        _aligned_zeros(room),
        _aligned_zeros(COARSE // HOPS_PER_WINDOW * HOP_COLUMNS),
        _aligned_zeros(COARSE // 2 * COMPLEX),
        _aligned_zeros(spectra),
        _aligned_zeros(groups * N_MELS * LANES),
        _aligned_zeros(groups * 3 * LANES),
    )


def _aligned_zeros(size: int) -> NDArray[np.float32]:
    """Zeros that begin with a cache line: a complex row fills one of them (7 % of the loss, measured)."""
    room = np.zeros(size + 16, np.float32)
    first = -room.ctypes.data % 64 // room.itemsize
    return room[first : first + size]


@njit(nogil=True)
def take_in(audio: NDArray[np.float32], signal: NDArray[np.float32]) -> None:
    """Put a sound at the beginning of the scratch's signal, whose end stays silent."""
    for i in range(len(audio)):
        # What decays for ever would end in subnormal numbers, which processors multiply a hundred times
        # slower.
        signal[i] = np.float32(0.0) if abs(audio[i]) < _INAUDIBLE else audio[i]


@njit(nogil=True)
def fade_out(samples: int, gains: NDArray[np.float32], signal: NDArray[np.float32]) -> None:
    """Take the click from the end of the scratch's signal."""
    for i in range(len(gains)):
        signal[samples - len(gains) + i] *= gains[i]


@njit(nogil=True)
def hear_spectra(samples: int, tables: Resolution, scratch: Scratch, spectra: NDArray[np.float32]) -> int:
    """Magnitudes of all frames of the scratch's signal: `[groups, n, 8]` flat; returns how many numbers."""
    groups = group_count(samples, len(tables.window))
    size = len(tables.rows) * LANES
    for group in range(groups):
        spectra_of_group(scratch.signal, group, tables, scratch.hops, scratch.work, spectra, group * size)
    return groups * size


@njit(nogil=True)
def hear_bands(
    spectra: NDArray[np.float32],
    weights: Bands,
    power: NDArray[np.float32],
    log_mel: NDArray[np.float32],
    contours: NDArray[np.float32],
) -> None:
    """Log-mel and the contours of loudness and centroid, from the spectra of the middle resolution.

    Args:
        spectra: `[groups, n, 8]` flat, magnitudes.
        weights: Over the bins.
        power: `[n · 8]` scratch.
        log_mel: `[groups, 64, 8]` flat, written: log₂ of the power in each band.
        contours: `[groups, 3, 8]` flat, written: K-weighted mean square, sum of magnitudes, sum of magnitudes
            times frequency.
    """
    n = MIDDLE // 2
    nothing = splat(np.float32(0.0))
    for group in range(len(contours) // (3 * LANES)):
        loudness, sum_, moment = nothing, nothing, nothing
        for k in range(n):
            m = load(spectra, (group * n + k) * LANES)
            squared = m * m
            store(power, k * LANES, squared)
            loudness = loudness + squared * splat(weights.loudness[k])
            sum_ = sum_ + m
            moment = moment + m * splat(weights.frequencies_hz[k])
        store(contours, group * 3 * LANES, loudness)
        store(contours, (group * 3 + 1) * LANES, sum_)
        store(contours, (group * 3 + 2) * LANES, moment)
        w = 0
        for band in range(N_MELS):
            energy = splat(LEAST_MEL_POWER)
            for k in range(weights.mel_spans[2 * band], weights.mel_spans[2 * band + 1]):
                energy = energy + load(power, k * LANES) * splat(weights.mel[w])
                w += 1
            store(log_mel, (group * N_MELS + band) * LANES, log2(energy))


@njit(nogil=True)
def mean_square(samples: int, contours: NDArray[np.float32]) -> float:
    """K-weighted mean square of the whole sound: frames overlap so that samples count alike, to 3 %."""
    sum_ = 0.0
    for group in range(0, len(contours), 3 * LANES):
        for i in range(group, group + LANES):
            sum_ += contours[i]
    return sum_ * (MIDDLE // HOPS_PER_WINDOW) / samples


@njit(nogil=True)
def hear_samples(samples: int, signal: NDArray[np.float32], out: NDArray[np.float64]) -> None:
    """Mean, RMS and share of clipped samples of a signal that ends in eight zeros or more."""
    nothing = splat(np.float32(0.0))
    sum_, squares = nothing, nothing
    for i in range(0, samples, LANES):
        x = load(signal, i)
        sum_ = sum_ + x
        squares = squares + x * x
    clipped = 0
    for i in range(samples):
        clipped += abs(signal[i]) > CLIPPING
    out[0] = total(sum_) / samples
    out[1] = math.sqrt(total(squares) / samples)
    out[2] = clipped / samples
