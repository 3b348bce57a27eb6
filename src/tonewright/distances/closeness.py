"""The one bounded reward: how close two things are, given how far apart counts as halfway."""

from __future__ import annotations

from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from tonewright.errors import UsageError

# Beyond any distance that occurs, yet finite: an infinite distance has farness 1, not NaN.
_FARTHEST = 1e300


@overload
def closeness(distance: float, scale: float) -> float: ...
@overload
def closeness(distance: NDArray[Any], scale: float) -> NDArray[np.float64]: ...
def closeness(distance: float | NDArray[Any], scale: float) -> float | NDArray[np.float64]:
    """Turn a distance into a reward: 1 / (1 + distance / scale).

    It is 1 at distance 0 and 1/2 at `scale`; unlike an exponential it keeps a slope far away, so that a
    search that starts far off is still told which way is better.

    Args:
        distance: Distances, 0 or more, any shape and unit.
        scale: The distance that counts as halfway, same unit, above 0.

    Returns:
        Rewards in [0, 1]: a float for a number, else float64 of the same shape.

    Raises:
        UsageError: A distance is negative or NaN, or the scale is not a positive number.
    """
    far = _checked(distance, scale)
    return _plain(1.0 / (1.0 + far / scale))


@overload
def farness(distance: float, scale: float) -> float: ...
@overload
def farness(distance: NDArray[Any], scale: float) -> NDArray[np.float64]: ...
def farness(distance: float | NDArray[Any], scale: float) -> float | NDArray[np.float64]:
    """The complement of `closeness`: distance / (scale + distance), a bounded loss.

    Computed without subtracting from 1, so that it is exactly 0 at distance 0 and loses no digits near it.

    Args:
        distance: Distances, 0 or more, any shape and unit.
        scale: The distance that counts as halfway, same unit, above 0.

    Returns:
        Losses in [0, 1]: a float for a number, else float64 of the same shape.

    Raises:
        UsageError: A distance is negative or NaN, or the scale is not a positive number.
    """
    far = np.minimum(_checked(distance, scale), _FARTHEST)
    return _plain(far / (scale + far))


def _checked(distance: float | NDArray[Any], scale: float) -> NDArray[np.float64]:
    if not 0.0 < scale < np.inf:
        raise UsageError(f"a scale is a finite distance above 0; got {scale}")
    far = np.asarray(distance, np.float64)
    # Asked this way round, NaN fails as well.
    if not np.all(far >= 0.0):
        raise UsageError(f"a distance is 0 or more; got {far[~(far >= 0.0)].flat[0]}; pass its magnitude")
    return far


def _plain(values: NDArray[np.float64]) -> float | NDArray[np.float64]:
    return values if np.ndim(values) else float(values)
