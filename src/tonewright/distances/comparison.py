"""Every distance at once: between batches, and between clips as they come."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tonewright.audio.clip import Clip
from tonewright.audio.resampling import resample_array
from tonewright.distances.published.lufs_difference import lufs_difference
from tonewright.distances.registry import get, names


def compare(a: ArrayLike, b: ArrayLike, sample_rate_hz: int) -> dict[str, NDArray[np.float32]]:
    """Every distance between two batches of sounds, pair by pair.

    Args:
        a: Targets, `[batch, frames]`, `[frames]` or `[batch, channels, frames]`; floating point.
        b: Candidates, likewise and as long. A batch of one is compared with the whole other batch.
        sample_rate_hz: Sample rate of both.

    Returns:
        `[batch]` float32 by short name, in the order of `names()`.

    Raises:
        UsageError: The shapes or the sample rate do not fit.
        AudioError: A sound is over 300 s long, or holds NaN, infinite or absurdly large samples.

    Examples:
        >>> import numpy as np
        >>> import tonewright as tw
        >>> sounds = np.random.default_rng(0).uniform(-0.5, 0.5, (2, 16_000)).astype(np.float32)
        >>> found = tw.distances.compare(sounds[:1], sounds, 16_000)
        >>> list(found)[:4]
        ['mss', 'wmfcc', 'sot', 'rms']
        >>> found["mss"].shape, float(found["mss"][0])  # the first is compared with itself
        ((2,), 0.0)
        >>> terms = tw.distances.training_loss(sounds[:1], sounds, 16_000)
        >>> float(terms.total[0]), bool(0 < terms.total[1] < 1)
        (0.0, True)
    """
    return {name: get(name)(a, b, sample_rate_hz) for name in names()}


def compare_clips(a: Clip, b: Clip) -> dict[str, float]:
    """Every distance between two clips of any length, sample rate and number of channels.

    Published scores compare sounds of one length, rate and layout. To get there nothing is cut: `b` is
    resampled to the rate of `a`, the shorter clip is followed by silence, and both are mixed to mono where
    they differ in channels. `lufs_difference` alone takes every clip with the channels it has, summed as
    BS.1770 sums them.

    Of clips with equal channels `mss` and `wmfcc` compare channel with channel, `lufs_difference` sums the
    channels, and the other distances compare the means of the channels, as their publications do.

    Args:
        a: The target.
        b: The candidate.

    Returns:
        The value of each distance by short name, in the order of `names()`.

    Raises:
        UsageError: A clip is empty, or the sample rate is too low to measure at.
        AudioError: A clip is over 300 s long.

    Examples:
        >>> import tonewright as tw
        >>> bass = tw.read("examples/sounds/bass.flac")
        >>> found = tw.distances.compare_clips(bass, tw.read("examples/sounds/drum.flac"))
        >>> found["mss"] > 5, found["rms"] < 1
        (True, True)
    """
    if a.channels == b.channels:
        values = compare(*_one_length(a, b), a.sample_rate_hz)
    else:
        mixed = (Clip(clip.mono(), clip.sample_rate_hz) for clip in (a, b))
        values = compare(*_one_length(*mixed), a.sample_rate_hz)
        # A mix is quieter than its channels together.
        values["lufs_difference"] = lufs_difference.function(*_one_length(a, b), a.sample_rate_hz)
    return {name: float(value[0]) for name, value in values.items()}


def _one_length(a: Clip, b: Clip) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Both at the rate of `a` and with silence after the shorter, each `[1, channels, frames]`."""
    x, y = a.samples, resample_array(b.samples, b.sample_rate_hz, a.sample_rate_hz)
    longest = max(x.shape[1], y.shape[1])
    x, y = (np.pad(sound, ((0, 0), (0, longest - sound.shape[1])))[np.newaxis] for sound in (x, y))
    return x, y
