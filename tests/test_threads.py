from __future__ import annotations

import dis
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType

import numpy as np
import pytest

from tonewright import threads
from tonewright.errors import UsageError
from tonewright.threads import (
    SINGLE_THREADED,
    available_threads,
    blas_on_one_thread,
    check_environment,
    map_rows,
    numba_threads,
    single_threaded_children,
)

PACKAGE = Path(threads.__file__).parent


@pytest.fixture(autouse=True)
def four_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four threads whatever the machine has."""
    monkeypatch.setenv("NUMBA_NUM_THREADS", "4")


def run(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )


class TestMapRows:
    @pytest.mark.parametrize("rows", [0, 1, 2, 7, 64, 1_000])
    @pytest.mark.parametrize("workers", [None, 1, 2, 3, 20])
    @pytest.mark.parametrize("block", [1, 8])
    def test_every_row_is_done_once(self, rows: int, workers: int | None, block: int) -> None:
        done = np.zeros(rows, np.int64)

        def work(first: int, last: int, worker: int) -> None:
            assert first % block == 0
            assert 0 <= first < last <= rows
            assert (last - first) % block == 0 or last == rows
            assert 0 <= worker < (4 if workers is None else workers)
            done[first:last] += 1

        map_rows(work, rows, workers, block=block)
        assert (done == 1).all()

    def test_a_worker_is_never_at_two_things_at_once(self) -> None:
        busy = [threading.Lock() for _ in range(4)]
        seen = set()

        def work(first: int, last: int, worker: int) -> None:
            assert busy[worker].acquire(blocking=False)
            seen.add((worker, threading.get_ident()))
            time.sleep(0.002)
            busy[worker].release()

        map_rows(work, 100)
        assert len(seen) == len({worker for worker, _ in seen}) == len({thread for _, thread in seen})
        assert (0, threading.get_ident()) in seen

    def test_workers_work_at_the_same_time(self) -> None:
        meeting = threading.Barrier(3, timeout=300)
        map_rows(lambda first, last, worker: meeting.wait(), 3, 3)

    def test_one_worker_gets_all_rows_in_one_call(self) -> None:
        calls: list[tuple[int, int, int]] = []
        for rows, workers, block in ((10, 1, 1), (1, 4, 1), (8, 4, 8)):
            map_rows(lambda *given: calls.append(given), rows, workers, block=block)
        with numba_threads(1):
            map_rows(lambda *given: calls.append(given), 10)
        assert calls == [(0, 10, 0), (0, 1, 0), (0, 8, 0), (0, 10, 0)]

    @pytest.mark.parametrize("culprit", [0, 1])
    def test_what_work_raises_is_raised_and_ends_the_others(self, culprit: int) -> None:
        meeting = threading.Barrier(2, timeout=300)
        calls, raising = [], []

        def work(first: int, last: int, worker: int) -> None:
            calls.append(first)
            if worker == culprit:
                raising.append(threading.get_ident())
            meeting.wait()  # each of the two is at work
            if worker == culprit:
                raise KeyError(f"worker {worker}")
            while sys._current_frames()[raising[0]].f_code.co_name not in ("map_rows", "_help"):
                time.sleep(0.001)  # until the other has come to where it waits

        with pytest.raises(KeyError, match=f"worker {culprit}"):
            map_rows(work, 1_000, 2)
        assert len(calls) == 2
        self.test_every_row_is_done_once(100, None, 1)

    def test_it_returns_when_the_last_row_is_done(self) -> None:
        done = []

        def work(first: int, last: int, worker: int) -> None:
            time.sleep(0.05 * worker)
            done.append(first)

        map_rows(work, 4, 4)
        assert sorted(done) == [0, 1, 2, 3]

    def test_it_may_be_called_by_what_it_calls(self) -> None:
        done = np.zeros((20, 30), np.int64)

        def outer(first: int, last: int, worker: int) -> None:
            for row in range(first, last):

                def inner(first: int, last: int, worker: int, row: int = row) -> None:
                    time.sleep(0.0005)
                    done[row, first:last] += 1

                map_rows(inner, 30)

        map_rows(outer, 20)
        assert (done == 1).all()

    def test_many_callers_at_once(self) -> None:
        done = np.zeros((16, 200), np.int64)

        def call(row: int) -> None:
            for _ in range(10):
                busy = [threading.Lock() for _ in range(4)]

                def work(first: int, last: int, worker: int, busy: list[threading.Lock] = busy) -> None:
                    assert busy[worker].acquire(blocking=False)
                    done[row, first:last] += 1
                    busy[worker].release()

                map_rows(work, 200)

        with ThreadPoolExecutor(16) as callers:
            list(callers.map(call, range(16)))
        assert (done == 10).all()

    @pytest.mark.parametrize("already_waiting", [False, True])
    def test_ctrl_c_is_raised_when_no_thread_is_at_work_any_more(self, already_waiting: bool) -> None:
        begun, at_work = threading.Event(), []

        def work(first: int, last: int, worker: int) -> None:
            if threading.current_thread() is threading.main_thread():
                assert begun.wait(300)
                return
            at_work.append(first)
            begun.set()
            if already_waiting:  # then it comes with what the main thread waits for
                time.sleep(0.2)
            signal.raise_signal(signal.SIGINT)
            time.sleep(0.2)
            at_work.remove(first)

        with pytest.raises(KeyboardInterrupt):
            map_rows(work, 2, 2)
        assert at_work == []

    def test_ctrl_c_may_come_at_any_moment(self) -> None:
        """It always ends in KeyboardInterrupt, never in waiting for ever or with threads still at work.

        Python looks for signals after calls, at the begin of functions and as loops go round.
        """
        ours = {function.__code__ for function in (map_rows, threads._fetch_helpers, threads._exhaust)}
        ours |= {part for part in map_rows.__code__.co_consts if getattr(part, "co_name", "") == "take"}
        at_work: list[int] = []

        def work(first: int, last: int, worker: int) -> None:
            at_work.append(first)
            time.sleep(0.001)
            at_work.remove(first)

        def interrupted(moment: int) -> bool:
            """Whether there were so many moments."""
            left = moment
            before: dict[FrameType, str] = {}

            def trace(frame: FrameType, event: str, argument: object) -> object:
                nonlocal left
                if frame.f_code not in ours:
                    return None
                frame.f_trace_opcodes = True
                if event == "opcode":
                    left -= before.get(frame, "").startswith(("CALL", "JUMP_BACKWARD", "RESUME"))
                    before[frame] = dis.opname[frame.f_code.co_code[frame.f_lasti]]
                    if left == 0:
                        left = -1
                        signal.raise_signal(signal.SIGINT)
                return trace

            outer = sys.gettrace()
            sys.settrace(trace)
            try:
                map_rows(work, 6, 3)
            except KeyboardInterrupt:
                assert left < 0
            else:
                assert left > 0
            finally:
                sys.settrace(outer)
            assert at_work == []
            return left < 0

        meeting = threading.Barrier(4, timeout=300)
        map_rows(lambda first, last, worker: meeting.wait(), 4, 4)  # all threads are started
        moments = 1
        while interrupted(moments):
            moments += 1
        assert moments > 20
        meeting = threading.Barrier(4, timeout=300)  # and no thread was lost
        map_rows(lambda first, last, worker: meeting.wait(), 4, 4)

    def test_nobody_waits_for_threads_that_are_busy(self) -> None:
        """One caller holds all three threads; another does all of its rows by itself."""
        begun, over = threading.Barrier(5, timeout=300), threading.Event()

        def hold(first: int, last: int, worker: int) -> None:
            begun.wait()
            assert over.wait(300)

        seen = set()
        with ThreadPoolExecutor(1) as caller:
            held = caller.submit(map_rows, hold, 4, 4)
            begun.wait()
            map_rows(lambda first, last, worker: seen.add(worker), 50)
            assert not held.done()
            over.set()
            held.result(300)
        assert seen == {0}

    def test_it_works_in_a_forked_process(self) -> None:
        script = """
