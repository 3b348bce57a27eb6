"""Directions in a space of noise: walks on a sphere, and steps to the side."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Noise = NDArray[np.float32]
_PARALLEL = 1e-6


def angle_deg(one: Noise, other: Noise) -> float:
    """The angle between two vectors `[n]`, 0 to 180 degrees."""
    a, b = one.astype(np.float64), other.astype(np.float64)
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    # Not the arc cosine, which tells small angles badly (Kahan 2006).
    return float(np.degrees(2 * np.arctan2(np.linalg.norm(a - b), np.linalg.norm(a + b))))


def slerp(start: Noise, end: Noise, share: float) -> Noise:
    """A point on the way from one vector `[n]` to another along a great circle.

    Its norm goes from that of the one to that of the other: what lies between two draws of noise is as long
    as they are, which a straight line is not. Both ends are exact.

    Args:
        start: Where the way begins.
        end: Where it ends, in no opposite direction.
        share: How far it is gone, 0 to 1.

    Source: Shoemake, "Animating rotation with quaternion curves", SIGGRAPH 1985.
    """
    if share in (0.0, 1.0):
        return np.array(end if share else start, np.float32)
    a, b = start.astype(np.float64), end.astype(np.float64)
    lengths = np.linalg.norm(a), np.linalg.norm(b)
    angle = np.radians(angle_deg(start, end))
    length = (1 - share) * lengths[0] + share * lengths[1]
    if np.sin(angle) < _PARALLEL:
        return np.asarray(length * a / lengths[0], np.float32)
    one, two = np.sin((1 - share) * angle), np.sin(share * angle)
    direction = (one * a / lengths[0] + two * b / lengths[1]) / np.sin(angle)
    return np.asarray(length * direction, np.float32)


def turned(noise: Noise, degrees: float, rng: np.random.Generator) -> Noise:
    """A vector `[n]` turned by an angle in a direction that is drawn by chance; its norm stays."""
    start = noise.astype(np.float64)
    length = np.linalg.norm(start)
    aside = rng.standard_normal(len(start))
    aside -= (aside @ start) / length**2 * start
    aside *= length / np.linalg.norm(aside)
    angle = np.radians(degrees)
    return np.asarray(np.cos(angle) * start + np.sin(angle) * aside, np.float32)
