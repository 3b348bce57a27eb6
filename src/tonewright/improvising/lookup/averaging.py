"""What a table makes of the frames of a sound: a mean and a spread of every column.

Only frames count that have settled: all that a descriptor hears under its window lies `SETTLE_S` or more
after the beginning of the sound, when it has faded in and its attack is over. Of these count

- all, for loudness, onset strength, levels in mel bands and slopes: how loud a sound is on average includes
  its gaps;
- those that sound, above `SILENT_DBFS`, for everything else: the brightness of grains with gaps between them
  is that of the grains. Where none sounds, all count: a silent point has what a listener hears in silence;
- those of them in which there is something, for the pitch and the partials, which read 0 Hz or the floor
  where there is nothing; a point has nothing where less than half of the frames that sound have something.

Means are arithmetic, in the units of the columns; nothing is circular, since pitch classes are shares of
power. The spread is the standard deviation over the same frames.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tonewright.compiling import njit
from tonewright.features.decibels import FLOOR_DB
from tonewright.features.framing import Framing
from tonewright.features.hearing import hear
from tonewright.features.levels import MOMENTARY_S
from tonewright.features.pitch import pitch_window
from tonewright.features.registry import DELTA_SUFFIX, Descriptor
from tonewright.features.selection import select
from tonewright.features.spectra import PEAK_WINDOWS
from tonewright.threads import map_rows

SETTLE_S = 0.05
"""Fades and attacks are over by then, so that the rest of a held sound is alike."""
SILENT_DBFS = -90.0
"""A frame that is no louder does not sound: the least significant bit of 16-bit audio."""

_ALL, _SOUNDING, _PRESENT = range(3)
_LEVELS = {"loudness", "onset", "log_mel"}
_NOTHING = {"pitch_f0": 0.0, "sinusoid_frequencies": 0.0, "sinusoid_magnitudes": FLOOR_DB}
_LEVEL = "loudness_rms"
_FILTERED = "loudness_momentary"  # its filter would hear a click where a sound is cut
# Every how many hops those descriptors are heard whose window is longer than that of the framing: more frames
# overlap more, and tell the means nothing new.
_PACE = {
    "pitch_f0": 4,
    "pitch_confidence": 4,
    "chroma": 2,
    "sinusoid_frequencies": 2,
    "sinusoid_magnitudes": 2,
}
_DELTA_FRAMES = 4  # that a slope looks back


class Averager:
    """Hears batches of held sounds and averages every column over time.

    Args:
        framing: How they are heard.
        descriptors: Names of descriptors or categories.

    Attributes:
        descriptors: What is heard, in the order of the columns.
        least_seconds: Shorter sounds have no settled frame of each descriptor.
    """

    def __init__(self, framing: Framing, descriptors: Sequence[str]) -> None:
        self._framing = framing
        self.descriptors = select(descriptors)
        level = select(_LEVEL)[0]
        self._groups: dict[tuple[int, int], list[Descriptor]] = {self._heard(level): [level]}
        for one in self.descriptors:
            if one.name != _LEVEL:
                self._groups.setdefault(self._heard(one), []).append(one)
        hops = max(
            begin + pace * (self._first(one) + 1)
            for (begin, pace), group in self._groups.items()
            for one in group
        )
        self.least_seconds = math.ceil(100 * hops * framing.hop / framing.sample_rate_hz) / 100

    def __call__(
        self, audio: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """Hear a batch.

        Args:
            audio: `[batch, frames]`, finite, of `least_seconds` or more.

        Returns:
            Means `[batch, C]`, spreads `[batch, C]`, and the share of frames that sound, `[batch]`.
        """
        found: dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]] = {}
        sounds = np.empty((len(audio), 0), np.bool_)  # in each hop after the settling
        for (begin, pace), group in self._groups.items():
            hop = pace * self._framing.hop
            rest = audio[:, begin * self._framing.hop :]
            heard = hear(
                rest[:, : rest.shape[1] // hop * hop],
                self._framing.sample_rate_hz,
                [one.name for one in group],
                window=self._framing.window,
                hop=hop,
            )
            if not sounds.shape[1]:  # the level is in the first group
                sounds = np.asarray(heard[_LEVEL][..., 0] > SILENT_DBFS)
            for one in group:
                first = self._first(one)
                values = heard[one.name][:, first:]
                sounding = sounds[:, pace - 1 :: pace][:, first:] if begin else None
                found[one.name] = _average(values, sounding, one)
        means, spreads = (
            np.concatenate([found[one.name][i] for one in self.descriptors], axis=1) for i in range(2)
        )
        share = sounds[:, self._first(select(_LEVEL)[0]) :].mean(axis=1, dtype=np.float32)
        return means, spreads, share

    def _heard(self, descriptor: Descriptor) -> tuple[int, int]:
        """From which hop on a descriptor is heard, and every how many hops."""
        pace = min(_PACE.get(descriptor.name, 1), self._framing.window // self._framing.hop)
        if _base(descriptor) == _FILTERED:
            return 0, pace
        return math.ceil(SETTLE_S * self._framing.sample_rate_hz / self._framing.hop), pace

    def _first(self, descriptor: Descriptor) -> int:
        """The first frame, of those at which the descriptor is heard, under whose window all has settled."""
        rate, hop = self._framing.sample_rate_hz, self._framing.hop
        pace = self._heard(descriptor)[1]
        reach = max(PEAK_WINDOWS * self._framing.window, pitch_window(rate))
        if _base(descriptor) == _FILTERED:
            reach = max(reach, math.ceil((SETTLE_S + MOMENTARY_S) * rate))
        slopes = descriptor.name.count(DELTA_SUFFIX)
        return math.ceil((reach + slopes * _DELTA_FRAMES * hop) / (hop * pace)) - 1


def _base(descriptor: Descriptor) -> str:
    """The name of what slopes, slopes of slopes, … are taken of."""
    return descriptor.name.split(DELTA_SUFFIX)[0]


def _average(
    values: NDArray[np.float32], sounding: NDArray[np.bool_] | None, descriptor: Descriptor
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean and standard deviation over time of `[batch, frames, columns]`, each `[batch, columns]`."""
    if sounding is None:
        sounding = np.ones(values.shape[:2], np.bool_)
    rule = _SOUNDING
    if descriptor.name in _NOTHING:
        rule = _PRESENT
    elif descriptor.category in _LEVELS or descriptor.name.endswith(DELTA_SUFFIX):
        rule = _ALL
    nothing = _NOTHING.get(descriptor.name, 0.0)
    means = np.empty((len(values), values.shape[2]), np.float32)
    spreads = np.empty_like(means)

    def average(first: int, last: int, _: int) -> None:
        _average_rows(values, sounding, rule, nothing, means, spreads, first, last)

    map_rows(average, len(values), block=64)
    return means, spreads


@njit(cache=True, nogil=True, error_model="numpy")
def _average_rows(
    values: NDArray[np.float32],
    sounding: NDArray[np.bool_],
    rule: int,
    nothing: float,
    means: NDArray[np.float32],
    spreads: NDArray[np.float32],
    first: int,
    last: int,
) -> None:
    frames, columns = values.shape[1], values.shape[2]
    for b in range(first, last):
        sound = 0
        for k in range(frames):
            sound += sounding[b, k]
        everything = rule == _ALL or sound == 0
        among = frames if everything else sound
        for c in range(columns):
            # Around the first value, so that what never changes has no spread at all.
            count, origin, total, squares = 0, 0.0, 0.0, 0.0
            for k in range(frames):
                if not everything and not sounding[b, k]:
                    continue
                value = float(values[b, k, c])
                if rule == _PRESENT and value == nothing:
                    continue
                if count == 0:
                    origin = value
                count += 1
                total += value - origin
                squares += (value - origin) ** 2
            if (rule == _PRESENT and 2 * count < among) or count == 0:
                means[b, c], spreads[b, c] = nothing, 0.0
                continue
            mean = total / count
            means[b, c] = origin + mean
            spreads[b, c] = np.sqrt(max(squares / count - mean * mean, 0.0))