import os
from tonewright.threads import map_rows
done = []
map_rows(lambda first, last, worker: done.append(last - first), 100)
child = os.fork()
map_rows(lambda first, last, worker: done.append(last - first), 100)
assert sum(done) == 200
if child:
    assert os.waitpid(child, 0)[1] == 0
"""
        assert run(script).returncode == 0

    def test_it_works_while_the_process_ends(self) -> None:
        script = """
import threading
from tonewright.threads import map_rows
done = []
def late():
    threading.main_thread().join()
    map_rows(lambda first, last, worker: done.append(last - first), 100)
    print(sum(done))
map_rows(lambda first, last, worker: None, 100)
threading.Thread(target=late).start()
"""
        outcome = run(script)
        assert (outcome.returncode, outcome.stdout, outcome.stderr) == (0, "100\n", "")


class TestEnvironment:
    @pytest.mark.parametrize(
        ("name", "value", "told"),
        [
            ("NUMBA_NUM_THREADS", "abc", "NUMBA_NUM_THREADS is a whole number from 1; got 'abc'"),
            ("NUMBA_NUM_THREADS", "0", "NUMBA_NUM_THREADS is a whole number from 1; got '0'"),
            ("OMP_NUM_THREADS", "abc", "OMP_NUM_THREADS is a whole number from 0; got 'abc'"),
            ("OMP_NUM_THREADS", "4,b", "OMP_NUM_THREADS is a whole number from 0; got '4,b'"),
            ("DUCC0_NUM_THREADS", "-1", "DUCC0_NUM_THREADS is a whole number from 0; got '-1'"),
            (
                "NUMBA_DISABLE_JIT",
                "1",
                "kernels run compiled only, without NUMBA_DISABLE_JIT; got '1'",
            ),
        ],
    )
    def test_what_libraries_cannot_use_is_refused(
        self, monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
    ) -> None:
        monkeypatch.setenv(name, value)
        with pytest.raises(UsageError) as caught:
            check_environment()
        assert str(caught.value).startswith(told)

    def test_also_in_python_before_numba_is_imported(self) -> None:
        script = """
