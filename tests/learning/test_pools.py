import os
import signal
import sys

import numpy as np
import pytest

from tonewright.errors import MissingExtraError, UsageError, WorkerError
from tonewright.learning.pools import LocalPool, make_pool

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
    with pytest.raises(MissingExtraError, match=r"tonewright\[scale\]"):
        make_pool("ray:2", Parrot)


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


# Functions below define what Ray's processes need inside themselves: those cannot import this module.


def real_workers(trap):
    """Workers in a probe; the process that steps while the file `trap` is there removes it and dies."""
    from tonewright.learning.heads import Categorical
    from tonewright.learning.policy import ActorCritic
    from tonewright.learning.probes import CopyProbe
    from tonewright.learning.rollout import RolloutWorker

    class Trapped(CopyProbe):
        def _advance(self, actions, rows):
            if self.elapsed[0] == 3 and trap.exists():
                trap.unlink()
                os.kill(os.getpid(), signal.SIGKILL)
            return super()._advance(actions, rows)

    def make_policy():
        return ActorCritic(4, Categorical(4), (8,))

    return make_policy().weights(), lambda index: RolloutWorker(lambda: Trapped(3), make_policy, 5, index)


def test_ray_collects_what_a_local_pool_does_and_replaces_who_dies(tmp_path):
    ray = pytest.importorskip("ray")
    trap = tmp_path / "trap"
    weights, make_worker = real_workers(trap)
    local, actors = make_pool("local:2", make_worker), make_pool("ray:2", make_worker)
    try:
        assert_same(actors.collect(weights, 10, 0), local.collect(weights, 10, 0))
        assert_same(actors.collect(weights, 10, 1), local.collect(weights, 10, 1))

        trap.touch()
        rollouts, undisturbed = actors.collect(weights, 10, 2), local.collect(weights, 10, 2)
        assert not trap.exists()
        assert actors.replaced == 1
        assert len(rollouts) == 2
        # One of the two went on as if nothing had happened; the other began anew, seeded by the update.
        same = [
            np.array_equal(*(one.rewards for one in pair)) for pair in zip(rollouts, undisturbed, strict=True)
        ]
        assert sorted(same) == [False, True]
        dead = same.index(False)
        assert_same([rollouts[dead]], [make_worker(dead).collect(weights, 10, 2)])

        assert_same(actors.collect(weights, 10, 3, reseed=3), local.collect(weights, 10, 3, reseed=3))
    finally:
        actors.close()
    assert not ray.is_initialized()


def faulty_workers():
    """Worker 0 raises an error of its own; worker 1 dies whenever it collects."""

    class Faulty:
        def __init__(self, index):
            self.index = index

        def collect(self, weights, steps, reseed):
            if self.index == 0 and steps == 1:
                raise UsageError("a rule was broken")
            if self.index == 1 and steps == 2:
                os.kill(os.getpid(), signal.SIGKILL)
            return self.index, os.environ["OMP_NUM_THREADS"], os.environ["NUMBA_NUM_THREADS"]

    return Faulty


def test_ray_tells_a_workers_error_from_its_death():
    ray = pytest.importorskip("ray")
    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        pool = make_pool("ray:2", faulty_workers())
        with pytest.raises(UsageError, match="a rule was broken"):
            pool.collect({}, 1, 0)
        assert pool.replaced == 0
        with pytest.raises(WorkerError, match="worker 1 died 3 times in one update"):
            pool.collect({}, 2, 1)
        assert pool.collect({}, 3, 2) == [(0, "1", "1"), (1, "1", "1")]
        pool.close()
        assert ray.is_initialized()
    finally:
        ray.shutdown()
