"""How good matches are: search methods at equal renders on held-out targets, told by every distance.

One run per target, method and seed at the largest budget; smaller budgets are read off the same run, since no
method knows its budget. Finished runs are kept in a JSON-lines file, so that an interrupted evaluation can go
on.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tonewright.distances import compare
from tonewright.errors import OutputError, TonewrightError, UnknownNameError, UsageError, system_reason
from tonewright.matching.search.budget import Budget, BudgetSpent
from tonewright.matching.search.methods import LEARNED, METHODS, search_method
from tonewright.matching.search.objective import Objective
from tonewright.matching.search.random_and_cma import SearchMethod, around_search
from tonewright.matching.search.space import SearchSpace
from tonewright.matching.suites import Case
from tonewright.synths import synth as make_synth

SELF = "self"
"""Method name for searching around the true preset, where it is known: must stay at 0."""
_SELF_RENDERS = 1_000
_NOISE_SEED = 0  # of the synth, in targets and candidates alike: a perfect match is exactly 0
_RECORD_START = b'{"target"'
_THREADS = ("NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")
_NO_DISTANCE = {"target", "method", "seed", "renders"}

Record = dict[str, Any]
_Key = tuple[str, str, int, int]  # target, method, seed, renders


class _Work(NamedTuple):
    """One run: a search for one target, and the budgets that are not known yet."""

    case: Case
    method: str
    seed: int
    budgets: tuple[int, ...]
    networks: Path | None


def evaluate_case(
    case: Case, method: str, budgets: Sequence[int], *, seed: int = 0, networks: Path | None = None
) -> list[Record]:
    """Search for one target and measure the best preset at each budget.

    Args:
        case: The target.
        method: Name in `METHODS`, or `self`.
        budgets: Renders at which the best is measured.
        seed: Seed of the search.
        networks: Folder of the networks to use instead of those that come with the package.

    Returns:
        One record per budget: `target`, `method`, `seed`, `renders`, `loss` and every published distance, to
        six significant digits.

    Raises:
        UnknownNameError: No such method.
        UsageError: `self` on a target whose true preset is not known.
    """
    synth = make_synth("serum-lite", case.sample_rate_hz)
    space = SearchSpace(synth.controls, case.midi_note, case.gate_seconds)
    search = _search(case, method, space, networks)
    budgets = _spent(method, budgets)
    objective = Objective(synth, space, case.audio, Budget(budgets[-1]), seed=_NOISE_SEED)
    with suppress(BudgetSpent):
        search(objective, np.random.default_rng(seed))
    points = [_best_by(objective, budget) for budget in budgets]
    audio = objective.render(np.stack([point for _, point in points]))
    distances = compare(case.audio[None], audio, case.sample_rate_hz)
    return [
        {"target": case.name, "method": method, "seed": seed, "renders": budget}
        | {"loss": _rounded(points[i][0])}
        | {name: _rounded(values[i]) for name, values in distances.items()}
        for i, budget in enumerate(budgets)
    ]


def evaluate(
    cases: Sequence[Case],
    methods: Sequence[str],
    budgets: Sequence[int],
    *,
    seeds: Sequence[int] = (0,),
    workers: int = 1,
    networks: Path | None = None,
    log: Path | None = None,
    progress: Callable[[], None] = lambda: None,
) -> list[Record]:
    """Evaluate methods on targets.

    Args:
        cases: The suite.
        methods: Names in `METHODS`, or `self`.
        budgets: Renders at which the best is measured.
        seeds: Seeds of the searches; `self` is searched with the first alone.
        workers: Processes. Several of one thread each do more than one of several threads; the results are
            the same.
        networks: See `evaluate_case`; the log does not tell which were used.
        log: JSON-lines file that finished work is appended to, and taken from if it is there already.
        progress: Called after each run.

    Returns:
        Records as of `evaluate_case`, in the order of methods, seeds, targets and budgets.

    Raises:
        UsageError: The log is another kind of file.
        OutputError: The log cannot be read or written.
        TonewrightError: One of several processes died.
    """
    known = {} if log is None else _open_log(log)
    runs = [
        _Work(case, method, seed, _spent(method, budgets), networks)
        for method in dict.fromkeys(methods)
        for seed in dict.fromkeys(seeds[:1] if method == SELF else seeds)
        for case in cases
    ]
    missing = []
    for run in runs:
        budgets_left = tuple(renders for renders in run.budgets if _key_of(run, renders) not in known)
        if budgets_left:
            missing.append(run._replace(budgets=budgets_left))
        else:
            progress()
    for found in _results(missing, workers):
        known |= {_key(record): record for record in found}
        if log is not None:
            _append(log, found)
        progress()
    return [known[_key_of(run, renders)] for run in runs for renders in run.budgets]


def summarise(records: Iterable[Record]) -> list[Record]:
    """Median and 90th percentile over targets of the loss and every distance, by method and budget.

    Both are means over the seeds; `low` and `high` are the smallest and largest median of a seed. The 90th
    percentile is the bad end: for `rms`, where more is better, it is the 10th.
    """
    groups: dict[tuple[str, int], dict[int, list[Record]]] = {}
    for record in records:
        of_seeds = groups.setdefault((record["method"], record["renders"]), {})
        of_seeds.setdefault(record["seed"], []).append(record)
    rows = []
    for (method, renders), of_seeds in groups.items():
        first = next(iter(of_seeds.values()))
        row: Record = {"method": method, "renders": renders, "targets": len(first), "seeds": len(of_seeds)}
        for name in first[0]:
            if name in _NO_DISTANCE:
                continue
            values = [np.array([record[name] for record in group]) for group in of_seeds.values()]
            medians = [float(np.median(one)) for one in values]
            bad_ends = [float(np.percentile(one, 10 if name == "rms" else 90)) for one in values]
            row[name] = {
                "median": float(np.mean(medians)),
                "p90": float(np.mean(bad_ends)),
                "low": min(medians),
                "high": max(medians),
            }
        rows.append(row)
    return rows


def _search(case: Case, method: str, space: SearchSpace, networks: Path | None) -> SearchMethod:
    if method in METHODS:
        return search_method(method, networks if method in LEARNED else None)
    if method != SELF:
        raise UnknownNameError("search method", method, [*METHODS, SELF])
    if case.true_params is None:
        raise UsageError(f"{case.name} is a recording: its true preset is not known")
    return around_search(space.point(case.true_params, 0.0, 0.0))


def _results(work: Sequence[_Work], workers: int) -> Iterator[list[Record]]:
    """Records of each run, as they come."""
    if workers == 1 or len(work) < 2:
        yield from map(_do, work)
        return
    # Spawned, since a fork would copy Numba's threads in whatever state they are.
    with _single_threaded_children():
        pool = ProcessPoolExecutor(
            min(workers, len(work)), get_context("spawn"), initializer=_end_when_interrupted
        )
        futures: list[Future[list[Record]]] = [pool.submit(_do, one) for one in work]
    try:
        for future in as_completed(futures):
            yield future.result()
    except BrokenProcessPool:
        raise TonewrightError(
            "a worker process died, as they do when memory runs out; give fewer --workers (what is done is in"
            " the --log)"
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


def _end_when_interrupted() -> None:
    """Ctrl-C ends a worker at once; else it would go on with the next run."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _do(work: _Work) -> list[Record]:
    return evaluate_case(work.case, work.method, work.budgets, seed=work.seed, networks=work.networks)