import tonewright as tw
try:
    tw.hear([0.0] * 4000, 16_000)
except tw.errors.UsageError as error:
    print(error)
"""
        outcome = run(script, NUMBA_NUM_THREADS="0")
        assert outcome.stdout.startswith("NUMBA_NUM_THREADS is a whole number from 1; got '0'")

    def test_what_they_can_use_works(self) -> None:
        """Among it what OpenMP alone takes: a number for each level of nesting."""
        script = """
import numpy as np, tonewright as tw
noise = np.random.default_rng(0).standard_normal((2, 4000)).astype(np.float32) / 10
assert np.isfinite(tw.hear(noise, 16000, ["pitch", "mfcc"]).values).all()
"""
        for value in ("4,2", "0", " 2 ", ""):
            outcome = run(script, OMP_NUM_THREADS=value, NUMBA_DISABLE_JIT="0", NUMBA_NUM_THREADS="")
            assert (outcome.returncode, outcome.stderr) == (0, "")


class TestLimits:
    def test_as_many_as_named_else_as_there_are_cores(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert available_threads() == 4
        monkeypatch.setattr(threads, "_cores", lambda: 6)
        for nothing in ("0", "", "many", "-2"):
            monkeypatch.setenv("NUMBA_NUM_THREADS", nothing)
            assert available_threads() == 6
        monkeypatch.delenv("NUMBA_NUM_THREADS")
        assert available_threads() == 6

    def test_the_narrowest_limit_counts_and_ends_with_its_block(self) -> None:
        with numba_threads(3):
            assert available_threads() == 3
            with numba_threads(2):
                assert available_threads() == 2
                with numba_threads(3):
                    assert available_threads() == 2
            assert available_threads() == 3
            with pytest.raises(KeyError), numba_threads(1):
                raise KeyError
            assert available_threads() == 3
        with numba_threads(100):
            assert available_threads() == 4
        assert available_threads() == 4

    def test_a_limit_holds_in_its_own_thread(self) -> None:
        with numba_threads(1), ThreadPoolExecutor(1) as other:
            assert other.submit(available_threads).result() == 4

    def test_a_limit_holds_for_what_workers_call(self) -> None:
        seen = []
        with numba_threads(2):
            meeting = threading.Barrier(2, timeout=300)

            def work(first: int, last: int, worker: int) -> None:
                meeting.wait()
                seen.append(available_threads())

            map_rows(work, 2)
        assert seen == [2, 2]

    def test_blas_is_limited_to_one_thread_and_gets_them_back(self) -> None:
        from threadpoolctl import threadpool_info

        def of_blas() -> list[int]:
            return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]

        before = of_blas()
        with blas_on_one_thread():
            assert set(of_blas()) == {1}
        assert of_blas() == before

    def test_torch_is_limited_to_one_thread_and_gets_them_back(self) -> None:
        torch = pytest.importorskip("torch")
        before = torch.get_num_threads()
        torch.set_num_threads(2)
        try:
            with threads.torch_on_one_thread():
                assert torch.get_num_threads() == 1
            assert torch.get_num_threads() == 2
            with pytest.raises(KeyError), threads.torch_on_one_thread():
                raise KeyError
            assert torch.get_num_threads() == 2
        finally:
            torch.set_num_threads(before)

    def test_children_use_one_thread_and_the_environment_is_restored(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
        monkeypatch.setenv("MKL_NUM_THREADS", "7")
        before = dict(os.environ)
        script = "from tonewright.threads import available_threads; print(available_threads())"
        with single_threaded_children():
            assert {name: os.environ[name] for name in SINGLE_THREADED} == SINGLE_THREADED
            assert run(script).stdout == "1\n"
        assert dict(os.environ) == before
        with pytest.raises(KeyError), single_threaded_children():
            raise KeyError
        assert dict(os.environ) == before


TWO_CALLERS = """
import sys, threading
import numpy as np
import tonewright.distances as distances
from tonewright.distances import TrainingLoss
from tonewright.features import StreamAnalyser, hear
from tonewright.synths import synth
from tonewright.threads import numba_threads

