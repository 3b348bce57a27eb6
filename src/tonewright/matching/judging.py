"""Judging a match on what was not searched for."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from tonewright.distances import get
from tonewright.distances.published.sot import audible_sot

HELD_OUT = ("sot", "wmfcc", "rms", "f0_cents")
"""Distances that no search minimises: spectral transport, timbre over time, envelope, pitch."""
_METER = ("mss", "sot", "wmfcc", "rms")


def differences(
    names: tuple[str, ...],
    target: NDArray[np.float32],
    candidates: NDArray[np.float32],
    sample_rate_hz: int,
) -> NDArray[np.float64]:
    """Distances `[names, batch]` of candidates `[batch, frames]` from a target `[frames]`.

    All are 0 for identical sounds: a similarity that is 1 for them counts by what is missing. SOT is taken of
    what can be heard (`audible_sot`).
    """
    rows = []
    for name in names:
        distance = audible_sot if name == "sot" else get(name)
        value = distance(candidates, target[None], sample_rate_hz)
        rows.append(np.abs(np.asarray(value, dtype=np.float64) - distance.identical))
    return np.stack(rows)


def rank_by_ear(
    target: NDArray[np.float32], candidates: NDArray[np.float32], sample_rate_hz: int
) -> NDArray[np.intp]:
    """Candidates `[batch, frames]`, the best on the held-out distances first.

    Each distance counts by its ratio to the median of the candidates, so that none outweighs the others.
    """
    held_out = differences(HELD_OUT, target, candidates, sample_rate_hz)
    scale = np.maximum(np.median(held_out, axis=1, keepdims=True), 1e-12)
    return np.argsort((held_out / scale).mean(axis=0), kind="stable")


def similarity(
    target: NDArray[np.float32],
    candidate: NDArray[np.float32],
    random_candidates: NDArray[np.float32],
    sample_rate_hz: int,
) -> float:
    """The similarity meter: 100 for an identical sound, 0 for the median random preset or worse.

    The mean over four published distances (MSS, SOT, wMFCC, RMS envelope) of the share of the way from the
    median random preset to the target that the candidate has come.

    Args:
        target: `[frames]`.
        candidate: `[frames]`.
        random_candidates: `[batch, frames]` audible random presets.
        sample_rate_hz: Rate of all.
    """
    mine = differences(_METER, target, candidate[None], sample_rate_hz)[:, 0]
    median = np.median(differences(_METER, target, random_candidates, sample_rate_hz), axis=1)
    return float(100 * np.clip(1 - mine / np.maximum(median, 1e-12), 0, 1).mean())


def named_distances(
    target: NDArray[np.float32], candidate: NDArray[np.float32], sample_rate_hz: int
) -> Mapping[str, float]:
    """Every published distance between two sounds `[frames]`, by name."""
    from tonewright.distances import compare

    return {
        name: float(value[0])
        for name, value in compare(target[None], candidate[None], sample_rate_hz).items()
    }
