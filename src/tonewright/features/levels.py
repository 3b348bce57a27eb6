"""Levels over sliding windows, shared by the descriptors of loudness and of the waveform."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tonewright.audio.levels import interpolation_taps
from tonewright.audio.loudness import k_weighting_sos
from tonewright.features import level_kernels as kernels
from tonewright.features.frames import Frames, shared
from tonewright.threads import map_rows

MOMENTARY_S = 0.400

# The interpolator of `audio.true_peak_dbtp`. A peak between samples is seen half the taps after it was.
_INTERPOLATOR = interpolation_taps()
_TAPS = _INTERPOLATOR.shape[1]
# Samples that are worth a call.
_SAMPLES_AT_ONCE = 1 << 14


def _sounds_at_once(frames: Frames) -> int:
    samples: int = max(1, frames.count * frames.framing.hop)
    return max(1, _SAMPLES_AT_ONCE // samples)


@shared
def _hop_levels(frames: Frames) -> NDArray[np.float64]:
    """Energy and crossings of the hops, `[batch, window // hop + count, QUANTITIES, SPANS]`."""
    whole, tail = divmod(frames.framing.window, frames.framing.hop)
    levels = np.empty((frames.batch, frames.count, kernels.QUANTITIES, kernels.SPANS))
    samples, hop = frames.samples(_TAPS), frames.framing.hop

    def measure(first: int, last: int, _: int) -> None:
        kernels.hop_levels(samples, hop, tail, levels, first, last)

    map_rows(measure, frames.batch * frames.count, block=max(1, _SAMPLES_AT_ONCE // hop))
    return frames.with_past("hop levels", levels, whole)


@shared
def _true_peaks(frames: Frames) -> NDArray[np.float64]:
    """True peak of the hops, `[batch, window // hop + count, SPANS]`."""
    whole, tail = divmod(frames.framing.window, frames.framing.hop)
    peaks = np.empty((frames.batch, frames.count, kernels.SPANS))
    samples, hop = frames.samples(_TAPS), frames.framing.hop

    def measure(first: int, last: int, _: int) -> None:
        kernels.true_peaks(samples, hop, tail, _INTERPOLATOR, peaks, first, last)

    map_rows(measure, frames.batch * frames.count, block=max(1, _SAMPLES_AT_ONCE // hop))
    return frames.with_past("true peaks", peaks, whole)


@shared
def _weighted_energies(frames: Frames, window: int) -> NDArray[np.float64]:
    """K-weighted energy of the hops, `[batch, window // hop + count, SPANS]`."""
    whole, tail = divmod(window, frames.framing.hop)
    state = frames.memory.setdefault("K-weighting", np.zeros((frames.batch, 4)))
    energies = np.empty((frames.batch, frames.count, kernels.SPANS))
    sections = k_weighting_sos(frames.framing.sample_rate_hz)
    samples, hop = frames.samples(0), frames.framing.hop

    def measure(first: int, last: int, _: int) -> None:
        kernels.weighted_energies(samples, hop, tail, sections, state, energies, first, last)

    map_rows(measure, frames.batch, block=_sounds_at_once(frames))
    return frames.with_past("K-weighted energies", energies, whole)


def mean_square(frames: Frames) -> NDArray[np.float64]:
    """Mean of the squared samples of each window, `[batch, count]`."""
    total = np.empty((frames.batch, frames.count))
    whole = frames.framing.window // frames.framing.hop
    kernels.sum_over_window(_hop_levels(frames)[:, :, kernels.ENERGY], whole, total)
    return total / frames.framing.window


def crossings_per_second(frames: Frames) -> NDArray[np.float64]:
    """Changes of sign in each window per second, `[batch, count]`."""
    total = np.empty((frames.batch, frames.count))
    whole = frames.framing.window // frames.framing.hop
    kernels.sum_over_window(_hop_levels(frames)[:, :, kernels.CROSSINGS], whole, total)
    return total * frames.framing.bin_hz


def true_peak(frames: Frames) -> NDArray[np.float64]:
    """Largest magnitude in each window of the waveform oversampled four times, `[batch, count]`."""
    largest = np.empty((frames.batch, frames.count))
    whole = frames.framing.window // frames.framing.hop
    kernels.largest_in_window(_true_peaks(frames), whole, largest)
    return largest


def momentary_mean_square(frames: Frames) -> NDArray[np.float64]:
    """Mean of the squared K-weighted samples of the last 400 ms, `[batch, count]`."""
    window = round(MOMENTARY_S * frames.framing.sample_rate_hz)
    total = np.empty((frames.batch, frames.count))
    kernels.sum_over_window(_weighted_energies(frames, window), window // frames.framing.hop, total)
    return total / window
