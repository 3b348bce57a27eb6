"""What is heard in targets once, and the floors that follow from it.

Floors lie a fixed range below the target's own peak, so that a candidate cannot move them; a target quieter
than −60 dBFS counts as that loud, so that a silent one still minds what is audible.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tonewright.compiling import njit
from tonewright.distances.loss.hearing import (
    DB_PER_OCTAVE,
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
from tonewright.distances.loss.lanes import LANES, larger, largest, load, splat, total
from tonewright.distances.loss.spectra import Resolution

_SPECTRUM_RANGE_DB, _LOUDNESS_RANGE_LU = 80.0, 60.0
# Power of the quietest sine in the mel band it falls into, which is about 100 Hz wide.
_QUIETEST_MEL_POWER = 1e-8
# Share of the mean sum of magnitudes at which a frame begins to count as silent: 60 dB down.
_SILENT_SHARE = 1e-3


class Heard(NamedTuple):
    """What was heard in the targets, a row each; frames in groups of eight.

    Attributes:
        coarse: `[targets, groups · 1024 · 8]` magnitudes.
        middle: `[targets, groups · 512 · 8]`.
        fine: `[targets, groups · 256 · 8]`.
        log_mel: `[targets, groups · 64 · 8]` log₂ power.
        contours: `[targets, groups · 3 · 8]` K-weighted mean square, sum of magnitudes, their moment in Hz.
        spectra: `[targets, 6]` floor and energy of each resolution.
        levels: `[targets, 4]` floors of log-mel and mean square, mean square of the whole, and the sum of
            magnitudes below which a frame counts as silent.
        samples: `[targets, 3]` mean, RMS, share clipped.
    """

    coarse: NDArray[np.float32]
    middle: NDArray[np.float32]
    fine: NDArray[np.float32]
    log_mel: NDArray[np.float32]
    contours: NDArray[np.float32]
    spectra: NDArray[np.float64]
    levels: NDArray[np.float64]
    samples: NDArray[np.float64]


@njit(cache=True, nogil=True)
def analyse_batch(
    audio: NDArray[np.float32],
    coarse: Resolution,
    middle: Resolution,
    fine: Resolution,
    weights: Bands,
    rows: NDArray[np.int64],
    heard: Heard,
    scratch: Scratch,
    first_row: int,
    last_row: int,
) -> None:
    """Hear some targets once; sound i of `audio` goes to row `rows[i]` of `heard`."""
    samples = audio.shape[1]
    for i in range(first_row, last_row):
        take_in(audio[i], scratch.signal)
        t = rows[i]
        hear_samples(samples, scratch.signal, heard.samples[t])
        fade_out(samples, weights.fade_out, scratch.signal)
        _analyse_spectra(samples, coarse, scratch, heard.coarse[t], heard.spectra[t, 0:2])
        _analyse_spectra(samples, middle, scratch, heard.middle[t], heard.spectra[t, 2:4])
        _analyse_spectra(samples, fine, scratch, heard.fine[t], heard.spectra[t, 4:6])
        hear_bands(heard.middle[t], weights, scratch.work, heard.log_mel[t], heard.contours[t])
        _analyse_levels(samples, heard.log_mel[t], heard.contours[t], heard.levels[t])


@njit(nogil=True)
def _analyse_spectra(
    samples: int,
    tables: Resolution,
    scratch: Scratch,
    spectra: NDArray[np.float32],
    out: NDArray[np.float64],
) -> None:
    size = hear_spectra(samples, tables, scratch, spectra)
    peak, energy = splat(np.float32(0.0)), 0.0
    for begin in range(0, size, len(tables.rows) * LANES):
        squares = splat(np.float32(0.0))
        for i in range(begin, begin + len(tables.rows) * LANES, LANES):
            m = load(spectra, i)
            peak = larger(peak, m)
            squares = squares + m * m
        energy += total(squares)
    out[0] = max(float(largest(peak)), QUIETEST_AMPLITUDE) * 10.0 ** (-_SPECTRUM_RANGE_DB / 20.0)
    out[1] = energy


@njit(nogil=True)
def _analyse_levels(
    samples: int, log_mel: NDArray[np.float32], contours: NDArray[np.float32], out: NDArray[np.float64]
) -> None:
    peak = max(float(log_mel.max()), math.log2(_QUIETEST_MEL_POWER))
    out[0] = peak - 2.0 * _SPECTRUM_RANGE_DB / DB_PER_OCTAVE
    loudest, sum_ = QUIETEST_AMPLITUDE**2, 0.0
    for group in range(0, len(contours), 3 * LANES):
        for lane in range(LANES):
            loudest = max(loudest, contours[group + lane])
            sum_ += contours[group + LANES + lane]
    out[1] = loudest * 10.0 ** (-_LOUDNESS_RANGE_LU / 10.0)
    out[2] = mean_square(samples, contours)
    out[3] = _SILENT_SHARE * sum_ * 3 * LANES / len(contours) + QUIETEST_AMPLITUDE * _SILENT_SHARE
