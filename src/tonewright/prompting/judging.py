"""Scoring a sound of a file against a brief."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tonewright.audio import Clip, read, resample
from tonewright.errors import AudioError, BriefError
from tonewright.files import StrPath
from tonewright.prompting.briefs.brief import Brief
from tonewright.prompting.briefs.library import Library
from tonewright.prompting.listening.analysis import N_FFT, SAMPLE_RATE_HZ, Floats, listen
from tonewright.prompting.listening.embedding import embed
from tonewright.prompting.rewards.learned.base import LearnedScorer
from tonewright.prompting.rewards.scoring import score
from tonewright.prompting.rewards.terms import ScoreCard

LONGEST_S = 300.0
_SHORTEST = 2 * N_FFT


def judge(
    path: StrPath, brief: Brief, library: Library, *, learned: Sequence[LearnedScorer] = ()
) -> ScoreCard:
    """Score a sound file.

    Args:
        path: The file.
        brief: What it was to be.
        library: Where the references of the brief are.
        learned: Networks that judge it, too.

    Raises:
        AudioError: It cannot be read.
        BriefError: A reference is missing, or cannot be used.
    """
    return judge_samples(stereo(path), brief, library, learned=learned)


def judge_samples(
    samples: NDArray[np.float32], brief: Brief, library: Library, *, learned: Sequence[LearnedScorer] = ()
) -> ScoreCard:
    """Score a sound `[2, n]` as `stereo` gives it; otherwise as `judge`."""
    known = reference_embeddings(brief, library)
    return score(samples[None], brief, references=known, learned=learned)[0]


def reference_embeddings(brief: Brief, library: Library) -> Floats | None:
    """Embeddings `[R, E]` of the references of a brief; None if it has none.

    Raises:
        BriefError: One is missing, cannot be read, or is silent; it is named.
    """
    found = []
    for path in library.references(brief):
        try:
            heard = listen(stereo(path)[None])
        except AudioError as error:
            raise BriefError(f"brief {brief.id!r}: a reference is a sound; {error}") from None
        if heard.silent[0]:
            raise BriefError(
                f"brief {brief.id!r}: a reference is a sound; {str(path)!r} is silent; name another"
            )
        found.append(embed(heard))
    return np.concatenate(found) if found else None


def stereo(path: StrPath, seconds: float | None = None) -> NDArray[np.float32]:
    """A sound file as generators give it, `[2, n]` at 44.1 kHz.

    One channel is heard on both sides; what is shorter than 93 ms is followed by silence.

    Args:
        path: The file.
        seconds: How much of its beginning to read, at most; all of it, and 300 s at most, unless given.

    Raises:
        AudioError: It cannot be read, or has more than two channels.
    """
    found = read(path, max_seconds=LONGEST_S) if seconds is None else read(path, seconds=seconds)
    clip: Clip = resample(found, SAMPLE_RATE_HZ)
    if clip.channels > 2:
        raise AudioError(f"{str(path)!r}: one or two channels are scored; got {clip.channels}; mix it down")
    samples = clip.samples if clip.channels == 2 else np.repeat(clip.samples, 2, axis=0)
    return np.pad(samples, ((0, 0), (0, max(0, _SHORTEST - clip.frames))))
