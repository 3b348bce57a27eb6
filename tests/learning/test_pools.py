import os
import signal
import sys

import numpy as np
import pytest

from tonewright.errors import MissingExtraError, UsageError, WorkerError
from tonewright.learning.pools import LocalPool, check_workers, make_pool

torch = pytest.importorskip("torch")


class Parrot:
    """Gives back what it was asked."""

    def __init__(self, index):
        self.index = index

    def collect(self, weights, steps, reseed):
        return self.index, weights["bias"].sum(), steps, reseed, torch.get_num_threads()


@pytest.mark.parametrize(("spec", "indices"), [("local", [0]), ("local:3", [0, 1, 2])])
def test_a_local_pool_asks_its_workers_in_order(spec, indices):
    pool = make_pool(spec, Parrot)
    weights = {"bias": np.ones(2)}
    assert pool.collect(weights, 5, 0) == [(index, 2, 5, None, 1) for index in indices]
    assert pool.collect(weights, 7, 1, 9) == [(index, 2, 7, 9, 1) for index in indices]
    pool.close()
    assert pool.collect(weights, 5, 2) == []


def test_a_local_pool_gives_torch_its_threads_back():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        LocalPool(1, Parrot).collect({"bias": np.ones(2)}, 1, 0)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize(
    "spec", ["", "ray", "ray:0", "local:-1", "local:1.5", "local:99999", "threads:2", "ray:2 "]
)
def test_anything_else_is_refused(spec):
    with pytest.raises(UsageError, match="workers are 'local', 'local:N' or 'ray:N'"):
        make_pool(spec, Parrot)


def test_without_ray_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match=r"\.\[scale\]"):
        make_pool("ray:2", Parrot)
    with pytest.raises(MissingExtraError, match="ray"):
        check_workers("ray:2")
    check_workers("local:2")


def test_ray_leaves_sigterm_to_this_process():
    pytest.importorskip("ray")
    received = []
    before = signal.signal(signal.SIGTERM, lambda *_: received.append("SIGTERM"))
    try:
        pool = make_pool("ray:1", Parrot)
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            pool.close()
    finally:
        signal.signal(signal.SIGTERM, before)
    assert received == ["SIGTERM"]


def arrays(rollout):
    """All arrays of a rollout by name."""
    fields = dict(vars(rollout))
    nested = {key: fields.pop(key) for key in ("extras", "episodes")}
    return fields | {f"{key}/{name}": value for key, part in nested.items() for name, value in part.items()}


def assert_same(rollouts, others):
    assert len(rollouts) == len(others)
    for one, other in zip(map(arrays, rollouts), map(arrays, others), strict=True):
        assert one.keys() == other.keys()
        for name, value in one.items():
            np.testing.assert_array_equal(value, other[name], err_msg=name)


def trapped_workers(traps):
    """Workers in a probe, of whom the second falls into the traps that lie as files in a folder.

    All is defined inside, since Ray's processes cannot import this module.
    """

    def make_worker(index):
        if index == 1 and (traps / "deadly").exists():
            os.kill(os.getpid(), signal.SIGKILL)

        from tonewright.learning.heads import Categorical
        from tonewright.learning.policy import ActorCritic
        from tonewright.learning.probes import CopyProbe
        from tonewright.learning.rollout import RolloutWorker

        class Trapped(CopyProbe):
            def _advance(self, actions, rows):
                if index == 1 and self.elapsed[0] == 3:
                    if (traps / "faulty").exists():
                        (traps / "faulty").unlink()
                        threads = [os.environ[f"{name}_NUM_THREADS"] for name in ("OMP", "NUMBA")]
                        raise UsageError(f"a rule was broken on threads {threads}")
                    if (traps / "deadly").exists():
                        os.kill(os.getpid(), signal.SIGKILL)
                    if (traps / "deadly-once").exists():
                        (traps / "deadly-once").unlink()
                        os.kill(os.getpid(), signal.SIGKILL)
                return super()._advance(actions, rows)

        return RolloutWorker(lambda: Trapped(3), lambda: ActorCritic(4, Categorical(4), (8,)), 5, index)

    return make_worker


# One test, because starting Ray takes seconds.
def test_ray_collects_what_a_local_pool_does_and_replaces_who_dies(tmp_path):
    ray = pytest.importorskip("ray")
    make_worker = trapped_workers(tmp_path)
    weights = make_worker(0).policy.weights()
    local, actors = make_pool("local:2", make_worker), make_pool("ray:2", make_worker)
    try:
        assert_same(actors.collect(weights, 10, 0), local.collect(weights, 10, 0))
        assert_same(actors.collect(weights, 10, 1), local.collect(weights, 10, 1))

        # Killed in the middle of a rollout: the other goes on, the new one begins anew, seeded by the update.
        (tmp_path / "deadly-once").touch()
        first, second = actors.collect(weights, 10, 2)
        assert actors.replaced == 1
        assert_same([first], local.collect(weights, 10, 2)[:1])
        assert_same([second], make_pool("local:2", make_worker).collect(weights, 10, 2, reseed=2)[1:])

        # An error of the worker's own is no death.
        (tmp_path / "faulty").touch()
        with pytest.raises(UsageError, match=r"^a rule was broken on threads \['1', '1'\]$"):
            actors.collect(weights, 10, 3)
        assert actors.replaced == 1

        (tmp_path / "deadly").touch()
        with pytest.raises(WorkerError, match="worker 1 died 3 times in one update"):
            actors.collect(weights, 10, 4)
        (tmp_path / "deadly").unlink()
        assert_same(actors.collect(weights, 10, 5, reseed=9), local.collect(weights, 10, 5, reseed=9))

        make_pool("ray:1", make_worker).close()
        assert ray.is_initialized()  # it was there before that pool
    finally:
        actors.close()
    assert not ray.is_initialized()
