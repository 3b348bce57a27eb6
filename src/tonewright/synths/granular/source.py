"""The sound that grains are cut from: a file, prepared once for whatever pitch it is read at."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tonewright.audio import Clip, is_silent, read, resample_array
from tonewright.audio.piped import is_pipe
from tonewright.errors import AudioError

SEMITONES_A_COPY = 4
COPIES = 7
"""As it is, and for pitches up to 4, 8 … 24 semitones higher, each without what would fold at Nyquist."""
LONGEST_S = 120.0
SHORTEST_S = 0.01
PEAK, LOUDEST_RMS = 0.7, 0.25
"""Levels that a recording is brought to: no peak is higher, and no tenth of a second is louder."""
_WINDOW_S = 0.1
_EDGE_S = 0.2  # mirrored around a recording while it is resampled, so that its ends do not ring
_OVERSAMPLING = 4  # what interpolation adds is below −45 dB, and −55 dB of what is heard below 10 kHz


@dataclass(frozen=True, eq=False)
class GrainSource:
    """A sound as grains read it: mono, and at a level that leaves room for many grains.

    Attributes:
        sha256: Of the file.
        length: From its first sample to its last one, in samples of the synth.
        samples: `[total]` float32, all copies one after the other, each with some samples more at its ends.
        begins: `[COPIES]` index of each copy's first sample.
        lasts: `[COPIES]` how many samples later its last one is.
        steps: `[COPIES]` samples of a copy for each sample of the synth, at the pitch of the recording.
    """

    sha256: str
    length: float
    samples: NDArray[np.float32]
    begins: NDArray[np.int64]
    lasts: NDArray[np.int64]
    steps: NDArray[np.float64]


def load_source(path: str, sample_rate_hz: int) -> GrainSource:
    """Read a sound file for a synth of this rate.

    Raises:
        AudioError: The file cannot be read, is silent, lasts less than 10 ms or more than two minutes.
    """
    if os.path.exists(path) and is_pipe(path):
        raise AudioError(f"grains are cut from a file; got the pipe {path!r}; save what comes from it first")
    digest = ""
    if os.path.isfile(path):  # of what is none, `read` tells what is wrong
        with suppress(OSError), open(path, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    return _prepared(path, digest, sample_rate_hz)


@lru_cache(maxsize=2)
def _prepared(path: str, digest: str, sample_rate_hz: int) -> GrainSource:
    recording = read(path, max_seconds=LONGEST_S)
    clip = Clip(recording.mono(), recording.sample_rate_hz)
    if clip.seconds < SHORTEST_S:
        raise AudioError(
            f"grains are cut from {SHORTEST_S} s of sound or more; got {path!r} of {clip.seconds:.4f} s;"
            " give another"
        )
    if is_silent(clip):
        cancel = "" if is_silent(recording) else ": its channels cancel each other"
        raise AudioError(f"grains are cut from what sounds; {path!r} is silent{cancel}; give another")
    samples = clip.samples[0] * np.float32(_gain(clip))
    edge = round(_EDGE_S * clip.sample_rate_hz)
    mirrored = np.pad(samples, edge, mode="reflect")
    copies, steps = [], []
    for k in range(COPIES):
        # Rates at which the edge is a whole number of samples.
        rate = 5 * round(sample_rate_hz * 2 ** (-k * SEMITONES_A_COPY / 12) / 5) if k else sample_rate_hz
        within = resample_array(mirrored, clip.sample_rate_hz, rate)
        copy = resample_array(within, rate, _OVERSAMPLING * rate)
        begin = round(_EDGE_S * _OVERSAMPLING * rate)
        last = (len(samples) - 1) * _OVERSAMPLING * rate // clip.sample_rate_hz
        # Four samples are interpolated between: one before, and two after.
        copies.append(copy[begin - 1 : begin + last + 3])
        steps.append(_OVERSAMPLING * rate / sample_rate_hz)
    ends = np.cumsum([len(copy) for copy in copies])
    return GrainSource(
        digest,
        (len(samples) - 1) * sample_rate_hz / clip.sample_rate_hz,
        np.concatenate(copies),
        ends - [len(copy) - 1 for copy in copies],
        np.array([len(copy) - 4 for copy in copies]),
        np.array(steps),
    )


def _gain(clip: Clip) -> float:
    """What brings a recording to its level."""
    power = np.square(clip.samples[0], dtype=np.float64)
    window = min(len(power), round(_WINDOW_S * clip.sample_rate_hz))
    sums = np.cumsum(np.append(0.0, power))
    loudest = np.sqrt((sums[window:] - sums[:-window]).max() / window)
    return float(min(PEAK / clip.peak, LOUDEST_RMS / loudest))