player = synth("serum-lite", 16_000)
params = player.controls.sample(np.random.default_rng(0), 24)
sounds = player.render(params, 60, 0.5)
loss = TrainingLoss(16_000, sounds.shape[1])
targets = loss.analyse(sounds[::-1].copy())

def stream():
    analyser = StreamAnalyser(16_000, "all")
    return np.concatenate([analyser.push(part) for part in np.split(sounds, 4, axis=1)], axis=1)

work = {
    "TrainingLoss.analyse": lambda: np.concatenate([part.ravel() for part in loss.analyse(sounds).heard]),
    "TrainingLoss.hear": lambda: loss.hear(sounds),
    "TrainingLoss.__call__": lambda: loss(sounds, targets).total,
    "hear": lambda: hear(sounds, 16_000, "all").values,
    "StreamAnalyser": stream,
    "mss": lambda: distances.mss(sounds, sounds[::-1], 16_000),
    "wmfcc": lambda: distances.wmfcc(sounds, sounds[::-1], 16_000),
    "SerumLite.render": lambda: player.render(params, 60, 0.5),
}[sys.argv[1]]
with numba_threads(1):
    expected = work()
equal, meeting = [], threading.Barrier(2)

def call():
    for _ in range(8):
        meeting.wait()
        equal.append(np.array_equal(work(), expected))

callers = [threading.Thread(target=call) for _ in range(2)]
for caller in callers:
    caller.start()
for caller in callers:
    caller.join()
