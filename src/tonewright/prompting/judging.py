"""Scoring a sound of a file against a brief."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tonewright.audio import Clip, read, resample
from tonewright.errors import AudioError
from tonewright.files import StrPath
from tonewright.prompting.briefs.brief import Brief
from tonewright.prompting.briefs.library import Library
from tonewright.prompting.listening.analysis import N_FFT, SAMPLE_RATE_HZ, Floats, listen
from tonewright.prompting.listening.embedding import embed
from tonewright.prompting.rewards.scoring import score
from tonewright.prompting.rewards.terms import ScoreCard

LONGEST_S = 300.0
_SHORTEST = 2 * N_FFT


def judge(path: StrPath, brief: Brief, library: Library) -> ScoreCard:
    """Score a sound file.

    Args:
        path: The file.
        brief: What it was to be.
        library: Where the references of the brief are.

    Raises:
        AudioError: It cannot be read.
        BriefError: A reference is missing.
    """
    return judge_samples(stereo(path), brief, library)


def judge_samples(samples: NDArray[np.float32], brief: Brief, library: Library) -> ScoreCard:
    """Score a sound `[2, n]` as `stereo` gives it; otherwise as `judge`."""
    references = library.references(brief)
    known: Floats | None = None
    if references:
        known = np.concatenate([embed(listen(stereo(one)[None])) for one in references])
    return score(samples[None], brief, references=known)[0]


def stereo(path: StrPath) -> NDArray[np.float32]:
    """A sound file as generators give it, `[2, n]` at 44.1 kHz.

    One channel is heard on both sides; what is shorter than 93 ms is followed by silence.

    Raises:
        AudioError: It cannot be read, or has more than two channels.
    """
    clip: Clip = resample(read(path, max_seconds=LONGEST_S), SAMPLE_RATE_HZ)
    if clip.channels > 2:
        raise AudioError(f"{str(path)!r}: one or two channels are scored; got {clip.channels}; mix it down")
    samples = clip.samples if clip.channels == 2 else np.repeat(clip.samples, 2, axis=0)
    return np.pad(samples, ((0, 0), (0, max(0, _SHORTEST - clip.frames))))
