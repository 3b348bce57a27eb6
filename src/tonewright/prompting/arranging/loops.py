"""Loops of whole bars: exactly as long as their bars, and their end goes on at their beginning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tonewright.errors import UsageError
from tonewright.prompting.arranging.joining import Sound, best_lag, correlation, crossfade
from tonewright.prompting.arranging.seams import loop_seam
from tonewright.prompting.briefs.brief import FASTEST_BPM, SLOWEST_BPM, bar_seconds
from tonewright.prompting.generators.base import SAMPLE_RATE_HZ, Generation, Generator, Request

MOST_BARS = 64
_BEATS_OF_FADE = 0.5
_ENDING_S = 1.5
"""What models let fade away at the end of a sound is made, and not used."""
_REACH_S = 0.004
_WORTH = 0.1
"""What a shift has to gain in correlation."""


@dataclass(frozen=True)
class Bars:
    """How long a loop is.

    Attributes:
        bpm: Tempo in quarter notes a minute.
        count: Bars of four beats.

    Raises:
        UsageError: No such tempo, or no bars, or too many.
    """

    bpm: float
    count: int

    def __post_init__(self) -> None:
        if not SLOWEST_BPM <= self.bpm <= FASTEST_BPM:
            raise UsageError(f"a tempo is {SLOWEST_BPM:g} to {FASTEST_BPM:g} BPM; got {self.bpm:g}")
        if not 1 <= self.count <= MOST_BARS:
            raise UsageError(f"a loop has 1 to {MOST_BARS} bars; got {self.count}")

    @property
    def frames(self) -> int:
        """Exactly how long."""
        return round(bar_seconds(self.bpm, self.count) * SAMPLE_RATE_HZ)

    @property
    def bar_frames(self) -> int:
        """How long one is."""
        return round(bar_seconds(self.bpm, 1) * SAMPLE_RATE_HZ)

    @property
    def fade_frames(self) -> int:
        """Over how long the end becomes the beginning: half a beat."""
        return round(_BEATS_OF_FADE * 60 / self.bpm * SAMPLE_RATE_HZ)


def loop(generator: Generator, request: Request, bpm: float, bars: int) -> Generation:
    """Make a loop.

    What the generator makes at that length is left alone if it loops already. Otherwise a longer sound is
    made, and what comes after the loop is crossfaded into its beginning. The loop is taken from the second
    bar on, where the generator makes sounds that long: how a sound begins is not how it goes on.

    Args:
        generator: Any.
        request: What to make; its seconds do not count.
        bpm: Tempo.
        bars: Bars of four beats.

    Returns:
        `round(bars · 4 · 60 / bpm · 44,100)` frames, or silence and the fault.

    Raises:
        UsageError: A tempo, a number of bars or a setting out of range.
    """
    asked = Bars(bpm, bars)
    (made,) = close_loops(generator, generator.generate([exactly(request, asked)]), [asked])
    return made


def exactly(request: Request, bars: Bars) -> Request:
    """The request of a sound as long as so many bars."""
    return replace(request, seconds=bars.frames / SAMPLE_RATE_HZ)


def close_loops(
    generator: Generator, made: Sequence[Generation], bars: Sequence[Bars | None]
) -> list[Generation]:
    """Make loops of sounds that are none yet, in one more batch.

    Args:
        generator: What made them.
        made: Sounds as long as their bars; see `exactly`.
        bars: Of each; None for one that is no loop, which is left alone.
    """
    found, rows, longer = list(made), [], []
    for row, (one, asked) in enumerate(zip(made, bars, strict=True)):
        if asked is None or one.fault is not None or not loop_seam(one.samples).audible:
            continue
        try:
            request, first = _longer(generator, one.request, asked)
        except UsageError as error:
            found[row] = _failed(one, str(error))
            continue
        rows.append((row, first, asked))
        longer.append(request)
    again = generator.generate(longer) if longer else []
    for (row, first, asked), one in zip(rows, again, strict=True):
        before = replace(made[row], evaluations=made[row].evaluations + one.evaluations)
        if one.fault is not None:
            found[row] = _failed(before, one.fault)
        else:
            folded = fold(one.samples[:, first:], asked.frames, asked.fade_frames)
            found[row] = replace(before, samples=folded)
    return found


def _failed(made: Generation, fault: str) -> Generation:
    return replace(made, samples=np.zeros_like(made.samples), fault=fault)


def fold(sound: Sound, frames: int, fade: int) -> Sound:
    """The beginning of a sound as a loop: what comes after it is crossfaded into its first frames.

    Where that makes the two more alike, the loop is taken up to 4 ms longer or shorter, and played so much
    faster or slower.

    Args:
        sound: `[channels, n]`, n ≥ frames; as much after the loop as there is of `fade` is used.
        frames: How long the loop is.
        fade: Over how long.

    Returns:
        `[channels, frames]`.

    Raises:
        UsageError: The sound is shorter than the loop.
    """
    over = sound.shape[1] - frames
    if over < 0:
        raise UsageError(f"a loop is no longer than its sound; got {frames} frames of {sound.shape[1]}")
    reach = min(round(_REACH_S * SAMPLE_RATE_HZ), over // 4)
    fade = min(fade, over - reach, frames // 2)
    if fade < 1:
        return np.array(sound[:, :frames])
    head = sound[:, :fade]
    lag, alike = best_lag(head, sound[:, frames - reach : frames + reach + fade])
    length = frames - reach + lag
    if alike - correlation(head, sound[:, frames : frames + fade]) < _WORTH:
        length = frames
    folded = np.array(sound[:, :length])
    folded[:, :fade] = crossfade(sound[:, length : length + fade], head)
    return folded if length == frames else _stretched(folded, frames)


def _stretched(ring: Sound, frames: int) -> Sound:
    """A loop played faster or slower, exactly: it is periodic, and so is its spectrum a sum of lines."""
    from scipy.signal import resample

    return np.asarray(resample(ring, frames, axis=1), np.float32)


def _longer(generator: Generator, request: Request, bars: Bars) -> tuple[Request, int]:
    """The request of a sound with something after the loop, and from which frame on the loop is."""
    longest = generator.settings["seconds"].high if "seconds" in generator.settings else request.seconds
    most = int(longest * SAMPLE_RATE_HZ)
    after = bars.fade_frames + 2 * round(_REACH_S * SAMPLE_RATE_HZ)
    wanted = bars.frames + after + round(_ENDING_S * SAMPLE_RATE_HZ)
    first = bars.bar_frames if wanted + bars.bar_frames <= most else 0
    frames = min(first + wanted, most)
    if frames < bars.frames + after:
        raise UsageError(
            f"a loop of {bars.count} bars at {bars.bpm:g} BPM and half a beat more fit into {longest:g} s, "
            f"the most of {generator.name}; got {(bars.frames + after) / SAMPLE_RATE_HZ:.2f}; take fewer bars"
        )
    return replace(request, seconds=frames / SAMPLE_RATE_HZ), first