@contextmanager
def _single_threaded_children() -> Iterator[None]:
    """Processes that begin meanwhile use one thread: threads of several would wait for each other."""
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _spent(method: str, budgets: Sequence[int]) -> tuple[int, ...]:
    """The budgets at which a method is measured, in order."""
    return (_SELF_RENDERS,) if method == SELF else tuple(sorted(set(budgets)))


def _best_by(objective: Objective, budget: int) -> tuple[float, NDArray[np.float32]]:
    heard = [(loss, point) for renders, loss, point in objective.improvements if renders <= budget]
    return heard[-1]


def _rounded(value: float) -> float:
    """Six significant digits: logs of thousands of runs are kept, and grow half as large."""
    return float(f"{value:.6g}")


def _key(record: Record) -> _Key:
    return record["target"], record["method"], record["seed"], record["renders"]


def _key_of(run: _Work, renders: int) -> _Key:
    return run.case.name, run.method, run.seed, renders


def _append(log: Path, records: list[Record]) -> None:
    try:
        with log.open("a", encoding="utf-8") as file:
            file.write("".join(json.dumps(record) + "\n" for record in records))
    except OSError as error:
        raise _unusable(log, error) from error


def _open_log(log: Path) -> dict[_Key, Record]:
    """Finished work by target, method, seed and budget, without the line that a killed run left half-written.

    Makes the log if there is none, so that a place that cannot be written shows before the work.
    """
    try:
        with log.open("a+b") as file:
            file.seek(0)
            lines = file.read().splitlines(keepends=True)
            if lines and not lines[-1].endswith(b"\n") and _RECORD_START.startswith(lines[-1][:9]):
                file.truncate(sum(map(len, lines[:-1])))
                lines.pop()
        return {_key(record): record for record in map(json.loads, lines)}
    except OSError as error:
        raise _unusable(log, error) from error
    except (ValueError, KeyError, TypeError):
        raise UsageError(f"{str(log)!r} is no log of matches; name another file") from None


def _unusable(log: Path, error: OSError) -> OutputError:
    reason = system_reason(error)
    return OutputError(f"cannot keep a log in {str(log)!r}: {reason}; name another file")
