"""The sound that grains are cut from: a file, prepared once for whatever pitch it is read at."""

from __future__ import annotations

import hashlib
import os
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
_OVERSAMPLING = 4  # what interpolation adds is below −45 dB, and below −60 dB of what comes out under 10 kHz


@dataclass(frozen=True, eq=False)
class GrainSource:
    """A sound as grains read it: mono, with a peak of 1 at full bandwidth.

    Attributes:
        sha256: Of the file.
        samples: `[total]` float32, all copies one after the other, each mirrored by some samples at its ends.
        begins: `[COPIES]` index of each copy's first sample.
        lasts: `[COPIES]` how many samples later its last one is.
        steps: `[COPIES]` samples of a copy for each sample of the synth, at the pitch of the recording.
    """

    sha256: str
    samples: NDArray[np.float32]
    begins: NDArray[np.int64]
    lasts: NDArray[np.int64]
    steps: NDArray[np.float64]


def load_source(path: str, sample_rate_hz: int) -> GrainSource:
    """Read a sound file for a synth of this rate.

    Raises:
        AudioError: The file cannot be read, is silent, lasts less than 10 ms or more than two minutes.
    """
    if os.path.isfile(path):
        with open(path, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    elif "\0" not in path and is_pipe(path):
        raise AudioError(f"grains are cut from a file; got the pipe {path!r}; save what comes from it first")
    else:
        digest = ""  # `read` tells what is wrong
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
    copies, steps = [], []
    for k in range(COPIES):
        rate = round(sample_rate_hz * 2 ** (-k * SEMITONES_A_COPY / 12))
        within = resample_array(clip.samples[0], clip.sample_rate_hz, rate)
        copies.append(resample_array(within, rate, _OVERSAMPLING * rate))
        steps.append(_OVERSAMPLING * rate / sample_rate_hz)
    peak = np.abs(copies[0]).max()
    # Four samples are interpolated between: one before, and two after.
    padded = [np.pad(copy / peak, (1, 2), mode="reflect") for copy in copies]
    ends = np.cumsum([len(one) for one in padded])
    return GrainSource(
        digest,
        np.concatenate(padded),
        ends - [len(one) - 1 for one in padded],
        np.array([len(copy) - 1 for copy in copies]),
        np.array(steps),
    )
