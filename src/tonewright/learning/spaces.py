"""Flat arrays instead of Gymnasium's spaces, for whole batches.

Networks read observations as one float32 array [N, D] and act with one float32 array [N, A]; environments
speak in the values of their spaces. Parts of a Dict or Tuple follow each other in the order of that space.
Mind that Gymnasium sorts the keys of a Dict by default; with `sort_keys=False` they stay as written.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import Space, spaces
from numpy.typing import NDArray

from tonewright.errors import UsageError


def observation_size(space: Space[Any]) -> int:
    """Numbers D that `flatten` makes of one observation.

    Raises:
        UsageError: Another space than Box, Discrete, MultiDiscrete, MultiBinary, or a Dict or Tuple of these.
    """
    match space:
        case spaces.Box() | spaces.MultiBinary():
            return int(np.prod(space.shape))
        case spaces.Discrete():
            return int(space.n)
        case spaces.MultiDiscrete():
            return int(space.nvec.sum())
        case spaces.Dict() | spaces.Tuple():
            return sum(observation_size(part) for part in _parts(space).values())
    raise UsageError(
        f"observations of {type(space).__name__} cannot be flattened; use Box, Discrete or a Dict"
    )


def flatten(space: Space[Any], observations: Any) -> NDArray[np.float32]:
    """Observations of a batch as one array; discrete values become one-hot vectors.

    Args:
        space: Of one observation.
        observations: N of them, as a vector environment gives them.

    Returns:
        [N, D].

    Raises:
        UsageError: As `observation_size`.
    """
    match space:
        case spaces.Dict() | spaces.Tuple():
            flat = [flatten(part, observations[key]) for key, part in _parts(space).items()]
            return np.concatenate(flat, axis=1)
        case spaces.Discrete():
            return one_hot(observations - space.start, int(space.n))
        case spaces.MultiDiscrete():
            values = (observations - space.start).reshape(len(observations), -1)
            flat = [one_hot(values[:, k], count) for k, count in enumerate(space.nvec.flat)]
            return np.concatenate(flat, axis=1)
    size = observation_size(space)
    return np.asarray(observations, np.float32).reshape(len(observations), size)


def action_size(space: Space[Any]) -> int:
    """Numbers A that `to_env` takes for one action: one for a discrete value, one for a continuous one.

    Raises:
        UsageError: Another space than Discrete, MultiDiscrete, Box of floats and finite bounds, or a Dict or
            Tuple of these.
    """
    match space:
        case spaces.Discrete():
            return 1
        case spaces.MultiDiscrete():
            return int(space.nvec.size)
        case spaces.Box() if space.is_bounded() and np.issubdtype(space.dtype, np.floating):
            return int(np.prod(space.shape))
        case spaces.Dict() | spaces.Tuple():
            return sum(action_size(part) for part in _parts(space).values())
    raise UsageError(f"actions must be discrete, or floats of finite bounds, or a Dict of these; got {space}")


def to_env(space: Space[Any], actions: NDArray[np.float32]) -> Any:
    """Actions of a batch as its environment takes them.

    Args:
        space: Of one action.
        actions: [N, A]; discrete values are whole and count from 0; continuous ones lie in [−1, 1], which is
            mapped to the bounds of their Box.

    Returns:
        N actions, in the action space of a vector environment.

    Raises:
        UsageError: As `action_size`, or an array of another width.
    """
    size = action_size(space)
    if actions.ndim != 2 or actions.shape[1] != size:
        raise UsageError(f"a batch of these actions has shape [N, {size}]; got {list(actions.shape)}")
    match space:
        case spaces.Discrete():
            return actions[:, 0].astype(space.dtype) + space.start
        case spaces.MultiDiscrete():
            return actions.reshape(-1, *space.shape).astype(space.dtype) + space.start
        case spaces.Box():
            centre, half = (space.high + space.low) / 2, (space.high - space.low) / 2
            scaled = centre + half * actions.reshape(-1, *space.shape)
            return np.clip(scaled, space.low, space.high).astype(space.dtype, copy=False)
        case spaces.Dict():
            return dict(zip(space.spaces, _to_parts(space, actions), strict=True))
        case spaces.Tuple():
            return tuple(_to_parts(space, actions))


def one_hot(values: NDArray[np.integer[Any]], count: int) -> NDArray[np.float32]:
    """Whole numbers below `count`, [N], as one-hot vectors [N, count]."""
    vectors: NDArray[np.float32] = np.eye(count, dtype=np.float32)[values]
    return vectors


def _to_parts(space: spaces.Dict[Any] | spaces.Tuple[Any], actions: NDArray[np.float32]) -> list[Any]:
    parts = _parts(space).values()
    ends = np.cumsum([action_size(part) for part in parts])
    columns = np.split(actions, ends[:-1], axis=1)
    return [to_env(part, own) for part, own in zip(parts, columns, strict=True)]


def _parts(space: spaces.Dict[Any] | spaces.Tuple[Any]) -> dict[Any, Space[Any]]:
    """Parts under the keys that find their values."""
    return dict(space.spaces if isinstance(space, spaces.Dict) else enumerate(space.spaces))
