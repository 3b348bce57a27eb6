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


def judge(path: StrPath, brief: Brief, library: Library) -> ScoreCard:
    """Score a sound file.

    Args:
        path: The file.
        brief: What it was to be.
        library: Where the references of the brief are.

    Raises:
        AudioError: It cannot be read, or is too short to be heard.
        BriefError: A reference is missing.
    """
    references = library.references(brief)
    known: Floats | None = None
    if references:
        known = np.concatenate([embed(listen(stereo(one)[None])) for one in references])
    return score(stereo(path)[None], brief, references=known)[0]


def stereo(path: StrPath) -> NDArray[np.float32]:
    """A sound file as generators give it, `[2, n]` at 44.1 kHz; one channel is heard on both sides.

    Raises:
        AudioError: It cannot be read, has more than two channels, or is too short to be heard.
    """
    clip: Clip = resample(read(path, max_seconds=LONGEST_S), SAMPLE_RATE_HZ)
    if clip.channels > 2:
        raise AudioError(f"{str(path)!r}: one or two channels are scored; got {clip.channels}; mix it down")
    if clip.frames < N_FFT:
        least_ms = 1000 * N_FFT / SAMPLE_RATE_HZ
        raise AudioError(
            f"{str(path)!r}: {least_ms:.0f} ms are scored, or more; got {1000 * clip.seconds:.0f}"
        )
    return clip.samples if clip.channels == 2 else np.repeat(clip.samples, 2, axis=0)
