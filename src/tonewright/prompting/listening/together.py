"""What begins together: what tells a kick, a snare and hats from bursts of one noise."""

from __future__ import annotations

import numpy as np

from tonewright.prompting.listening.analysis import Floats, Heard, once

_BANDS = 8
_EVENTS = 16
_PAIRS = np.triu_indices(_BANDS, 1)
NAMES: tuple[str, ...] = (
    *(f"together_{low + 1}_{high + 1}" for low, high in zip(*_PAIRS, strict=True)),
    *(f"flutter_{band + 1}_db" for band in range(_BANDS)),
    "event_variety",
    "event_spread",
)
"""What each number is; bands are of eight mel bands each."""


@once
def togetherness(heard: Heard) -> Floats:
    """What begins together, `[B, 38]` in the order of `NAMES`.

    How alike the rises of each two bands are over time (their correlation), how much the level of each band
    moves from one frame to the next (its median; noise does, partials hardly), how unlike the spectra of the
    strongest beginnings are (1 less the squared length of their mean, as unit vectors), and how unequal their
    strengths are (standard deviation against mean). None of it changes with the level of a sound.
    """
    rows, frames = heard.mel_db.shape[:2]
    bands_db = heard.mel_db.reshape(rows, frames, _BANDS, -1).mean(axis=3)
    rises = np.zeros_like(bands_db)
    rises[:, 2:] = np.maximum(bands_db[:, 2:] - bands_db[:, :-2], 0)
    centred = rises - rises.mean(axis=1, keepdims=True)
    lengths = np.sqrt((centred**2).sum(axis=1))
    products = np.einsum("bti,btj->bij", centred, centred)
    alike = products / np.maximum(lengths[:, :, None] * lengths[:, None], 1e-9)
    moves = np.abs(np.diff(bands_db, axis=1, prepend=bands_db[:, :1]))
    counted = heard.loud | ~heard.loud.any(axis=1, keepdims=True)
    flutter = np.nanmedian(np.where(counted[:, :, None], moves, np.nan), axis=1)
    variety, spread = _beginnings(rises)
    return np.concatenate(
        [alike[:, _PAIRS[0], _PAIRS[1]], flutter, variety[:, None], spread[:, None]], axis=1
    )


def _beginnings(rises: Floats) -> tuple[Floats, Floats]:
    """How unlike the spectra of the strongest beginnings are, and how unequal their strengths."""
    total = rises.sum(axis=2)
    later, earlier = np.roll(total, -1, axis=1), np.roll(total, 1, axis=1)
    peaks = np.where((total >= later) & (total > earlier), total, 0.0)
    count = min(_EVENTS, peaks.shape[1])
    places = np.argpartition(peaks, peaks.shape[1] - count, axis=1)[:, -count:]
    strengths = np.take_along_axis(peaks, places, axis=1)
    there = (strengths > 0)[:, :, None]
    spectra = np.take_along_axis(rises, places[:, :, None], axis=1) * there
    units = spectra / np.maximum(np.sqrt((spectra**2).sum(axis=2, keepdims=True)), 1e-9)
    number = np.maximum(there.sum(axis=1), 1)
    variety = 1 - ((units.sum(axis=1) / number) ** 2).sum(axis=1)
    mean = strengths.sum(axis=1) / number[:, 0]
    squares = ((strengths - mean[:, None]) ** 2 * there[:, :, 0]).sum(axis=1) / number[:, 0]
    return np.clip(variety, 0, 1), np.sqrt(squares) / np.maximum(mean, 1e-9)
