"""Loops in held notes: from where to where a sample can be repeated without anyone hearing a join."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_WINDOW_S = 0.05
"""What is compared before the two ends of a loop, and faded from one into the other."""
_SHORTEST_S = 0.25
"""A shorter loop of several voices would sound like a machine."""
_ALIKE = 0.995
"""Correlation of what lies before the two ends: below it a fade between them could be heard."""
_LEVEL_DB = 0.1
_AFTER = 256
"""Frames behind the loop, for a player that interpolates over its end."""


class Loop(NamedTuple):
    """The part of a sample that is repeated.

    Attributes:
        start: Its first frame.
        end: The frame after its last.
    """

    start: int
    end: int


def find_loop(audio: NDArray[np.float32], sample_rate_hz: int) -> Loop | None:
    """Find a loop near the end of a held note, if its sound has settled enough to have one.

    What lies before the end of the loop is looked for at every earlier place; the place where it is most
    alike becomes the start.

    Args:
        audio: `[frames]`, the key held throughout.
        sample_rate_hz: Its rate.

    Returns:
        The loop; none where no two places are alike: noise, or a level or colour that still moves.
    """
    window, shortest = round(_WINDOW_S * sample_rate_hz), round(_SHORTEST_S * sample_rate_hz)
    end = len(audio) - 1
    last = end - shortest  # of the places where the loop could start
    if last <= window:
        return None
    sound = audio.astype(np.float64)
    template = sound[end - window : end]
    power = np.dot(template, template)
    if power <= 0:
        return None
    energy = np.append(0.0, np.cumsum(sound[:last] ** 2))
    energies = energy[window:] - energy[:-window]  # of the window before each place
    size = 1 << (last + window).bit_length()
    spectrum = np.fft.rfft(sound[:last], size) * np.conj(np.fft.rfft(template, size))
    products = np.fft.irfft(spectrum, size)[: len(energies)]
    level_db = 10 * np.log10(np.maximum(energies, 1e-20) / power)
    alike = np.where(np.abs(level_db) < _LEVEL_DB, products / np.sqrt(np.maximum(energies, 1e-20) * power), 0)
    best = int(alike.argmax())
    return Loop(best + window, end) if alike[best] >= _ALIKE else None


def with_loop(audio: NDArray[np.float32], loop: Loop, sample_rate_hz: int) -> NDArray[np.float32]:
    """The sample up to the end of its loop, faded there into what lies before its start.

    The last frame of the loop is the one before its first, so that the jump is no jump at all. Behind it the
    sample goes on for a moment as the loop does.

    Args:
        audio: `[frames]`.
        loop: From `find_loop`.
        sample_rate_hz: The rate of the sample.

    Returns:
        `[frames]`.
    """
    window = round(_WINDOW_S * sample_rate_hz)
    share = np.arange(1, window + 1, dtype=np.float32) / window
    looped = audio[: loop.end].copy()
    before_start = audio[loop.start - window : loop.start]
    looped[-window:] = (1 - share) * looped[-window:] + share * before_start
    return np.concatenate([looped, np.resize(looped[loop.start :], _AFTER)])
