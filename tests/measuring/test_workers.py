import os
import signal
import subprocess
import sys
import time
from functools import partial

import pytest

from tonewright.errors import TonewrightError
from tonewright.measuring.records import RecordLog
from tonewright.measuring.workers import finish


def keys(piece):
    return [(piece, budget) for budget in (1, 2)]


def key(record):
    return record["piece"], record["budget"]


def do(done, piece, wanted):
    """The records of a piece; `done` notes what was asked for, where that is this process."""
    done.append((piece, tuple(budget for _, budget in wanted)))
    return [
        {
            "piece": piece,
            "budget": budget,
            "value": 10 * piece + budget,
            "threads": os.environ.get("OMP_NUM_THREADS"),
        }
        for _, budget in wanted
    ]


def finished(work, done, **options):
    return finish(work, partial(do, done), keys=keys, key=key, **options)


@pytest.fixture
def log(tmp_path):
    return lambda: RecordLog(tmp_path / "log.jsonl", key=("piece", "budget"), header={})


def test_records_come_in_the_order_of_pieces_and_keys():
    done = []
    records = finished([3, 1, 2], done)
    assert [record["value"] for record in records] == [31, 32, 11, 12, 21, 22]
    assert done == [(3, (1, 2)), (1, (1, 2)), (2, (1, 2))]


def test_an_interrupted_work_goes_on(log):
    done, told = [], []

    def interrupt_at_second():
        told.append(1)
        if len(told) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        finished([1, 2, 3], done, log=log(), progress=interrupt_at_second)
    assert done == [(1, (1, 2)), (2, (1, 2))]
    records = finished([1, 2, 3], done, log=log())
    assert done[2:] == [(3, (1, 2))]
    assert [record["value"] for record in records] == [11, 12, 21, 22, 31, 32]
    assert list(log().records) == [(1, 1), (1, 2), (2, 1), (2, 2), (3, 1), (3, 2)]


def test_only_the_keys_that_are_missing_are_asked_for(log):
    done = []
    log().append(do([], 1, [(1, 2)]))
    finished([1], done, log=log())
    assert done == [(1, (1,))]


def test_progress_is_told_for_each_piece_done_or_known(log):
    told = []
    finished([1, 2], [], log=log())
    finished([1, 2, 3], [], log=log(), progress=lambda: told.append(1))
    assert len(told) == 3


def test_several_processes_of_one_thread_give_what_one_gives(log):
    alone = finished([1, 2, 3], [])
    together = finished([1, 2, 3], [], workers=2, log=log())
    assert [record["value"] for record in together] == [record["value"] for record in alone]
    assert {record["threads"] for record in together} == {"1"}
    assert sorted(log().records) == sorted(key(record) for record in alone)
    assert os.environ.get("OMP_NUM_THREADS") == alone[0]["threads"]


class Deadly:
    """Ends the process that reads it."""

    def __reduce__(self):
        return os._exit, (9,)


def test_a_worker_that_dies_is_told():
    with pytest.raises(TonewrightError, match=r"a worker process died.*give fewer --workers"):
        finish([Deadly(), Deadly()], partial(do, []), keys=lambda _: [(0, 0)], key=key, workers=2)


ENDLESS = """
import os, signal, sys, time
from pathlib import Path
from tonewright.measuring.workers import finish

def keys(piece):
    return [(piece,)]

def key(record):
    return (record["piece"],)

def do(piece, wanted):
    Path(sys.argv[1], f"{piece}.begun").write_text(str(os.getpid()))
    time.sleep(10_000)

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    finish(list(range(4)), do, keys=keys, key=key, workers=2)
"""


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "zombie" not in state(pid)


def state(pid):
    """What the system says of a process. Of an orphan that ended and that nobody asks for: zombie."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as status:
        return next(line for line in status if line.startswith("State:"))


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs a system that tells of its processes")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_workers_end_with_what_started_them(tmp_path, number):
    """Also those in the middle of a piece; nobody waits for them."""
    (tmp_path / "main.py").write_text(ENDLESS)
    process = subprocess.Popen([sys.executable, tmp_path / "main.py", tmp_path], stderr=subprocess.PIPE)
    try:
        while len(begun := list(tmp_path.glob("*.begun"))) < 2 or not all(one.read_text() for one in begun):
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.05)
        workers = [int(one.read_text()) for one in begun]
        assert all(map(alive, workers))
        process.send_signal(number)
        process.stderr.read()  # to its end: no process is left that could write to it
        assert process.wait() == -number  # Python ends a script that was interrupted by the same signal
        while any(map(alive, workers)):
            time.sleep(0.05)
    finally:
        process.kill()
        process.communicate()
