"""How a candidate differs from a target, for a whole batch in one pass.

An item is heard and compared by one worker from beginning to end, with its own scratch and no shared sums:
nothing depends on the batch around it or on the number of threads.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tonewright.compiling import njit
from tonewright.distances.loss.analysis import Heard
from tonewright.distances.loss.hearing import (
    DB_PER_OCTAVE,
    MFCC_STEP,
    MIDDLE,
    N_MELS,
    N_MFCC,
    QUIETEST_AMPLITUDE,
    Bands,
    Scratch,
    fade_out,
    hear_bands,
    hear_samples,
    hear_spectra,
    mean_square,
    take_in,
)
from tonewright.distances.loss.lanes import (
    LANES,
    Lanes,
    larger,
    load,
    log2,
    magnitude,
    smaller,
    splat,
    store,
    total,
)
from tonewright.distances.loss.spectra import Resolution, frame_count

MEASURES = (
    "log_spectrum_db",
    "linear_spectrum",
    "mfcc_db",
    "centroid_octaves",
    "loudness_lu",
    "level_lu",
    "dc",
    "clipped",
)
"""The columns that `compare_batch` writes."""

# A candidate's bin counts as at most this many times the floor, so that no product of four overflows.
_LOUDEST_RATIO = 2.0**31
_BINS_PER_LOGARITHM = 4
# Silence counts as infinitely dark: centroids lean on this frequency as a sound sinks below the silent sum.
_SILENT_CENTROID_HZ = 20.0


@njit(cache=True, nogil=True)
def compare_batch(
    audio: NDArray[np.float32],
    coarse: Resolution,
    middle: Resolution,
    fine: Resolution,
    weights: Bands,
    heard: Heard,
    measures: NDArray[np.float64],
    log_mel_db: NDArray[np.float32],
    scratch: Scratch,
    first_row: int,
    last_row: int,
) -> None:
    """Compare some candidates with the target of the same row, or with the only one.

    Args:
        audio: `[batch, samples]` float32, C order.
        coarse: Tables of the longest window.
        middle: Tables of the window in between.
        fine: Tables of the shortest window.
        weights: Over the bins of the middle resolution.
        heard: What was heard in 1 or `batch` targets.
        measures: `[batch, 8]`, written: `MEASURES`.
        log_mel_db: `[batch, frames, 64]`, written: log-mel of the candidates in dB; or no rows, to leave it
            out.
        scratch: Room for sounds of that length, for this call alone.
        first_row: First candidate.
        last_row: Where to stop: the candidate after the last one.
    """
    samples = audio.shape[1]
    own_target = len(heard.samples) > 1
    for i in range(first_row, last_row):
        take_in(audio[i], scratch.signal)
        t = i if own_target else 0
        _compare_samples(samples, scratch.signal, heard.samples[t], measures[i])
        fade_out(samples, weights.fade_out, scratch.signal)
        first = _compare_spectra(samples, coarse, scratch, heard.coarse[t], heard.spectra[t, 0:2])
        second = _compare_spectra(samples, fine, scratch, heard.fine[t], heard.spectra[t, 4:6])
        # Last, because what follows is heard in these spectra.
        third = _compare_spectra(samples, middle, scratch, heard.middle[t], heard.spectra[t, 2:4])
        measures[i, 0] = (first[0] + second[0] + third[0]) / 3.0
        measures[i, 1] = (first[1] + second[1] + third[1]) / 3.0
        hear_bands(scratch.spectra, weights, scratch.work, scratch.log_mel, scratch.contours)
        measures[i, 2] = _mfcc_difference(
            samples, scratch.log_mel, heard.log_mel[t], heard.levels[t, 0], weights, scratch.work
        )
        _compare_contours(samples, scratch.contours, heard.contours[t], heard.levels[t], measures[i])
        if len(log_mel_db):
            _write_log_mel(scratch.log_mel, log_mel_db[i])


@njit(cache=True, nogil=True)
def hear_batch(
    audio: NDArray[np.float32],
    middle: Resolution,
    weights: Bands,
    log_mel_db: NDArray[np.float32],
    scratch: Scratch,
    first_row: int,
    last_row: int,
) -> None:
    """Write the log-mel `[batch, frames, 64]` in dB of some sounds, as `compare_batch` does, and no more."""
    samples = audio.shape[1]
    for i in range(first_row, last_row):
        take_in(audio[i], scratch.signal)
        fade_out(samples, weights.fade_out, scratch.signal)
        hear_spectra(samples, middle, scratch, scratch.spectra)
        hear_bands(scratch.spectra, weights, scratch.work, scratch.log_mel, scratch.contours)
        _write_log_mel(scratch.log_mel, log_mel_db[i])


@njit(nogil=True)
def _compare_spectra(
    samples: int,
    tables: Resolution,
    scratch: Scratch,
    target: NDArray[np.float32],
    of_target: NDArray[np.float64],
) -> tuple[float, float]:
    """Mean difference in dB, and the norm of the linear difference relative to the sum of both norms."""
    size = hear_spectra(samples, tables, scratch, scratch.spectra)
    n = len(tables.rows)
    floor = splat(np.float32(of_target[0]))
    ceiling = splat(np.float32(of_target[0] * _LOUDEST_RATIO))
    octaves, error, energy = 0.0, 0.0, 0.0
    for begin in range(0, size, n * LANES):
        log_sum, error_sum, energy_sum = _sum_differences(
            scratch.spectra, target, begin, begin + n * LANES, floor, ceiling
        )
        octaves += total(log_sum)
        error += total(error_sum)
        energy += total(energy_sum)
    decibels = octaves * DB_PER_OCTAVE / (n * frame_count(samples, len(tables.window)))
    if error == 0.0:  # two silences too
        return decibels, 0.0
    return decibels, math.sqrt(error) / (math.sqrt(energy) + math.sqrt(of_target[1]))


@njit(nogil=True, forceinline=True)
def _sum_differences(
    mine: NDArray[np.float32],
    theirs: NDArray[np.float32],
    begin: int,
    end: int,
    floor: Lanes,
    ceiling: Lanes,
) -> tuple[Lanes, Lanes, Lanes]:
    """Octaves between the magnitudes, squared differences, and squares of the first: a sum in each lane."""
    one, nothing = splat(np.float32(1.0)), splat(np.float32(0.0))
    octaves, error, energy = nothing, nothing, nothing
    for chunk in range(begin, end, _BINS_PER_LOGARITHM * LANES):
        # The logarithm of a product is the sum of logarithms: one serves several bins.
        ratio = one
        for i in range(chunk, chunk + _BINS_PER_LOGARITHM * LANES, LANES):
            a, b = load(mine, i), load(theirs, i)
            difference = a - b
            error = error + difference * difference
            energy = energy + a * a
            a, b = smaller(larger(a, floor), ceiling), larger(b, floor)
            ratio = ratio * (larger(a, b) / smaller(a, b))
        octaves = octaves + log2(ratio)
    return octaves, error, energy


@njit(nogil=True)
def _mfcc_difference(
    samples: int,
    mine: NDArray[np.float32],
    theirs: NDArray[np.float32],
    floor: float,
    weights: Bands,
    work: NDArray[np.float32],
) -> float:
    """Mean magnitude of the difference between MFCCs, in dB: the transform of the log-mel difference."""
    least, nothing = splat(np.float32(floor)), splat(np.float32(0.0))
    sum_ = 0.0
    for group in range(0, len(mine), N_MELS * LANES):
        for i in range(0, N_MELS * LANES, LANES):
            store(work, i, larger(load(mine, group + i), least) - larger(load(theirs, group + i), least))
        in_group = nothing
        for c in range(0, N_MFCC * N_MELS, MFCC_STEP * N_MELS):
            c0, c1, c2, c3 = nothing, nothing, nothing, nothing
            for band in range(N_MELS):
                difference, w = load(work, band * LANES), c + band * MFCC_STEP
                c0 = c0 + difference * splat(weights.cosines[w])
                c1 = c1 + difference * splat(weights.cosines[w + 1])
                c2 = c2 + difference * splat(weights.cosines[w + 2])
                c3 = c3 + difference * splat(weights.cosines[w + 3])
            in_group = in_group + (magnitude(c0) + magnitude(c1)) + (magnitude(c2) + magnitude(c3))
        sum_ += float(total(in_group))
    return sum_ * (DB_PER_OCTAVE / 2.0) / (N_MFCC * frame_count(samples, MIDDLE))


@njit(nogil=True)
def _compare_contours(
    samples: int,
    mine: NDArray[np.float32],
    theirs: NDArray[np.float32],
    levels: NDArray[np.float64],
    measures: NDArray[np.float64],
) -> None:
    """Centroid where the target has its energy, loudness frame by frame, and level of the whole."""
    floor, level, silent_sum = levels[1], levels[2], levels[3]
    octaves, energy, loudness = 0.0, 0.0, 0.0
    for group in range(0, len(mine), 3 * LANES):
        for i in range(group, group + LANES):
            ratio = _centroid_hz(mine, i, silent_sum) / _centroid_hz(theirs, i, silent_sum)
            octaves += theirs[i] * abs(math.log2(ratio))
            energy += theirs[i]
            loudness += abs(math.log10(max(float(mine[i]), floor) / max(float(theirs[i]), floor)))
    measures[3] = octaves / energy if energy > 0.0 else 0.0
    measures[4] = 10.0 * loudness / frame_count(samples, MIDDLE)
    measures[5] = 10.0 * abs(math.log10(max(mean_square(samples, mine), floor) / max(level, floor)))


@njit(nogil=True, forceinline=True)
def _centroid_hz(contours: NDArray[np.float32], i: int, silent_sum: float) -> float:
    sum_, moment = contours[i + LANES], contours[i + 2 * LANES]
    return float((moment + silent_sum * _SILENT_CENTROID_HZ) / (sum_ + silent_sum))


@njit(nogil=True)
def _compare_samples(
    samples: int, signal: NDArray[np.float32], target: NDArray[np.float64], measures: NDArray[np.float64]
) -> None:
    mine = np.empty(3, np.float64)
    hear_samples(samples, signal, mine)
    measures[6] = abs(mine[0] - target[0]) / max(target[1], QUIETEST_AMPLITUDE)
    measures[7] = abs(mine[2] - target[2])


@njit(nogil=True)
def _write_log_mel(log_mel: NDArray[np.float32], out: NDArray[np.float32]) -> None:
    for f in range(len(out)):
        first = f // LANES * N_MELS * LANES + f % LANES
        for band in range(N_MELS):
            out[f, band] = log_mel[first + band * LANES] * np.float32(DB_PER_OCTAVE / 2.0)
