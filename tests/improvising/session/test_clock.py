import numpy as np
import pytest

from tonewright.improvising.session.clock import Clock, Deadlines

PERIOD_S = 0.005


class Time:
    """A clock that is told the time, and sleepers that wake a little late."""

    def __init__(self, oversleeps_ns=0):
        self.ns, self.oversleeps_ns, self.slept = 10**9, oversleeps_ns, 0

    def now(self):
        return self.ns

    def sleep(self, seconds):
        self.slept += 1
        self.ns += round(seconds * 1e9) + self.oversleeps_ns


def made(**settings):
    time = Time(**settings)
    clock = Clock(PERIOD_S, time.now, time.sleep)
    clock.start()
    return clock, time


def test_deadlines_do_not_drift():
    """However long hops take, and however late sleep wakes, the thousandth is due a thousand periods on."""
    clock, time = made(oversleeps_ns=70_000)
    begin = time.ns
    for _ in range(1000):
        assert clock.wait() == 1
        time.ns += 2_000_000
    assert time.ns - begin == 1000 * 5_000_000 + 70_000 + 2_000_000
    assert clock.deadlines.late == clock.deadlines.skipped == 0
    assert clock.deadlines.worst_ns == 70_000


def test_after_a_stall_the_newest_deadline_counts():
    clock, time = made()
    clock.wait()
    time.ns += 17_600_000  # three deadlines pass, the newest 2.6 ms ago
    assert clock.wait() == 3
    assert clock.deadlines.skipped == 2
    assert clock.deadlines.late == 1
    slept = time.slept
    assert clock.wait() == 1
    assert time.slept == slept + 1
    assert (time.ns - 10**9) % 5_000_000 == 0


def test_quantiles_bound_what_was_counted():
    rng = np.random.default_rng(0)
    deviations = rng.exponential(100_000, 20_000).astype(int)
    deadlines = Deadlines(5_000_000)
    for one in deviations:
        deadlines.count(int(one))
    for share in (0.5, 0.9, 0.99):
        true = np.quantile(deviations, share) / 1000
        assert true <= deadlines.quantile_us(share) <= 1.3 * true
    assert deadlines.quantile_us(1.0) == pytest.approx(deviations.max() / 1000)
    edges, counts = deadlines.classes
    assert counts.sum() == deadlines.hops == 20_000
    assert counts[edges > 1000].sum() == (deviations > 1e6).sum()
