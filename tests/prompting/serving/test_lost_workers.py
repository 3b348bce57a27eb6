"""A worker that is killed, breaks, hangs or cannot be loaded."""

import os
import signal

import numpy as np
import pytest

from tonewright.audio import Clip
from tonewright.errors import GenerationError, UsageError
from tonewright.prompting.generators.base import Request
from tonewright.prompting.serving.errors import UnavailableError
from tonewright.prompting.serving.limits import Limits
from tonewright.prompting.serving.shared import Shared

from .conftest import assert_same, calls, outcomes, until

HARMLESS = [Request(f"sound {seed}", seconds=0.1, seed=seed) for seed in range(4)]


def test_a_worker_that_is_killed_at_work_is_replaced_and_all_are_answered(share, model, direct):
    said = []
    shared = share(said.append)
    (model / "gate").touch()
    tickets = shared.submit(HARMLESS)
    until(lambda: calls(model) == [4])
    os.kill(shared.worker_pid, signal.SIGKILL)
    (model / "gate").unlink()
    assert_same([one.future.result(60) for one in tickets], direct.generate(HARMLESS))
    assert shared.replaced == 1
    assert outcomes(shared) == {"ok": 4}
    assert said == ["the worker is lost, and replaced: it died (signal 9)"]


def test_a_worker_that_is_killed_while_it_waits_is_replaced_before_anybody_asks(share, model):
    shared = share()
    (model / "loading").touch()
    os.kill(shared.worker_pid, signal.SIGKILL)
    until(lambda: shared.missing)
    assert shared.worker_pid is None
    (model / "loading").unlink()
    until(lambda: shared.missing is None)
    assert shared.replaced == 1
    assert calls(model) == []


@pytest.mark.parametrize(
    ("prompt", "fault"),
    [
        ("die", "the generator died of it twice: it died (signal 9)"),
        ("exit", "the generator died of it twice: it died (exit code 7)"),
        ("raise", "the generator died of it twice: RuntimeError: a device is lost"),
    ],
)
def test_what_brings_it_down_always_is_a_fault_and_harms_no_other(share, direct, prompt, fault):
    shared = share()
    made = shared.generate([*HARMLESS[:2], Request(prompt, seconds=0.1), *HARMLESS[2:]])
    assert made[2].fault == fault
    assert made[2].samples.shape == (2, 4_410)
    assert not made[2].samples.any()
    assert_same([*made[:2], *made[3:]], direct.generate(HARMLESS))
    assert outcomes(shared) == {"ok": 4, "fault": 1}
    assert shared.generate(HARMLESS[:1])[0].fault is None


@pytest.mark.parametrize("prompt", ["die once", "raise once"])
def test_what_brings_it_down_once_is_tried_again(share, direct, prompt):
    shared = share()
    asked = [Request(prompt, seconds=0.1)]
    assert_same(shared.generate(asked), direct.generate(asked))
    assert shared.replaced == 1


def test_a_worker_that_hangs_is_replaced(share, model, direct):
    said = []
    shared = share(said.append, hung_s=2.0)
    asked = [Request("hang once", seconds=0.1)]
    assert_same(shared.generate(asked), direct.generate(asked))
    assert shared.replaced == 1
    assert said == ["the worker is lost, and replaced: it did not answer within 2 s"]


def test_so_is_one_that_is_stopped_while_much_is_sent_to_it(share, direct):
    shared = share(hung_s=2.0)
    os.kill(shared.worker_pid, signal.SIGSTOP)
    init = Clip(np.full((2, 500_000), 0.25, np.float32), 48_000)  # more than a pipe holds
    asked = [Request("a", seconds=0.1, init_audio=init)]
    assert_same(shared.generate(asked), direct.generate(asked))
    assert shared.replaced == 1


@pytest.mark.parametrize(
    ("generator", "complaint"),
    [("tiny", "'model' holds no tiny; choose another folder"), ("tinny", "did you mean 'tiny'?")],
)
def test_what_cannot_be_loaded_is_told(model, generator, complaint):
    (model / "broken").touch()
    with pytest.raises((GenerationError, UsageError), match=complaint):
        Shared(generator, model)


def test_a_loading_that_never_ends_is_ended(model):
    (model / "loading").touch()
    with pytest.raises(GenerationError, match="tiny cannot be loaded: it did not answer within 2 s"):
        Shared("tiny", model, Limits(load_s=2.0))


def test_what_cannot_be_loaded_again_is_told_until_it_can(share, model):
    shared = share()
    (model / "broken").touch()
    os.kill(shared.worker_pid, signal.SIGKILL)
    until(lambda: shared.missing and "holds no tiny" in shared.missing)
    with pytest.raises(UnavailableError, match="tiny is not there: 'model' holds no tiny"):
        shared.generate(HARMLESS[:1])
    (model / "broken").unlink()
    until(lambda: shared.missing is None)
    assert shared.generate(HARMLESS[:1])[0].fault is None
    assert outcomes(shared) == {"unavailable": 1, "ok": 1}
    assert shared.replaced == 1


def test_what_cannot_even_be_sent_is_told_and_harms_no_other(share, direct):
    class Unsendable(str):
        """Of a class that another process cannot import."""

    shared = share()
    with pytest.raises(UnavailableError, match=r"the server failed: .*Unsendable"):
        shared.generate([Request(Unsendable("a"))])
    assert_same(shared.generate(HARMLESS), direct.generate(HARMLESS))
    assert outcomes(shared) == {"unavailable": 1, "ok": 4}
