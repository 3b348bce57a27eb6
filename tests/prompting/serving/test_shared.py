import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tonewright.audio import Clip
from tonewright.errors import UsageError
from tonewright.prompting.generators.base import Generator, Request
from tonewright.prompting.serving.errors import BusyError, LateError, UnavailableError
from tonewright.prompting.serving.limits import Limits

from .conftest import assert_same, calls, outcomes, until

HARMLESS = [Request(f"sound {seed}", seconds=0.1, seed=seed) for seed in range(4)]


def test_it_gives_what_the_generator_gives(share, direct):
    shared = share()
    assert isinstance(shared, Generator)
    assert (shared.name, shared.settings) == ("tiny", direct.settings)
    init = Clip(np.full((2, 100), 0.25, np.float32), 48_000)
    asked = [
        Request("a", seconds=0.5, seed=7, steps=9, sampler="pingpong"),
        Request("b", init_audio=init, init_noise_level=1.0),
        Request("nan"),
        Request("shape", seconds=0.2),
    ]
    made = shared.generate(asked)
    assert_same(made, direct.generate(asked))
    assert made[2].fault == "it gave numbers that are not finite"
    assert made[3].fault == "it gave [3, 5] numbers, no stereo sound"
    assert outcomes(shared) == {"ok": 2, "fault": 2}


@pytest.mark.parametrize("broken", ["nan", "shape"])
def test_what_a_generator_does_not_check_is_checked(share, broken):
    (made,) = share().generate([Request(f"{broken} unchecked", seconds=0.2)])
    assert made.fault
    assert made.samples.shape == (2, 8_820)
    assert not made.samples.any()


def test_requests_of_many_threads_are_rendered_together(share, model, direct):
    shared = share(batch=4, queue=100, collect_s=0.0)
    (model / "gate").touch()
    with ThreadPoolExecutor(13) as pool:
        first = pool.submit(shared.generate, HARMLESS[:1])
        until(lambda: calls(model) == [1])
        asked = [Request(f"sound {seed}", seconds=0.1, seed=seed) for seed in range(12)]
        others = [pool.submit(shared.generate, [one]) for one in asked]
        until(lambda: shared.queue_length == 12)
        (model / "gate").unlink()
        made = [one.result()[0] for one in others]
        first.result()
    assert calls(model) == [1, 4, 4, 4]
    assert_same(made, direct.generate(asked))


def test_the_first_waits_a_moment_for_others(share, model):
    shared = share(batch=3, collect_s=20.0)
    began_s = time.monotonic()
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda one: shared.generate([one]), HARMLESS[:3]))
    assert calls(model) == [3]  # complete, and so sent before the moment is over
    assert time.monotonic() < began_s + 15.0


def test_what_cannot_be_done_is_refused_before_it_waits(share, model):
    shared = share(queue=3, most_seconds=30.0)
    for requests, complaint in (
        ([Request("a", steps=51)], "steps is 1 to 50; got 51"),
        ([Request("a", sampler="pingpang")], "did you mean 'pingpong'?"),
        ([Request("a", sigma_max=1.0)], "tiny has no sigma_max; got 1.0; it has negative_prompt"),
        ([], "a call has 1 to 3 requests; got 0"),
        (HARMLESS, "a call has 1 to 3 requests; got 4; make several"),
        ([Request("a", seconds=16.0)] * 2, "a call asks for up to 30 s of sound; got 32; make several"),
    ):
        with pytest.raises(UsageError, match=complaint):
            shared.generate(requests)
    assert calls(model) == []
    assert outcomes(shared) == {"refused": 9}


def test_what_the_generator_refuses_harms_no_other(share, model, direct):
    shared = share()
    tickets = shared.submit([HARMLESS[0], Request("refused"), HARMLESS[1]])
    with pytest.raises(UsageError, match="tiny makes nothing that is refused"):
        tickets[1].future.result(60)
    assert_same([tickets[0].future.result(60), tickets[2].future.result(60)], direct.generate(HARMLESS[:2]))
    assert outcomes(shared) == {"ok": 2, "refused": 1}
    assert shared.replaced == 0


def test_too_many_are_told_to_come_back(share, model):
    shared = share(batch=1, queue=2, collect_s=0.0)
    (model / "gate").touch()
    tickets = shared.submit(HARMLESS[:1])
    until(lambda: calls(model) == [1])
    tickets += shared.submit(HARMLESS[1:2])
    with pytest.raises(BusyError, match="up to 2 requests wait; got 2 more than 1; try again later"):
        shared.submit(HARMLESS[2:])  # together, or not at all
    tickets += shared.submit(HARMLESS[2:3])
    with pytest.raises(BusyError):
        shared.submit(HARMLESS[3:])
    shared.cancel(tickets[1:2])  # who goes away makes room
    tickets += shared.submit(HARMLESS[3:])
    (model / "gate").unlink()
    until(lambda: all(one.ended for one in tickets))
    assert calls(model) == [1, 1, 1]
    assert outcomes(shared) == {"ok": 3, "full": 3, "cancelled": 1}


def test_what_takes_too_long_is_told(share, model):
    shared = share(batch=1, timeout_s=0.5)
    (model / "gate").touch()
    started = shared.submit(HARMLESS[:1])
    until(lambda: calls(model) == [1])
    with pytest.raises(LateError, match=r"a sound may take 0\.5 s; it took longer"):
        shared.generate(HARMLESS[1:2])
    (model / "gate").unlink()
    until(lambda: started[0].ended)
    assert shared.generate(HARMLESS[2:3])[0].fault is None
    assert outcomes(shared)["timeout"] >= 1


def test_the_end_is_told_to_all_who_wait(share, model):
    shared = share(batch=1)
    (model / "gate").touch()
    tickets = shared.submit(HARMLESS)
    until(lambda: calls(model) == [1])
    pid = shared.worker_pid
    shared.close()
    for one in tickets:
        with pytest.raises(UnavailableError, match="the server ends"):
            one.future.result(0)
    with pytest.raises(UnavailableError, match="the server ends"):
        shared.generate(HARMLESS)
    assert not Path(f"/proc/{pid}").exists()
    assert outcomes(shared) == {"unavailable": 8}
    assert not [one for one in threading.enumerate() if one.name == "batches"]


@pytest.mark.parametrize("limits", [{"batch": 0}, {"queue": -1}, {"timeout_s": float("nan")}])
def test_limits_leave_room(limits):
    with pytest.raises(UsageError, match=f"{next(iter(limits))} is a number above 0; got"):
        Limits(**limits)
