"""`hear`: sound in, named values out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from os import PathLike, fspath

import numpy as np
from numpy.typing import NDArray

from tonewright.audio import Clip, read_blocks
from tonewright.errors import AudioError, UsageError
from tonewright.features.channels import (
    MIX,
    check_channels,
    check_choice,
    heard_descriptors,
    heard_sounds,
    side_by_side,
)
from tonewright.features.framing import HIGHEST_RATE_HZ, LOWEST_RATE_HZ, Framing, framing
from tonewright.features.listener import Listener, frames_at_once
from tonewright.features.registry import Descriptor
from tonewright.features.selection import select
from tonewright.features.streaming import StreamAnalyser
from tonewright.features.table import FeatureTable
from tonewright.features.validation import valid_sounds
from tonewright.threads import available_threads, map_rows, numba_threads

DEFAULT_DESCRIPTORS = ("loudness", "spectral_shape", "mfcc", "chroma", "pitch", "onset")

_EMPTY = "a sound has at least one sample; got none, record or export it again"

# Sounds measured side by side however long they are, so that every core has one where rows cannot be split.
_LEAST_ROWS = 8
# With as many groups to a thread the last ones end at nearly the same time.
_GROUPS_PER_THREAD = 3


def hear(
    audio: NDArray[np.floating] | Clip,
    sample_rate_hz: int | None = None,
    descriptors: str | Iterable[str] = DEFAULT_DESCRIPTORS,
    *,
    window: int | None = None,
    hop: int | None = None,
    channels: str = MIX,
) -> FeatureTable:
    """Measure sounds frame by frame.

    Frame `k` hears the samples before `(k + 1) * hop` and silence before the first; the last hop is filled up
    with silence. A value depends neither on the other sounds of the batch nor on the number of threads.

    Args:
        audio: `[frames]`, `[batch, frames]` or `[batch, channels, frames]`, full scale ±1; or a `Clip`.
        sample_rate_hz: Samples per second; left out for a `Clip`.
        descriptors: Names of descriptors or categories; with `_delta` at the end, their slopes; "all".
        window: Samples in the analysis window; by default the smallest power of two that spans 40 ms.
        hop: Samples from frame to frame; by default a quarter of the window.
        channels: What is heard of sounds with several channels, in the order of WAV files: "mix", all of them
            (each descriptor's `channels` tells how: loudness sums powers as BS.1770 does, RMS and true peak
            are those of the largest channel, all others are measured on the mean of the channels); "left" or
            "right" alone; or "each", in columns of its own whose names begin with that of the channel, as in
            `left_mfcc_01` (`audio.channel_names` gives them; a mono sound keeps the plain names).

    Returns:
        A table of `ceil(frames / hop)` frames. Its `cancelled_frames` counts those in which the channels of a
        mix cancel each other.

    Raises:
        AudioError: The sound is empty, not finite, not at all within full scale, or has too many channels.
        UnknownNameError: A name is neither a descriptor nor a category, or there is no such choice of
            channels.
        UsageError: The sample rate is missing or contradicts the clip, a length is out of its range, or the
            left or right channel of a mono sound is asked for.

    Examples:
        >>> import numpy as np
        >>> import tonewright as tw
        >>> time_s = np.arange(8_000) / 16_000
        >>> table = tw.hear(0.5 * np.sin(2 * np.pi * 440 * time_s), 16_000, ["loudness_rms", "pitch"])
        >>> table.names
        ('loudness_rms_dbfs', 'pitch_f0_hz', 'pitch_confidence')
        >>> table.values.shape  # [batch, n_frames, columns]
        (1, 32, 3)
        >>> round(float(table["pitch_f0_hz"][0, 16, 0]))
        440
        >>> round(float(table["loudness_rms_dbfs"][0, 16, 0]), 1)
        -9.0
        >>> table = tw.hear(tw.Clip(np.zeros((2, 8_000)), 16_000), descriptors="pitch_f0", channels="each")
        >>> table.names
        ('left_pitch_f0_hz', 'right_pitch_f0_hz')
    """
    sounds, rate = _sounds_and_rate(audio, sample_rate_hz)
    batch, n_channels, frames = sounds.shape
    if frames == 0:
        raise AudioError(_EMPTY)
    check_channels(channels, n_channels)
    grid = framing(rate, window, hop)
    chosen = select(descriptors)
    samples = heard_sounds(sounds, channels)
    count = grid.frame_count(frames)
    rows = max(_LEAST_ROWS, frames_at_once(grid) // count)
    values = np.empty((len(samples), count, sum(len(one.columns) for one in chosen)), np.float32)
    # Where there are groups enough they are shared among threads; where not, the work within each of them is.
    threads = available_threads()
    cancelled = np.zeros(len(samples), np.int64)
    by_group = len(samples) > _GROUPS_PER_THREAD * threads * rows

    def listen(first: int, last: int, _: int) -> None:
        with numba_threads(1 if by_group else threads):
            for begin in range(first, last, rows):
                some = slice(begin, min(begin + rows, last))
                listener = Listener(grid, chosen)
                values[some] = listener.listen(_filled_up(samples[some], grid))
                cancelled[begin] = listener.cancelled_frames

    map_rows(listen, len(samples), threads if by_group else 1, block=rows)
    columns = heard_descriptors(chosen, channels, n_channels)
    values = side_by_side(values, batch)
    return FeatureTable(values, _times_s(grid, 0, count), columns, int(cancelled.sum()))


def hear_file(
    path: str | PathLike[str],
    descriptors: str | Iterable[str] = DEFAULT_DESCRIPTORS,
    *,
    window: int | None = None,
    hop: int | None = None,
    block_seconds: float = 10.0,
    channels: str = MIX,
    partial: bool = False,
) -> Iterator[FeatureTable]:
    """Measure a file of any length, block by block; the same values as `hear` of the whole.

    Args:
        path: A sound file.
        descriptors: As in `hear`.
        window: As in `hear`.
        hop: As in `hear`.
        block_seconds: How much is read at a time.
        channels: As in `hear`.
        partial: Take what is there of a file that is cut short or damaged, instead of refusing it.

    Returns:
        Tables of one sound that follow one another in time, none of them empty.

    Raises:
        AudioError: The file cannot be read, holds samples that are not finite, or has a sample rate at which
            nothing is heard.
        UnknownNameError: A name is neither a descriptor nor a category, or there is no such choice of
            channels.
        UsageError: A length is out of its range, or the left or right channel of a mono file is asked for.
    """
    check_choice(channels)
    blocks = read_blocks(path, block_seconds=block_seconds, partial=partial)
    return _pieces(fspath(path), blocks, select(descriptors), window, hop, channels)


def _pieces(
    path: str,
    blocks: Iterator[Clip],
    descriptors: tuple[Descriptor, ...],
    window: int | None,
    hop: int | None,
    channels: str,
) -> Iterator[FeatureTable]:
    first = next(blocks, None)
    if first is None:
        raise AudioError(_EMPTY)
    if not LOWEST_RATE_HZ <= first.sample_rate_hz <= HIGHEST_RATE_HZ:
        raise AudioError(
            f"{path!r}: a sample rate lies between {LOWEST_RATE_HZ:,} and {HIGHEST_RATE_HZ:,} Hz; "
            f"got {first.sample_rate_hz:,} Hz; resample the file"
        )
    names = [one.name for one in descriptors]
    analyser = StreamAnalyser(
        first.sample_rate_hz, names, window=window, hop=hop, channels=channels, n_channels=first.channels
    )

    def measured() -> Iterator[NDArray[np.float32]]:
        for clip in chain([first], blocks):
            yield analyser.push(clip.samples[np.newaxis])
        yield analyser.flush()

    heard = 0
    for values in measured():
        count = values.shape[1]
        if count:
            times_s = _times_s(analyser.framing, heard, count)
            yield FeatureTable(values, times_s, analyser.descriptors, analyser.cancelled_frames)
            heard += count


def _times_s(grid: Framing, first: int, count: int) -> NDArray[np.float64]:
    return np.arange(first + 1, first + count + 1, dtype=np.float64) * grid.hop / grid.sample_rate_hz


def _filled_up(samples: NDArray[np.float32], grid: Framing) -> NDArray[np.float32]:
    """The samples with silence after them up to a whole number of hops."""
    missing = grid.frame_count(samples.shape[2]) * grid.hop - samples.shape[2]
    return np.pad(samples, ((0, 0), (0, 0), (0, missing))) if missing else samples


def _sounds_and_rate(
    audio: NDArray[np.floating] | Clip, sample_rate_hz: int | None
) -> tuple[NDArray[np.float32], int]:
    if isinstance(audio, Clip):
        if sample_rate_hz not in (None, audio.sample_rate_hz):
            raise UsageError(
                f"a clip brings its own sample rate, {audio.sample_rate_hz} Hz; leave out {sample_rate_hz}"
            )
        return valid_sounds(audio.samples[np.newaxis]), audio.sample_rate_hz
    if sample_rate_hz is None:
        raise UsageError("an array does not tell its sample rate; pass sample_rate_hz")
    return valid_sounds(audio), sample_rate_hz
