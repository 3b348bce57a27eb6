"""What begins together, and what comes again: what tells a rhythm from bursts of one noise."""

from __future__ import annotations

import numpy as np

from tonewright.prompting.listening.analysis import HOP, SAMPLE_RATE_HZ, Floats, Heard, once

_BANDS = 8
_EVENTS = 16
_PAIRS = np.triu_indices(_BANDS, 1)
_SHORTEST_BEAT, _LONGEST_BEAT = (round(s * SAMPLE_RATE_HZ / HOP) for s in (0.27, 0.9))
"""Of 67 to 222 BPM, in frames."""
NAMES: tuple[str, ...] = (
    *(f"together_{low + 1}_{high + 1}" for low, high in zip(*_PAIRS, strict=True)),
    *(f"flutter_{band + 1}_db" for band in range(_BANDS)),
    "event_variety",
    "event_spread",
    *(f"again_{what}" for what in ("beat", "half", "two", "four")),
)
"""What each number is; bands are of eight mel bands each."""


@once
def togetherness(heard: Heard) -> Floats:
    """What begins together, `[B, 42]` in the order of `NAMES`.

    How alike the rises of each two bands are over time (their correlation), how much the level of each band
    moves from one frame to the next (its median; noise does, partials hardly), how unlike the spectra of the
    strongest beginnings are (1 less the squared length of their mean, as unit vectors), and how unequal their
    strengths are (standard deviation against mean). And how alike the rises are a beat later, which is the
    lag up to 0.9 s after which they are most alike; then how much more so half a beat, two and four beats
    later: a pattern comes again after a bar, bursts after a beat. None of it changes with the level.
    """
    bands_db, rises = _bands(heard)
    centred = rises - rises.mean(axis=1, keepdims=True)
    lengths = np.sqrt((centred**2).sum(axis=1))
    products = np.einsum("bti,btj->bij", centred, centred)
    alike = products / np.maximum(lengths[:, :, None] * lengths[:, None], 1e-9)
    moves = np.abs(np.diff(bands_db, axis=1, prepend=bands_db[:, :1]))
    counted = heard.loud | ~heard.loud.any(axis=1, keepdims=True)
    flutter = np.nanmedian(np.where(counted[:, :, None], moves, np.nan), axis=1)
    variety, spread = _beginnings(rises)
    events = np.stack([variety, spread, *_again(centred)], axis=1)
    return np.concatenate([alike[:, _PAIRS[0], _PAIRS[1]], flutter, events], axis=1)


def pattern(heard: Heard, bpm: float) -> Floats:
    """How much more alike the rises are after half a bar or a bar than after a beat, `[B]`, of 4/4.

    A loop has a pattern: it comes again after two beats or four. What sounds the same on each beat has none.
    Each is a correlation, of the lag nearby that gives most. NaN where there are less than three beats.

    Args:
        heard: The sounds.
        bpm: The tempo that was asked for.
    """
    _, rises = _bands(heard)
    centred = rises - rises.mean(axis=1, keepdims=True)
    frames = centred.shape[1]
    beat = 60 / bpm * SAMPLE_RATE_HZ / HOP

    def later(beats: int) -> Floats:
        lags = [round(beats * beat) + near for near in (-1, 0, 1)]
        if frames - lags[-1] < beat / 2:
            return np.full(len(centred), np.nan)
        found = []
        for lag in lags:
            one, other = centred[:, lag:], centred[:, :-lag]
            size = np.sqrt((one**2).sum(axis=(1, 2)) * (other**2).sum(axis=(1, 2)))
            found.append((one * other).sum(axis=(1, 2)) / np.maximum(size, 1e-9))
        return np.asarray(np.max(found, axis=0))

    return np.asarray(np.fmax(later(2), later(4)) - later(1))


@once
def _stacked(heard: Heard) -> Floats:
    rows, frames = heard.mel_db.shape[:2]
    bands_db = heard.mel_db.reshape(rows, frames, _BANDS, -1).mean(axis=3)
    rises = np.zeros_like(bands_db)
    rises[:, 2:] = np.maximum(bands_db[:, 2:] - bands_db[:, :-2], 0)
    return np.stack([bands_db, rises])


def _bands(heard: Heard) -> tuple[Floats, Floats]:
    """Levels of the bands in dB, and how much they rise within two frames, `[B, T, 8]` each."""
    bands_db, rises = _stacked(heard)
    return bands_db, rises


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


def _again(rises: Floats) -> list[Floats]:
    """How alike rises are a beat later, and how much more after a half, two and four; NaN beyond it."""
    rows, frames = rises.shape[:2]
    spectra = np.fft.rfft(rises, 2 * frames, axis=1)
    whole = np.fft.irfft((np.abs(spectra) ** 2).sum(axis=2), axis=1)[:, :frames]
    overlap = frames / np.maximum(frames - np.arange(frames), 1)
    alike = whole / np.maximum(whole[:, :1], 1e-9) * overlap
    last = min(_LONGEST_BEAT, frames - 2)
    if last <= _SHORTEST_BEAT:
        return [np.full(rows, np.nan)] * 4
    beats = _SHORTEST_BEAT + alike[:, _SHORTEST_BEAT : last + 1].argmax(axis=1)

    def later(share: float) -> Floats:
        lags = np.round(share * beats).astype(int)
        near = np.stack([np.clip(lags + one, 0, frames - 1) for one in (-1, 0, 1)], axis=1)
        found = np.take_along_axis(alike, near, axis=1).max(axis=1)
        return np.where(lags + 2 < frames, found, np.nan)  # a lag of a frame more or less is the same

    beat = later(1.0)
    return [beat, later(0.5) - beat, later(2.0) - beat, later(4.0) - beat]
