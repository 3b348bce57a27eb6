"""Pools: where rollouts are collected, in this process or by Ray actors, with the same result.

A pool holds workers, each with an index and environments of its own, and asks all of them for a rollout at
every update. On one machine `ray:N` and `local:N` give the same rollouts, bit for bit, unless an actor dies.
"""

from __future__ import annotations

import os
import re
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from numpy.typing import NDArray

from tonewright.errors import MissingExtraError, UsageError, WorkerError
from tonewright.threads import SINGLE_THREADED, torch_on_one_thread

if TYPE_CHECKING:
    from tonewright.learning.rollout import Rollout, RolloutWorker

Weights = Mapping[str, NDArray[Any]]
MakeWorker = Callable[[int], "RolloutWorker"]

_SPEC = re.compile(r"(?P<kind>local|ray)(?::(?P<count>[1-9][0-9]{0,3}))?")
_MOST_DEATHS = 3


class Pool(Protocol):
    """Workers that collect rollouts together."""

    def collect(self, weights: Weights, steps: int, update: int, reseed: int | None = None) -> list[Rollout]:
        """Let every worker act for `steps` steps of its environments.

        Args:
            weights: Of the policy, by name; read-only where Ray brings them.
            steps: Steps of each environment.
            update: Number of the update the rollouts are for.
            reseed: Seed with which all environments begin anew; None lets them go on where they stand.

        Returns:
            One rollout to each worker, in the order of their indices; the arrays may be read-only.

        Raises:
            WorkerError: A worker dies again each time it is replaced.
        """
        ...

    def close(self) -> None:
        """Let go of the workers; nothing can be collected afterwards."""
        ...


def make_pool(spec: str, make_worker: MakeWorker) -> Pool:
    """Give the pool that `spec` names.

    Args:
        spec: "local" (one worker), "local:N" (N workers, one after another) or "ray:N" (N actors at once).
        make_worker: Makes the worker of an index; for Ray it travels to another process.

    Raises:
        UsageError: Any other `spec`.
        MissingExtraError: Ray is asked for and not installed.
    """
    kind, count = parse_workers(spec)
    return RayPool(count, make_worker) if kind == "ray" else LocalPool(count, make_worker)


def parse_workers(spec: str) -> tuple[str, int]:
    """Kind and number of the workers that `spec` names.

    Raises:
        UsageError: It is none that `make_pool` knows.
    """
    match = _SPEC.fullmatch(spec)
    if match is None or (match["kind"] == "ray" and match["count"] is None):
        raise UsageError(f"workers are 'local', 'local:N' or 'ray:N' with N from 1 to 9999; got {spec!r}")
    return match["kind"], int(match["count"] or 1)


def check_workers(spec: str) -> None:
    """Raise what `make_pool` would, without making anything."""
    kind, _ = parse_workers(spec)
    if kind == "ray":
        _import_ray()


class LocalPool:
    """Workers in this process, one after another.

    Torch runs on one thread while they collect, as in Ray's actors: the last bit of its sums depends on that.

    Args:
        count: How many.
        make_worker: Makes the worker of an index.
    """

    def __init__(self, count: int, make_worker: MakeWorker) -> None:
        self._workers = [make_worker(index) for index in range(count)]

    def collect(self, weights: Weights, steps: int, update: int, reseed: int | None = None) -> list[Rollout]:
        """Collect as `Pool.collect` says; `update` changes nothing here."""
        with torch_on_one_thread():
            return [worker.collect(weights, steps, reseed) for worker in self._workers]

    def close(self) -> None:
        """Let go of the workers."""
        self._workers.clear()


class RayPool:
    """Ray actors, one process and one thread each.

    Ray is started on this machine unless it runs already or RAY_ADDRESS names a cluster. An actor whose
    process dies is replaced and asked again. Its environments are lost: the new one's begin anew, seeded by
    `reseed` if one is given, else by the number of the update.

    Args:
        count: How many actors, each taking one of Ray's CPUs.
        make_worker: Makes the worker of an index, in the actor's process.

    Attributes:
        replaced: How many actors have been replaced.

    Raises:
        MissingExtraError: Ray is not installed.
    """

    def __init__(self, count: int, make_worker: MakeWorker) -> None:
        ray = _import_ray()
        self._ray = ray
        self.replaced = 0
        self._make_worker = make_worker
        self._started_ray = not ray.is_initialized()
        if self._started_ray:
            _start_ray(ray, count)
        # Workers share the cores by being many; threads of their own would only get in each other's way.
        self._actor_class = ray.remote(num_cpus=1, runtime_env={"env_vars": SINGLE_THREADED})(_Actor)
        self._actors = [self._start(index) for index in range(count)]

    def collect(self, weights: Weights, steps: int, update: int, reseed: int | None = None) -> list[Rollout]:
        """Collect as `Pool.collect` says; an exception of a worker is raised here as it was there."""
        shared = self._ray.put(dict(weights))
        pending = [actor.collect.remote(shared, steps, reseed) for actor in self._actors]
        begin_anew = update if reseed is None else reseed
        return [self._result(index, call, shared, steps, begin_anew) for index, call in enumerate(pending)]

    def close(self) -> None:
        """End the actors, and Ray if this pool started it."""
        for actor in self._actors:
            self._ray.kill(actor)
        self._actors.clear()
        if self._started_ray:
            self._ray.shutdown()
            self._started_ray = False

    def _start(self, index: int) -> Any:
        return self._actor_class.remote(self._make_worker, index)

    def _result(self, index: int, call: Any, shared: Any, steps: int, begin_anew: int) -> Any:
        """The rollout of one actor; whatever fails except the worker's own code is a lost actor."""
        for _ in range(_MOST_DEATHS):
            try:
                return self._ray.get(call)
            except self._ray.exceptions.RayTaskError as error:
                raise error.cause from error
            except self._ray.exceptions.RayError as error:
                lost = error
                self.replaced += 1
                self._ray.kill(self._actors[index])
                self._actors[index] = self._start(index)
                call = self._actors[index].collect.remote(shared, steps, begin_anew)
        reason = " ".join(str(lost).split())
        raise WorkerError(
            f"worker {index} died {_MOST_DEATHS} times in one update; give it fewer environments if memory "
            f"is short, or find its fault with workers 'local' ({reason[:200]})"
        ) from lost


class _Actor:
    """What runs in an actor's process."""

    def __init__(self, make_worker: MakeWorker, index: int) -> None:
        self._make_worker, self._index = make_worker, index
        self._worker: RolloutWorker | None = None

    def collect(self, weights: Weights, steps: int, reseed: int | None) -> Rollout:
        # Made here, not in the constructor: an exception there would look like a death of the process.
        if self._worker is None:
            self._worker = self._make_worker(self._index)
        return self._worker.collect(weights, steps, reseed)


def _import_ray() -> Any:
    try:
        import ray
    except ImportError as missing:
        raise MissingExtraError("ray", "scale", "collecting with workers 'ray:N'") from missing
    return ray


@contextmanager
def _own_sigterm() -> Iterator[None]:
    """Keep what SIGTERM does to this process: Ray has it end without a word."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, before)


@_own_sigterm()
def _start_ray(ray: Any, cpus: int) -> None:
    if "RAY_ADDRESS" in os.environ:
        ray.init(log_to_driver=False)
        return
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is reported to anybody
    ray.init(address="local", num_cpus=cpus, include_dashboard=False, log_to_driver=False)
