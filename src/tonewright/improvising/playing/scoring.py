"""What a performance was worth: reward, errors, how late it was, how much the controls travelled."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tonewright.features.registry import all_descriptors
from tonewright.improvising.hearing import HOP_S
from tonewright.improvising.listening.normalising import MISSING
from tonewright.improvising.playing.performing import Performance
from tonewright.improvising.reward import is_missing

HOP_MS = 1000 * HOP_S
_EARLIEST_MS, _LATEST_MS = -100.0, 500.0
_LEAST_CORRELATION = 0.3
_RAIL = 1e-6


def scores(performance: Performance, row: int, hops: int, counted: Sequence[str]) -> dict[str, float | None]:
    """Numbers of one row of a performance.

    Args:
        performance: What was played.
        row: Which row.
        hops: How long its phrase is, two at least.
        counted: Columns that count in the reward; the lag is that of these.

    Returns:
        `reward` and `distance`, means over time; `error_DESCRIPTOR` of everything that was heard, the mean
        magnitude of the difference where the musician has it, in units of its spread (`MISSING` where the
        agent has it not; None where the musician never has it); `lag_ms` and `correlation`, see `lag`;
        `travel_per_s`, the mean way of a control in a second, in ranges; `rails_share`, of all hops and
        controls, those at either end of their range.
    """
    columns = performance.columns
    whole = slice(1, hops)  # the first one was there before anybody acted
    own, target = performance.own[row, whole], performance.target[row, whole]
    presence = performance.presence[row, whole].astype(np.float64)
    missing = is_missing(performance.own_presence[row, whole], presence)
    controls = performance.controls[row, :hops].astype(np.float64)
    found: dict[str, float | None] = {
        "reward": float(performance.rewards[row, whole].mean()),
        "distance": float(performance.distances[row, whole].mean()),
    }
    for name, own_columns in _by_descriptor(columns).items():
        there = presence[:, own_columns]
        off = np.abs(own[:, own_columns] - target[:, own_columns])
        off = np.where(missing[:, own_columns], MISSING, off)
        found[f"error_{name}"] = float((off * there).sum() / there.sum()) if there.sum() > 0 else None
    at = [columns.index(name) for name in counted]
    late, correlation = lag(own[:, at], target[:, at], presence[:, at])
    seconds = (hops - 1) * HOP_S
    return found | {
        "lag_ms": late,
        "correlation": correlation,
        "travel_per_s": float(np.abs(np.diff(controls, axis=0)).sum(axis=0).mean() / seconds),
        "rails_share": float(((controls[1:] < _RAIL) | (controls[1:] > 1 - _RAIL)).mean()),
    }


def lag(
    own: NDArray[np.float32], target: NDArray[np.float32], presence: NDArray[np.float64]
) -> tuple[float | None, float | None]:
    """By how much one side comes after the other.

    The shift, from 100 ms before to 500 ms after, at which the features of the agent correlate most with
    those of the musician: Pearson's correlation of each column where the musician has it, averaged with the
    columns' variances as weights, so that what moves tells the time. The peak is refined by a parabola.

    Args:
        own: `[T, R]` features of the agent.
        target: `[T, R]` those of the musician.
        presence: `[T, R]` how far the musician has each.

    Returns:
        Milliseconds, above 0 if the agent is late, and the correlation there; the milliseconds are None where
        that is below 0.3 or nothing moves, for then there is nothing to be late with; both if nothing moves.
    """
    first, last = round(_EARLIEST_MS / HOP_MS), round(_LATEST_MS / HOP_MS)
    shifts = range(first, min(last, len(own) // 2) + 1)
    curve = np.array([_correlation(own, target, presence, shift) for shift in shifts])
    if not len(curve) or np.isnan(curve).all():
        return None, None
    best = int(np.nanargmax(curve))
    peak = float(curve[best])
    if peak < _LEAST_CORRELATION:
        return None, peak
    offset = 0.0
    if 0 < best < len(curve) - 1:
        left, middle, right = curve[best - 1 : best + 2]
        bend = left - 2 * middle + right
        offset = float(0.5 * (left - right) / bend) if bend < 0 else 0.0
    return (shifts[best] + offset) * HOP_MS, peak


def _correlation(
    own: NDArray[np.float32], target: NDArray[np.float32], presence: NDArray[np.float64], shift: int
) -> float:
    """Of the agent's features with those of the musician so many hops before; NaN where nothing moves."""
    length = len(own)
    mine = own[max(shift, 0) : length + min(shift, 0)].astype(np.float64)
    theirs = target[max(-shift, 0) : length - max(shift, 0)].astype(np.float64)
    there = presence[max(-shift, 0) : length - max(shift, 0)]
    total = there.sum(axis=0)
    used = total > 0
    if not used.any():
        return float("nan")
    mine, theirs, there, total = mine[:, used], theirs[:, used], there[:, used], total[used]
    mine = mine - (mine * there).sum(axis=0) / total
    theirs = theirs - (theirs * there).sum(axis=0) / total
    covariance = (there * mine * theirs).sum(axis=0)
    powers = (there * mine**2).sum(axis=0) * (there * theirs**2).sum(axis=0)
    weights = (there * theirs**2).sum(axis=0)
    if weights.sum() <= 0:
        return float("nan")
    each = np.divide(covariance, np.sqrt(powers), out=np.zeros_like(covariance), where=powers > 0)
    return float((each * weights).sum() / weights.sum())


def _by_descriptor(columns: Sequence[str]) -> dict[str, list[int]]:
    """Positions of the columns of each descriptor."""
    owner = {column: one.name for one in all_descriptors() for column in one.columns}
    found: dict[str, list[int]] = {}
    for position, column in enumerate(columns):
        found.setdefault(owner[column], []).append(position)
    return found
