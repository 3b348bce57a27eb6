"""Pitch: fundamental frequency of frames, and the note of a one-shot recording."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.fft import next_fast_len

from tonewright.audio.notes import hz_note, note_hz
from tonewright.errors import UsageError
from tonewright.features import pitch_kernels as kernels
from tonewright.threads import map_rows

F0_MIN_HZ = 30.0
F0_MAX_HZ = 5000.0
FALLBACK_NOTE = 60.0  # middle C, given to a sound without a pitch

# Low tones have strong partials and resonances above, and noise has chance peaks: a pitch there has to be a
# multiple of one below.
_PLAIN_MAX_HZ = 2500.0
# Lags to the shortest period, and to a period of `F0_MAX_HZ`: two periods have twice as many, enough for a
# parabola to find the height of a peak to 1 %.
_LAGS_PER_PERIOD = 12

# A note is estimated from this many frames at a time, to bound memory.
_CHUNK = 1024
# Frames this far below the loudest no longer belong to the note.
_AUDIBLE_DB = -40.0
# Frames within this many semitones of the note speak for it.
_NEAR = 0.5
_VOTES_PER_SEMITONE = 10
# Where less of the sound than this is periodic, its pitches are accidents of noise.
_LEAST_PERIODIC = 0.15


@lru_cache(maxsize=16)
def _half_lags(n_fft: int, coarse: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """2 sin and cos of the angles by which half a lag turns each bin."""
    angles = np.arange(n_fft // 2 + 1) * (np.pi / (coarse * n_fft))
    return (2.0 * np.sin(angles)).astype(np.float32), np.cos(angles).astype(np.float32)


def pitch_window(sample_rate_hz: int, *, f0_min_hz: float = F0_MIN_HZ) -> int:
    """Frame length in samples (even) that holds two periods of the lowest pitch: 67 ms for 30 Hz."""
    return 2 * math.ceil(sample_rate_hz / f0_min_hz)


def pitch_frames(
    frames: NDArray[np.float32],
    sample_rate_hz: int,
    *,
    f0_min_hz: float = F0_MIN_HZ,
    f0_max_hz: float = F0_MAX_HZ,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Fundamental frequency of each frame, and how periodic the frame is.

    The period is a peak of the normalised square difference (McLeod and Wyvill, "A smarter way to find
    pitch", ICMC 2005), measured again over as many periods as fit in half a window. Up to 2.5 kHz every peak
    counts; a higher pitch is a multiple of one found there, after whose period the frame repeats as well. A
    tone above `f0_max_hz` is unvoiced, although it repeats after multiples of its period that are long enough
    (up to the eighth). Gain, offset and the rest of the batch change nothing.

    Args:
        frames: Sound `[n, window]` without a taper, `pitch_window` samples each. In a shorter window the
            lowest pitch is `2 * sample_rate_hz / window`.
        sample_rate_hz: Sample rate of the frames.
        f0_min_hz: Lowest pitch to look for.
        f0_max_hz: Highest pitch to look for.

    Returns:
        f0 in Hz `[n]` and confidence `[n]`, the correlation of the frame with itself one period later: 1 for
        a steady tone, 0.5 in white noise of the same power. Both are 0 for an unvoiced frame: silence, noise,
        a tone above `f0_max_hz`, or samples that are not finite.

    Raises:
        UsageError: `frames` is not two-dimensional, its frames hold less than two periods of `f0_max_hz`, or
            `f0_min_hz` and `f0_max_hz` are not in order.
    """
    if frames.ndim != 2:
        raise UsageError(
            f"frames must be [n, window], got {list(frames.shape)}; write frames[None] for one frame"
        )
    if not 0.0 < f0_min_hz < f0_max_hz:
        raise UsageError(f"f0_min_hz must lie between 0 and f0_max_hz, got {f0_min_hz:g} and {f0_max_hz:g}")
    # Writeable: a read-only view would have the kernel compiled a second time.
    frames = np.require(frames, np.float32, ["C_CONTIGUOUS", "WRITEABLE"])
    count, window = frames.shape
    return _pitches(
        frames.reshape(-1), np.arange(count) * window, window, sample_rate_hz, f0_min_hz, f0_max_hz
    )


