"""How a descriptor of the agent answers a step of the musician: rise time, overshoot, settling."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tonewright.improvising.playing.scoring import HOP_MS

REACHED = 0.9
"""Share of the way at which a step counts as gone; settled is what stays within the last tenth."""
FOLLOWED = 0.25
"""Who goes less of the musician's way, or the other way, does not follow."""
_BEFORE = 8
"""Hops before a step, 46 ms, whose median is where it begins."""
_SMOOTHED = 5
"""Hops of a running median: what lasts for less than 17 ms is no overshoot but a slip of the measurement."""
_ENOUGH = 0.5
"""Share of a stretch that has to have a value, or there is nothing to tell."""


class Response(NamedTuple):
    """An answer to a step, in the unit of the trace.

    Attributes:
        step: How far the musician went.
        share: How far the agent went, as a share of that: 1 as far, 0 not at all, below 0 the other way; None
            if it hardly has a value, before the step or after it.
        rise_ms: How long after the musician the agent had gone 90 % of its own way; None if it does not
            follow.
        overshoot: How far it went beyond where it ended; None likewise.
        settling_ms: How long after the musician it stayed within a tenth of its way from there; None
            likewise, or if it still trembles by more at the end.
        off: Where it ended, minus where the musician ended; None if it hardly has a value there.
    """

    step: float
    share: float | None
    rise_ms: float | None
    overshoot: float | None
    settling_ms: float | None
    off: float | None


def response(
    own: NDArray[np.float64], target: NDArray[np.float64], at: int, until: int, least: float
) -> Response | None:
    """The answer to a step; both sides as they are heard, so that what hearing takes is not counted.

    A side begins at the median of the 46 ms before the step, and ends at that of the last quarter of what
    follows. Rise and settling count from when the musician had gone 90 % of his way.

    Args:
        own: `[T]` the agent, NaN where it has no value.
        target: `[T]` the musician.
        at: First hop of the step.
        until: Hop before which it is over.
        least: Steps that are smaller are none.

    Returns:
        None where the musician makes no step, or has no value before or after it.
    """
    ends = [(_median(side[max(at - _BEFORE, 0) : at]), _end(side, at, until)) for side in (own, target)]
    (begin, end), (their_begin, their_end) = ends
    if their_begin is None or their_end is None or abs(their_end - their_begin) < least:
        return None
    step, off = their_end - their_begin, None if end is None else end - their_end
    if begin is None or end is None:
        return Response(step, None, None, None, None, off)
    way = end - begin
    share = way / step
    if share < FOLLOWED:
        return Response(step, share, None, None, None, off)
    there = _first((_smoothed(target[at:until]) - their_begin) / step >= REACHED)
    gone = (_smoothed(own[at:until]) - begin) / way
    known = ~np.isnan(gone)
    risen = _first(gone >= REACHED)
    outside = np.flatnonzero(known & (np.abs(gone - 1) > 1 - REACHED + 1e-9))
    settled = int(outside[-1]) + 1 if len(outside) else 0
    last_quarter = until - at - _quarter(at, until)
    return Response(
        step=step,
        share=share,
        rise_ms=max(0, risen - there) * HOP_MS,
        overshoot=max(0.0, float(np.nanmax(gone)) - 1) * abs(way),
        settling_ms=None if settled > last_quarter else max(0, settled - there) * HOP_MS,
        off=off,
    )


def trembling(own: NDArray[np.float64]) -> float | None:
    """Half of what the middle nine tenths of a trace span while a note is held; None if hardly heard."""
    known = own[~np.isnan(own)]
    if len(known) < _ENOUGH * len(own) or not len(known):
        return None
    low, high = np.percentile(known, (5, 95))
    return float(high - low) / 2


def silenced_ms(
    own_dbfs: NDArray[np.float64], target_dbfs: NDArray[np.float64], quiet_dbfs: float
) -> float | None:
    """How long after the musician the agent is silent, and stays so.

    Args:
        own_dbfs: `[T]` level of the agent from where the musician stops.
        target_dbfs: `[T]` level of the musician.
        quiet_dbfs: What is below is silent.

    Returns:
        None if it is not silent at the end.
    """
    sides = [np.flatnonzero(levels >= quiet_dbfs) for levels in (own_dbfs, target_dbfs)]
    last, theirs = (int(loud[-1]) if len(loud) else -1 for loud in sides)
    return None if last == len(own_dbfs) - 1 else max(0, last - theirs) * HOP_MS


def _median(values: NDArray[np.float64]) -> float | None:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) and len(known) >= _ENOUGH * len(values) else None


def _end(values: NDArray[np.float64], at: int, until: int) -> float | None:
    return _median(values[until - _quarter(at, until) : until])


def _quarter(at: int, until: int) -> int:
    return max(1, (until - at) // 4)


def _smoothed(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """A running median of what is known; NaN where nothing is."""
    half = _SMOOTHED // 2
    padded = np.pad(values, half, mode="edge")
    found = np.full(len(values), np.nan)
    for i in range(len(values)):
        known = padded[i : i + _SMOOTHED]
        known = known[~np.isnan(known)]
        if len(known):
            found[i] = np.median(known)
    return found


def _first(reached: NDArray[np.bool_]) -> int:
    """Where something is so first; the length where it never is."""
    found = np.flatnonzero(reached)
    return int(found[0]) if len(found) else len(reached)