assert equal == [True] * 16, equal
"""


class TestTwoCallers:
    """Numba's `workqueue` layer, the one that is always there, aborts when two callers meet in it."""

    @pytest.mark.parametrize(
        "what",
        [
            "TrainingLoss.analyse",
            "TrainingLoss.hear",
            "TrainingLoss.__call__",
            "hear",
            "StreamAnalyser",
            "mss",
            "wmfcc",
            "SerumLite.render",
        ],
    )
    def test_get_what_one_gets_alone(self, what: str) -> None:
        outcome = subprocess.run(
            [sys.executable, "-c", TWO_CALLERS, what],
            env={**os.environ, "NUMBA_THREADING_LAYER": "workqueue", "NUMBA_NUM_THREADS": "2"},
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert (outcome.returncode, outcome.stderr) == (0, "")

    def test_no_kernel_uses_the_threads_of_numba(self) -> None:
        sources = {path: path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")}
        assert len(sources) > 100
        for word in ("prange", "parallel=True", "numba.get_num_threads", "numba.set_num_threads"):
            assert [path.name for path, text in sources.items() if word in text] == []


LAYERS = {
    "workqueue": ("fork", "threads", "spawn", "DataLoader"),
    "omp": ("fork", "threads"),
    "tbb": ("fork",),
}
EVERYWHERE = """
import os, sys, threading
from multiprocessing import get_context
import numpy as np
import tonewright as tw
from tonewright.distances import TrainingLoss

NOISE = (np.random.default_rng(0).standard_normal((16, 4000)) / 10).astype(np.float32)

def work(_=None):
    loss = TrainingLoss(16_000, NOISE.shape[1])
    compared = loss(NOISE, loss.analyse(NOISE[::-1].copy())).total
    heard = tw.hear(NOISE, 16_000, ["pitch", "mfcc", "chroma"]).values
    result = tw.match(tw.Clip(NOISE[:1], 16_000), renders=60, note=60, gate_seconds=0.2)
    return [compared.sum().item(), heard.sum().item(), result.terms["total"]]

if __name__ == "__main__":
    ways, expected = sys.argv[1:], work()
    if "fork" in ways:
        with get_context("fork").Pool(2) as pool:
            assert pool.map(work, range(2)) == [expected] * 2
    if "threads" in ways:
        got = []
        callers = [threading.Thread(target=lambda: got.append(work())) for _ in range(2)]
        for caller in callers:
            caller.start()
        child = os.fork()  # while threads are at it
        if not child:
            os._exit(work() != expected)
        for caller in callers:
            caller.join()
        assert got == [expected] * 2
        assert os.waitpid(child, 0)[1] == 0
    if "spawn" in ways:
        with get_context("spawn").Pool(2) as pool:
            assert pool.map(work, range(2)) == [expected] * 2
    if "DataLoader" in ways:
        import torch
        torch.ones(500, 500) @ torch.ones(500, 500)  # torch's threads do not survive a fork
        loader = torch.utils.data.DataLoader(range(2), num_workers=2, collate_fn=work)
        assert list(loader) == [expected] * 2
"""


class TestProcesses:
    """Fork, spawn, threads, and each of Numba's threading layers, with all that uses kernels and networks."""

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows does not fork")
    @pytest.mark.parametrize("layer", LAYERS)
    def test_get_what_the_parent_got_before(self, tmp_path: Path, layer: str) -> None:
        (tmp_path / "main.py").write_text(EVERYWHERE)
        outcome = subprocess.run(
            [sys.executable, tmp_path / "main.py", *LAYERS[layer]],
            env={**os.environ, "NUMBA_THREADING_LAYER": layer},
            capture_output=True,
            text=True,
        )
        assert (outcome.returncode, outcome.stderr) == (0, "")

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows does not fork")
    def test_environments_in_processes_of_their_own(self, tmp_path: Path) -> None:
        script = """
import gymnasium as gym
import numpy as np
import tonewright

def play(**how):
    env = gym.make_vec("tonewright/Match-v0", num_envs=2, seconds=0.1, **how)
    observations, _ = env.reset(seed=[1, 2])
    sounds = [observations["current"].sum().item()]
    env.action_space.seed(0)
    for _ in range(3):
        observations, rewards, *_ = env.step(env.action_space.sample())
        sounds += rewards.tolist()
    env.close()
    return sounds

if __name__ == "__main__":
    forked = play(vectorization_mode="async", vector_kwargs={"context": "fork"})  # before this process did
    assert forked == play(vectorization_mode="sync")
    assert forked == play(vectorization_mode="async", vector_kwargs={"context": "fork"})
    assert forked == play(vectorization_mode="async", vector_kwargs={"context": "spawn"})
"""
        (tmp_path / "main.py").write_text(script)
        outcome = subprocess.run([sys.executable, tmp_path / "main.py"], capture_output=True, text=True)
        assert (outcome.returncode, outcome.stderr) == (0, "")