def pitch_hops(
    samples: NDArray[np.float32], hop: int, sample_rate_hz: int, *, f0_max_hz: float = F0_MAX_HZ
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """As `pitch_frames` of every `pitch_window` of some sounds, without a copy of each.

    Args:
        samples: `[batch, frames]`, contiguous.
        hop: Samples from one frame to the next.
        sample_rate_hz: Their sample rate.
        f0_max_hz: Highest pitch to look for.

    Returns:
        f0 in Hz and confidence, `[batch, (frames - window) // hop + 1]`.
    """
    window, (batch, length) = pitch_window(sample_rate_hz), samples.shape
    starts = length * np.arange(batch)[:, None] + np.arange(0, length - window + 1, hop)
    f0_hz, confidence = _pitches(
        samples.reshape(-1), starts.reshape(-1), window, sample_rate_hz, F0_MIN_HZ, f0_max_hz
    )
    return f0_hz.reshape(starts.shape), confidence.reshape(starts.shape)


def _pitches(
    samples: NDArray[np.float32],
    starts: NDArray[np.int64],
    window: int,
    sample_rate_hz: int,
    f0_min_hz: float,
    f0_max_hz: float,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """As `pitch_frames`, of the frames of so many samples that begin at `starts`."""
    shortest = sample_rate_hz / f0_max_hz
    longest = min(window // 2, math.ceil(sample_rate_hz / f0_min_hz) + 1)
    if longest < shortest + 1:
        raise UsageError(
            f"a frame must hold two periods of {f0_max_hz:g} Hz, got {window} samples at {sample_rate_hz} Hz;"
            f" use pitch_window({sample_rate_hz}) = {pitch_window(sample_rate_hz)} samples"
        )
    # Lengths with a large power of 2 are transformed a tenth faster than others near them.
    n_fft = 16 * next_fast_len(-(-(window + longest + 1) // 16))
    # No finer for a lower f0_max_hz: the limit does not change the pitches below it.
    coarse = math.ceil(_LAGS_PER_PERIOD / 2 * max(f0_max_hz, F0_MAX_HZ) / sample_rate_hz)
    sines, cosines = _half_lags(n_fft, coarse)
    # A tone at the limit itself may be measured a little sharp.
    least, plain = 0.99 * shortest, 0.99 * sample_rate_hz / min(f0_max_hz, _PLAIN_MAX_HZ)
    if longest < 5.0 * plain:  # no room for the multiples
        plain = least
    period, clarity = np.zeros(len(starts)), np.zeros(len(starts))

    def measure(first: int, last: int, _: int) -> None:
        kernels.periods(
            samples,
            starts,
            window,
            n_fft,
            coarse,
            sines,
            cosines,
            least,
            plain,
            longest,
            period,
            clarity,
            first,
            last,
        )

    map_rows(measure, len(starts), block=kernels.BLOCK)
    voiced = clarity >= kernels.VOICED
    f0_hz = np.divide(sample_rate_hz, period, out=np.zeros_like(period), where=voiced)
    return f0_hz.astype(np.float32), np.where(voiced, clarity, 0.0).astype(np.float32)


@dataclass(frozen=True)
class NoteEstimate:
    """The one note that a recording is taken to play."""

    midi_note: float
    """Fractional: 69 + 12 log2(f0_hz / 440)."""
    f0_hz: float
    confidence: float
    """Share of the sound's level that is periodic at this note, 0..1; 0 for `FALLBACK_NOTE`."""
    voiced_fraction: float
    """Share of the audible frames that have a pitch, 0..1."""


def estimate_note(audio: NDArray[np.float32], sample_rate_hz: int) -> NoteEstimate:
    """The note that most of a one-shot recording plays.

    Every frame votes for its pitch with its level times its confidence; the note is the weighted median of
    the votes within half a semitone of the pitch with most votes. Octave errors of single frames are
    outvoted, and a falling kick drum gets the pitch it stays on longest. A sound without a pitch (noise,
    silence, or shorter than eight periods of `F0_MAX_HZ`) gets `FALLBACK_NOTE` with confidence 0.

    Args:
        audio: Mono sound `[frames]`.
        sample_rate_hz: Its sample rate.

    Raises:
        UsageError: `audio` is not one-dimensional.
    """
    if audio.ndim != 1:
        raise UsageError(f"audio must be [frames], got {list(audio.shape)}; mix it down to one channel")
    window = min(pitch_window(sample_rate_hz), audio.shape[0])
    if window < 8 * sample_rate_hz / F0_MAX_HZ:
        return _note(FALLBACK_NOTE, 0.0, 0.0)
    frames = sliding_window_view(audio, window)[:: max(1, window // 4)]
    level = np.empty(len(frames))
    f0_hz = np.empty(len(frames))
    confidence = np.empty(len(frames))
    for first in range(0, len(frames), _CHUNK):
        chunk = slice(first, first + _CHUNK)
        level[chunk] = np.sqrt(np.mean(np.square(frames[chunk], dtype=np.float64), axis=1))
        f0_hz[chunk], confidence[chunk] = pitch_frames(frames[chunk], sample_rate_hz)

    audible = level > 10.0 ** (_AUDIBLE_DB / 20.0) * level.max()
    heard = audible & (f0_hz > 0.0)
    voiced_fraction = float(heard.sum() / max(audible.sum(), 1))
    weights = (level * confidence)[heard]
    total = float(level[audible].sum())
    if weights.sum() <= _LEAST_PERIODIC * total:
        return _note(FALLBACK_NOTE, 0.0, voiced_fraction)
    notes = hz_note(f0_hz[heard])
    near = np.abs(notes - _mode(notes, weights)) <= _NEAR
    return _note(
        _weighted_median(notes[near], weights[near]), float(weights[near].sum()) / total, voiced_fraction
    )


def _note(midi_note: float, confidence: float, voiced_fraction: float) -> NoteEstimate:
    return NoteEstimate(midi_note, note_hz(midi_note), confidence, voiced_fraction)


def _mode(notes: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Note where the weights lie densest, seen through a triangle of a semitone's width."""
    lowest = float(notes.min())
    votes = np.bincount(np.rint((notes - lowest) * _VOTES_PER_SEMITONE).astype(int), weights)
    reach = int(_NEAR * _VOTES_PER_SEMITONE)
    triangle = 1.0 - np.abs(np.arange(-reach, reach + 1)) / (reach + 1)
    density = np.convolve(votes, triangle)
    return lowest + (int(np.argmax(density)) - reach) / _VOTES_PER_SEMITONE


def _weighted_median(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    order = np.argsort(values)
    below = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(below, 0.5 * below[-1])])
