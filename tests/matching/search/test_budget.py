from itertools import count

import pytest

from tonewright.matching.search import budget as module
from tonewright.matching.search.budget import Budget


@pytest.fixture
def clock(monkeypatch):
    """A clock that goes on by one second whenever it is read."""
    seconds = count(100.0)
    monkeypatch.setattr(module.time, "perf_counter", lambda: next(seconds))


def test_renders_are_counted_down():
    budget = Budget(renders=10)
    budget.spend(7)
    budget.spend(1)
    assert (budget.spent, budget.left) == (8, 2)
    assert not budget.time_is_up()


def test_seconds_run_from_the_start_on(clock):
    budget = Budget(seconds=2.0)
    assert budget.seconds == 0.0
    assert not any(budget.time_is_up() for _ in range(5))
    budget.start()
    assert [budget.time_is_up() for _ in range(3)] == [False, True, True]
    assert budget.seconds == 4.0


def test_what_is_not_given_is_not_limited(clock):
    budget = Budget()
    budget.start()
    budget.spend(10**12)
    assert budget.left > 10**12
    assert not any(budget.time_is_up() for _ in range(1_000))
