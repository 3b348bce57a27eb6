"""The measure of each axis of the vocabulary."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise

import numpy as np
from scipy.signal import find_peaks

from tonewright.prompting.listening.analysis import (
    LEVEL_HOP,
    SAMPLE_RATE_HZ,
    Floats,
    Heard,
    once,
    ratio_db,
)

_BLOCK_S = LEVEL_HOP / SAMPLE_RATE_HZ
_LOWEST_HZ, _HIGHEST_HZ = 30.0, 18_000.0
_LEAST_ONSET_DB, _LEAST_ONSET_SHARE = 0.8, 0.1
_BEGINNING, _AT_ONCE_DB = 4, 20.0
"""Blocks within which a sound begins at once, and how far below its loudest it may be then."""


def measure_axes(heard: Heard) -> dict[str, Floats]:
    """Each axis of a batch, `[B]`; NaN where there is nothing to measure it on."""
    found = {name: np.asarray(measure(heard), np.float64) for name, measure in AXES.items()}
    return {name: np.where(heard.silent, np.nan, values) for name, values in found.items()}


def _brightness(heard: Heard) -> Floats:
    return np.log2(_centroid_hz(heard, np.sqrt(heard.mean_power)) / 1_000)


def _centroid_hz(heard: Heard, magnitude: Floats) -> Floats:
    """Spectral centroid of magnitudes `[B, F]`."""
    inside = (heard.bins_hz >= _LOWEST_HZ) & (heard.bins_hz <= _HIGHEST_HZ)
    some = magnitude[:, inside]
    centroid = (some * heard.bins_hz[inside]).sum(axis=1) / np.maximum(some.sum(axis=1), 1e-30)
    return np.asarray(np.maximum(centroid, 1.0))


def _air(heard: Heard) -> Floats:
    return heard.band_db(8_000, 22_050)


def _warmth(heard: Heard) -> Floats:
    return heard.band_db(150, 500) - heard.band_db(2_000, 6_000)


def _depth(heard: Heard) -> Floats:
    return heard.band_db(20, 120)


def _punch(heard: Heard) -> Floats:
    short, long = round(0.04 / _BLOCK_S), round(0.2 / _BLOCK_S)
    found = np.zeros(len(heard.samples))
    for row, (levels_db, onsets) in enumerate(zip(heard.levels_db, heard.onsets, strict=True)):
        power = 10 ** (levels_db / 10)
        drops, weights = [], []
        for onset in onsets:
            begun, rest = power[onset : onset + short], power[onset + short : onset + long]
            if len(rest):
                drops.append(10 * np.log10(begun.mean() / max(rest.mean(), 1e-30)))
                weights.append(begun.mean())
        if drops:
            found[row] = np.average(np.clip(drops, -20, 40), weights=weights)
    return found


def _attack(heard: Heard) -> Floats:
    found = np.empty(len(heard.samples))
    for row, levels_db in enumerate(heard.levels_db):
        highest = levels_db.max()
        top = int((levels_db >= highest - 3.0).argmax())
        low = np.flatnonzero(levels_db[:top] < highest - 20.0)
        blocks = top - (low[-1] if len(low) else 0)
        found[row] = np.log2(max(blocks * _BLOCK_S, 0.5 * _BLOCK_S) / 0.01)
    return found


def _length(heard: Heard) -> Floats:
    above = heard.levels_db > heard.levels_db.max(axis=1, keepdims=True) - 8.0
    return np.asarray(np.log2(np.maximum(above.sum(axis=1) * _BLOCK_S, _BLOCK_S)))


def _noisiness(heard: Heard) -> Floats:
    inside = (heard.bins_hz >= 100) & (heard.bins_hz <= 10_000)
    power = np.maximum(heard.power[:, :, inside], 1e-20)
    flatness_db = 10 * np.log10(np.exp(np.log(power).mean(axis=2)) / power.mean(axis=2))
    return _mean_of_loud(heard, flatness_db)


def _mean_of_loud(heard: Heard, frames: Floats) -> Floats:
    """Mean over the frames that count, by their energy, `[B, T]` to `[B]`."""
    weights = np.where(heard.loud, np.sqrt(heard.frame_power), 0.0)
    return np.asarray((frames * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1e-30))


def _reverberance(heard: Heard) -> Floats:
    """Level in the gaps: lowest level until the next onset, 400 ms at most, against the peak before."""
    found = np.full(len(heard.samples), np.nan)
    rise, latest = round(0.06 / _BLOCK_S), round(0.4 / _BLOCK_S)
    for row, (levels_db, onsets) in enumerate(zip(heard.levels_db, heard.onsets, strict=True)):
        gaps = []
        for onset, following in pairwise([*onsets, len(levels_db)]):
            peak = onset + int(levels_db[onset : min(onset + rise, following)].argmax())
            after = levels_db[peak : min(following, peak + latest) - 1]
            if len(after) * _BLOCK_S > 0.08:
                # What falls by 12 dB in 80 ms is dry, however long the gap is.
                gaps.append((after[-3:].mean() - levels_db[peak]) / (len(after) * _BLOCK_S) * 0.4)
        if gaps:
            found[row] = float(np.median(np.maximum(gaps, -60.0)))
    return found


def _width(heard: Heard) -> Floats:
    return ratio_db(
        (heard.side**2).mean(axis=1, dtype=np.float64), (heard.middle**2).mean(axis=1, dtype=np.float64)
    )


def _density(heard: Heard) -> Floats:
    """Onsets a second in octaves, by peaks of the onset strength: notes that are tied count, too."""
    counts = []
    for strength, levels_db in zip(heard.onset_strength, heard.levels_db, strict=True):
        usual = np.median(strength)
        least = max(_LEAST_ONSET_DB, _LEAST_ONSET_SHARE * (strength.max() - usual))
        peaks, _ = find_peaks(strength, height=usual + least, prominence=least, distance=2)
        at_once = levels_db[:_BEGINNING].max(initial=-np.inf) > levels_db.max(initial=-np.inf) - _AT_ONCE_DB
        counts.append(len(peaks) + at_once)
    return np.log2(np.maximum(np.array(counts) / heard.seconds, 0.25))


def _dynamics(heard: Heard) -> Floats:
    highest = np.maximum(
        np.abs(heard.middle + heard.side).max(axis=1), np.abs(heard.middle - heard.side).max(axis=1)
    )
    peak_db = 20 * np.log10(np.maximum(highest, 1e-9).astype(np.float64))
    # Blocks and relative gate of ITU-R BS.1770.
    total = np.cumsum(10 ** (heard.levels_db / 10), axis=1)
    length = min(round(0.4 / _BLOCK_S), total.shape[1] - 1)
    power = (total[:, length:] - total[:, :-length]) / length
    counted = power > 0.1 * power.mean(axis=1, keepdims=True)
    mean_db = 10 * np.log10((power * counted).sum(axis=1) / counted.sum(axis=1))
    return np.asarray(peak_db - mean_db)


def _motion(heard: Heard) -> Floats:
    """Of spectra, not of level: each tenth of a second has its mean taken out."""
    size = max(1, round(0.1 * heard.power.shape[1] / max(heard.seconds, 0.1)))
    count = heard.power.shape[1] // size
    if count < 2:
        return np.full(len(heard.samples), np.nan)
    tenths = heard.mel_db[:, : count * size].reshape(len(heard.samples), count, size, -1).mean(axis=2)
    shapes = tenths - tenths.mean(axis=2, keepdims=True)
    change_db = np.abs(np.diff(shapes, axis=1)).mean(axis=2)
    blocks = heard.loud[:, : count * size].reshape(len(heard.samples), count, size)
    counted = np.asarray(blocks.any(axis=2))
    both = counted[:, 1:] & counted[:, :-1]
    return np.where(
        both.any(axis=1), (change_db * both).sum(axis=1) / np.maximum(both.sum(axis=1), 1), np.nan
    )


def _rise(heard: Heard) -> Floats:
    found = np.full(len(heard.samples), np.nan)
    for row in range(len(heard.samples)):
        counted = np.flatnonzero(heard.loud[row])
        if len(counted) < 4:
            continue
        first, last = counted[0], counted[-1] + 1
        quarter = max(1, (last - first) // 4)
        begin, end = (
            float(_middle_octave(heard, part.mean(axis=0, dtype=np.float64)))
            for part in (heard.power[row, first : first + quarter], heard.power[row, last - quarter : last])
        )
        found[row] = end - begin
    return found


def _middle_octave(heard: Heard, power: Floats) -> Floats:
    """Mean frequency of a power spectrum `[F]` in octaves, by energy."""
    inside = (heard.bins_hz >= _LOWEST_HZ) & (heard.bins_hz <= _HIGHEST_HZ)
    weights = power[inside] / max(power[inside].sum(), 1e-30)
    return np.asarray((weights * np.log2(heard.bins_hz[inside])).sum())


def _register(heard: Heard) -> Floats:
    inside = (heard.bins_hz >= 40) & (heard.bins_hz <= 5_000)
    strongest = heard.bins_hz[inside][heard.power[:, :, inside].argmax(axis=2)]
    return np.array(
        [
            float(np.median(np.log2(row[loud] / 220))) if loud.any() else np.nan
            for row, loud in zip(strongest, heard.loud, strict=True)
        ]
    )


def _distortion(heard: Heard) -> Floats:
    """Root mean square against peak of short blocks: a saturated wave is flat on top."""
    size = 1_024
    count = heard.samples.shape[2] // size
    blocks = heard.middle[:, : count * size].reshape(len(heard.samples), count, size)
    mean = np.sqrt((blocks.astype(np.float64) ** 2).mean(axis=2))
    peak = np.maximum(np.abs(blocks).max(axis=2), 1e-12)
    counted = mean >= mean.max(axis=1, keepdims=True) * 10 ** (-20 / 20)
    flat_db = 20 * np.log10(np.maximum(mean / peak, 1e-3))
    return np.array([float(np.median(row[used])) for row, used in zip(flat_db, counted, strict=True)])


_AXES: Mapping[str, Callable[[Heard], Floats]] = {
    "brightness": _brightness,
    "air": _air,
    "warmth": _warmth,
    "depth": _depth,
    "punch": _punch,
    "attack": _attack,
    "length": _length,
    "noisiness": _noisiness,
    "reverberance": _reverberance,
    "width": _width,
    "density": _density,
    "dynamics": _dynamics,
    "motion": _motion,
    "rise": _rise,
    "register": _register,
    "distortion": _distortion,
}
AXES = {name: once(measure) for name, measure in _AXES.items()}
"""Measures by the names of the vocabulary."""
