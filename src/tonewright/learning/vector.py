"""Environments as batches: struct of arrays, one row per environment.

A subclass of `BatchEnv` holds dynamics and reward only. Autoreset, truncation, seeds and the format of `info`
live here, once. A single environment is a batch of one.
"""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import gymnasium
import numpy as np
from gymnasium.utils import seeding
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space, concatenate, create_empty_array, iterate
from numpy.typing import NDArray

from tonewright.checks import check_whole
from tonewright.errors import UnknownNameError, UsageError

Info = dict[str, Any]
Step = tuple[Any, NDArray[np.float32], NDArray[np.bool_], NDArray[np.bool_], Info]


class BatchEnv(VectorEnv[Any, Any, NDArray[Any]], ABC):
    """Base of every environment: N rows that act, end and begin independently of each other.

    A row seeded with s goes through the same episodes whatever the size of the batch and whatever the other
    rows do, provided that a subclass draws row i's random numbers from `rngs[i]` alone.

    A row that ends in `_advance` is terminated; one that has made `max_episode_steps` steps without that is
    truncated; never both. What happens next is the autoreset mode, as Gymnasium defines it:

    - `SAME_STEP`: a new episode begins at once. Observation and info are those of its beginning; those of the
      end are `info["final_obs"]` and `info["final_info"]`, present when a row has ended and valid in the rows
      that `info["_final_obs"]` marks.
    - `NEXT_STEP`: the row's next step ignores its action, begins a new episode and earns 0.
    - `DISABLED`: the caller begins new episodes with `reset(options={"reset_mask": mask})` (mask [N] bool).

    Every info is an array with leading axis N (`final_obs` is nested like the observation, `final_info` like
    the info), beside a mask `_key` [N] of the rows it was filled for.

    Args:
        num_envs: Rows of the batch, N.
        observation_space: Of one row.
        action_space: Of one row.
        max_episode_steps: Steps after which an episode is truncated.
        autoreset_mode: The mode, or its name ("SameStep").
        **unknown: Whatever else a subclass was given; refused.

    Attributes:
        rngs: Random numbers of each row.
        elapsed: [N] steps made in the running episode; inside `_advance`, the present one not counted.

    Raises:
        UsageError: Fewer than 1 row or step, or an unknown mode.
        UnknownNameError: There is no such argument.
    """

    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012 (Gymnasium's declaration)

    def __init__(
        self,
        num_envs: int,
        observation_space: gymnasium.Space[Any],
        action_space: gymnasium.Space[Any],
        *,
        max_episode_steps: int,
        autoreset_mode: AutoresetMode | str = AutoresetMode.SAME_STEP,
        **unknown: Any,
    ) -> None:
        self._check_known(unknown)
        check_whole(num_envs, "num_envs", 1)
        check_whole(max_episode_steps, "max_episode_steps", 1)
        self.num_envs = num_envs
        self.single_observation_space, self.single_action_space = observation_space, action_space
        self.observation_space = batch_space(observation_space, num_envs)
        self.action_space = batch_space(action_space, num_envs)
        self.max_episode_steps = max_episode_steps
        self.autoreset_mode = _autoreset_mode(autoreset_mode)
        self.metadata = {**self.metadata, "autoreset_mode": self.autoreset_mode}
        self.rngs = [np.random.default_rng() for _ in range(num_envs)]
        self.elapsed = np.zeros(num_envs, np.intp)
        self._begun = False
        # Rows whose episode has ended and whose next has not begun.
        self._over = np.zeros(num_envs, np.bool_)

    @classmethod
    def _check_known(cls, arguments: Iterable[str], known: Iterable[str] = ()) -> None:
        """Check names of arguments: those of the class, `autoreset_mode`, and others that it knows.

        Raises:
            UnknownNameError: There is no such argument.
        """
        parameters = inspect.signature(cls).parameters.values()
        own = [one.name for one in parameters if one.kind is not inspect.Parameter.VAR_KEYWORD]
        known = {*own, "autoreset_mode", *known}
        for name in arguments:
            if name not in known:
                raise UnknownNameError(f"argument of {cls.__name__}", name, known)

    @abstractmethod
    def _begin(self, rows: NDArray[np.intp]) -> None:
        """Start new episodes in `rows` (never empty); nothing of their previous episodes may remain."""

    @abstractmethod
    def _advance(
        self, actions: Any, rows: NDArray[np.intp]
    ) -> tuple[NDArray[np.floating[Any]], NDArray[np.bool_]]:
        """Act in `rows` (never empty); what is returned for the others is ignored.

        Args:
            actions: One for every row of the batch, in `action_space`.
            rows: Rows that act.

        Returns:
            Rewards [N], and whether each row has reached an end of its own (not of time) [N].
        """

    @abstractmethod
    def _observe(self) -> Any:
        """The present observations, in `observation_space`, in arrays that nobody else holds."""

    def _info(self) -> dict[str, NDArray[Any]]:
        """What else there is to know at present, in arrays [N, …] that nobody else holds."""
        return {}

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[Any, Info]:
        """Begin new episodes.

        Args:
            seed: s seeds row i with s + i; a sequence seeds each row; None keeps random numbers going.
            options: `{"reset_mask": mask}` (mask [N] bool) begins and seeds only the rows it marks.

        Returns:
            Observations of all rows, and info of those that began.

        Raises:
            UsageError: Seeds or options that do not fit the batch.
        """
        begins, seeds = self._reset_mask(options or {}), self._row_seeds(seed)
        for row, row_seed in enumerate(seeds):
            if begins[row] and row_seed is not None:
                self.rngs[row], _ = seeding.np_random(row_seed)
        self._begun = True
        self._start(begins)
        self._over = self._over & ~begins
        return self._observe(), _masked(self._info(), begins)

    def step(self, actions: Any) -> Step:
        """Act in every row.

        Args:
            actions: In `action_space`.

        Returns:
            Observations, rewards [N], terminated [N], truncated [N], info.

        Raises:
            UsageError: No reset yet, actions outside `action_space`, or a row for the caller to reset first.
        """
        if not self._begun:
            raise UsageError("no episode has begun; call reset before step")
        if not self.action_space.contains(actions):
            rule = f"actions must be {self.num_envs} rows of {self.single_action_space}"
            raise UsageError(f"{rule}; got {_outline(actions)}")
        if self._over.any() and self.autoreset_mode is not AutoresetMode.NEXT_STEP:
            rows = np.flatnonzero(self._over).tolist()
            raise UsageError(f"the episodes of rows {rows} are over; reset those rows before the next step")
        acts = ~self._over
        rewards, terminated = np.zeros(self.num_envs, np.float32), np.zeros(self.num_envs, np.bool_)
        if acts.any():
            earned, ended = self._advance(actions, np.flatnonzero(acts))
            rewards[acts], terminated[acts] = earned[acts], ended[acts]
        self.elapsed += acts
        truncated = acts & ~terminated & (self.elapsed >= self.max_episode_steps)
        self._start(~acts)
        self._over = terminated | truncated

        everywhere = np.ones(self.num_envs, np.bool_)
        observations, info = self._observe(), self._info()
        if self.autoreset_mode is not AutoresetMode.SAME_STEP or not self._over.any():
            return observations, rewards, terminated, truncated, _masked(info, everywhere)
        over, self._over = self._over, np.zeros(self.num_envs, np.bool_)
        final = _masked({"final_obs": observations, "final_info": _masked(info, over)}, over)
        self._start(over)
        return self._observe(), rewards, terminated, truncated, _masked(self._info(), everywhere) | final

    @property  # type: ignore[misc]
    def np_random(self) -> tuple[np.random.Generator, ...]:  # type: ignore[override]
        """Random numbers of each row, as Gymnasium's own vector environments give them."""
        return tuple(self.rngs)

    def _start(self, begins: NDArray[np.bool_]) -> None:
        if begins.any():
            self.elapsed[begins] = 0
            self._begin(np.flatnonzero(begins))

    def _reset_mask(self, options: dict[str, Any]) -> NDArray[np.bool_]:
        unknown = sorted(options.keys() - {"reset_mask"})
        if unknown:
            raise UsageError(f"reset has one option, 'reset_mask'; got {', '.join(map(repr, unknown))}")
        mask = options.get("reset_mask", np.ones(self.num_envs, np.bool_))
        if not isinstance(mask, np.ndarray) or mask.dtype != np.bool_ or mask.shape != (self.num_envs,):
            raise UsageError(f"reset_mask must be a bool array of shape ({self.num_envs},); got {mask!r}")
        if not (mask.any() and (self._begun or mask.all())):
            rows = np.flatnonzero(mask).tolist()
            raise UsageError(f"reset_mask must mark a row, and the first reset every row; got rows {rows}")
        return mask

    def _row_seeds(self, seed: int | Sequence[int | None] | None) -> Sequence[int | None]:
        if seed is None:
            return [None] * self.num_envs
        if isinstance(seed, Sequence):
            if len(seed) != self.num_envs:
                raise UsageError(f"a seed for each of {self.num_envs} rows is needed; got {len(seed)} seeds")
            return seed
        return [int(seed) + row for row in range(self.num_envs)]


class SingleEnv(gymnasium.Env[Any, Any]):
    """One environment: a batch of one.

    Args:
        make_batch: Called with `num_envs=1`, `autoreset_mode=AutoresetMode.DISABLED` and `kwargs`.
        kwargs: What else `make_batch` takes.

    Attributes:
        batch: The batch of one.

    Raises:
        UsageError: An argument that only a batch takes.
    """

    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012 (Gymnasium's declaration)

    def __init__(self, make_batch: Callable[..., BatchEnv], **kwargs: Any) -> None:
        for name in ("num_envs", "autoreset_mode"):
            if name in kwargs:
                raise UsageError(f"a single environment takes no {name}; got {kwargs[name]!r}; use make_vec")
        self.batch = make_batch(num_envs=1, autoreset_mode=AutoresetMode.DISABLED, **kwargs)
        self.observation_space = self.batch.single_observation_space
        self.action_space = self.batch.single_action_space

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, Info]:
        """Begin a new episode; the options are those of the batch."""
        super().reset(seed=seed)
        self.batch.rngs[0] = self.np_random
        observations, info = self.batch.reset(options=options)
        return self._only(observations), _only_info(info)

    def step(self, action: Any) -> tuple[Any, float, bool, bool, Info]:
        """Act once.

        Raises:
            UsageError: The episode is over or has not begun.
        """
        empty: Any = create_empty_array(self.action_space, 1)
        actions = concatenate(self.action_space, [action], empty)
        observations, rewards, terminated, truncated, info = self.batch.step(actions)
        return (
            self._only(observations),
            float(rewards[0]),
            bool(terminated[0]),
            bool(truncated[0]),
            _only_info(info),
        )

    def close(self) -> None:
        """Release what the batch holds."""
        self.batch.close()

    def _only(self, observations: Any) -> Any:
        return next(iter(iterate(self.batch.observation_space, observations)))


def _autoreset_mode(mode: AutoresetMode | str) -> AutoresetMode:
    try:
        return AutoresetMode(mode)
    except ValueError:
        names = ", ".join(repr(known.value) for known in AutoresetMode)
        raise UsageError(f"autoreset_mode must be one of {names}; got {mode!r}") from None


def _masked(info: Info, rows: NDArray[np.bool_]) -> Info:
    """Info with a mask `_key` of the rows it was filled for beside each key."""
    return info | {f"_{key}": rows.copy() for key in info}


def _outline(value: Any) -> str:
    """Kinds, shapes and ranges of (nested) arrays, for messages."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_outline(part)}" for key, part in value.items()) + "}"
    if isinstance(value, tuple):
        return "(" + ", ".join(map(_outline, value)) + ")"
    if isinstance(value, np.ndarray) and value.size and value.dtype != object:
        return f"{value.dtype} {list(value.shape)} from {value.min():g} to {value.max():g}"
    return f"{type(value).__name__} {value!r}"


def _only_info(info: Info) -> Info:
    return {key: value[0] for key, value in info.items() if f"_{key}" in info}
