"""The sounds of a map: the beginning of each point's, lossless, and as loud to each other as they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tonewright.audio import Clip, fade_out_at, flac_bytes
from tonewright.errors import AudioError
from tonewright.improvising.lookup.table import LookupTable
from tonewright.synths import Synth

HIGHEST_DBFS = -1.0
"""Where the highest sample of all sounds lies."""
_AT_ONCE = 256  # for each time a Pure Data patch is rendered, a process begins


@dataclass(frozen=True, eq=False)
class Sounds:
    """What points sound like.

    Attributes:
        flacs: A FLAC file of 16 bits for each.
        sample_rate_hz: Rate of all, that of the table.
        seconds: Duration of each.
        gain_db: What was applied to all of them alike.
    """

    flacs: tuple[bytes, ...]
    sample_rate_hz: int
    seconds: float
    gain_db: float


def render_sounds(
    table: LookupTable,
    synth: Synth,
    rows: NDArray[np.int64],
    seconds: float,
    progress: Callable[[float], None] = lambda share: None,
) -> Sounds:
    """The beginning of the sounds of some points, as they were measured.

    Args:
        table: The table.
        synth: Its synth, at the rate of the table.
        rows: The points, `[n]`.
        seconds: How much of each, or all of it if it is shorter. It fades out over its last 10 ms.
        progress: Called with the share of the work that is done since; in all 1.

    Raises:
        AudioError: The synth gives values that are not finite.
    """
    rate = synth.sample_rate_hz
    seconds = min(seconds, table.seconds)
    frames = max(1, round(seconds * rate))
    audio = np.empty((len(rows), frames), np.float32)
    for begin in range(0, len(rows), _AT_ONCE):
        some = rows[begin : begin + _AT_ONCE]
        rendered = synth.render(table.params[some], table.note, table.seconds, table.seconds, table.seed)
        audio[begin : begin + len(some)] = rendered[:, :frames]
        progress(0.9 * len(some) / len(rows))
    if not np.isfinite(audio).all():
        raise AudioError(
            f"a synth gives finite samples; got others from {synth.name!r} at point "
            f"{rows[~np.isfinite(audio).all(axis=1)][0]}; mend the synth"
        )
    if seconds < table.seconds:
        fade_out_at(audio, np.full(len(audio), (frames - 1) / rate), rate)
    peak = float(np.abs(audio).max(initial=0.0))
    gain = 10 ** (HIGHEST_DBFS / 20) / peak if peak else 1.0
    flacs = tuple(flac_bytes(Clip(row[None] * np.float32(gain), rate), encoding="pcm16") for row in audio)
    progress(0.1)
    return Sounds(flacs, rate, frames / rate, 20 * float(np.log10(gain)))
