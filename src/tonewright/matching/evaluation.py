"""How good matches are: search methods at equal renders on held-out targets, told by every distance.

One run per target, method and seed at the largest budget; smaller budgets are read off the same run, since no
method knows its budget.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from importlib.metadata import version
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tonewright.distances import compare, get, names
from tonewright.errors import UnknownNameError, UsageError
from tonewright.files import StrPath
from tonewright.matching.networks.load import PARTS, network_digests
from tonewright.matching.search.budget import Budget, BudgetSpent
from tonewright.matching.search.methods import METHODS, search_method
from tonewright.matching.search.objective import Objective
from tonewright.matching.search.random_and_cma import SearchMethod, around_search
from tonewright.matching.search.space import SearchSpace
from tonewright.matching.suites import Case
from tonewright.measuring.records import Key, Record, RecordLog
from tonewright.measuring.summary import summarise as summarise_records
from tonewright.measuring.workers import finish
from tonewright.synths import synth as make_synth

SELF = "self"
"""Method name for searching around the true preset, where it is known: must stay at 0."""
_SELF_RENDERS = 1_000
_NOISE_SEED = 0  # of the synth, in targets and candidates alike: a perfect match is exactly 0
_KEY = ("target", "method", "seed", "renders")


class Run(NamedTuple):
    """One search for one target.

    Attributes:
        case: The target.
        method: Name in `METHODS`, or `self`.
        seed: Seed of the search.
        budgets: Renders at which the best is measured, in order.
    """

    case: Case
    method: str
    seed: int
    budgets: tuple[int, ...]


def evaluate_case(
    case: Case,
    method: str,
    budgets: Sequence[int],
    *,
    seed: int = 0,
    synth: str = "serum-lite",
    networks: StrPath | None = None,
) -> list[Record]:
    """Search for one target and measure the best preset at each budget.

    Args:
        case: The target.
        method: Name in `METHODS`, or `self`.
        budgets: Renders at which the best is measured; `self` is always measured at 1,000.
        seed: Seed of the search.
        synth: Synth to match with.
        networks: Folder of the networks to use instead of those that come with the package.

    Returns:
        One record per budget: `target`, `method`, `seed`, `renders`, `loss` and every published distance, to
        six significant digits.

    Raises:
        UnknownNameError: No such method or synth.
        UsageError: `self` on a target whose true preset is not known.
    """
    player = make_synth(synth, case.sample_rate_hz)
    space = SearchSpace.of(player, case.midi_note, case.gate_seconds)
    search = _search(case, method, space, networks)
    budgets = _spent(method, budgets)
    objective = Objective(player, space, case.audio, Budget(budgets[-1]), seed=_NOISE_SEED)
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
    synth: str = "serum-lite",
    networks: StrPath | None = None,
    workers: int = 1,
    log: RecordLog | None = None,
    progress: Callable[[], None] = lambda: None,
) -> list[Record]:
    """Evaluate methods on targets.

    Args:
        cases: The suite.
        methods: Names in `METHODS`, or `self`.
        budgets: Renders at which the best is measured.
        seeds: Seeds of the searches; `self` is searched with the first alone.
        synth: Synth to match with.
        networks: See `evaluate_case`.
        workers: Processes. Several of one thread each do more than one of several threads; the results are
            the same.
        log: Finished work is appended to it, and taken from it where it is there already; see `open_log`.
        progress: Called after each run.

    Returns:
        Records as of `evaluate_case`, in the order of methods, seeds, targets and budgets.

    Raises:
        UnknownNameError: No such method or synth.
        OutputError: The log cannot be written.
        TonewrightError: One of several processes died.
    """
    for method in methods:  # before hours of work with others
        for case in cases if method == SELF else cases[:1]:
            _check(case, method)
    runs = [
        Run(case, method, seed, _spent(method, budgets))
        for method in dict.fromkeys(methods)
        for seed in dict.fromkeys(seeds[:1] if method == SELF else seeds)
        for case in cases
    ]
    return finish(
        runs,
        partial(_do, synth, networks),
        keys=_keys_of,
        key=_key,
        log=log,
        workers=workers,
        progress=progress,
    )


def open_log(
    path: StrPath,
    *,
    suite: str,
    cases: Sequence[Case],
    synth: str = "serum-lite",
    networks: StrPath | None = None,
) -> RecordLog:
    """A log of an evaluation; results of another suite, recording, synth, version or network are refused.

    Args:
        path: JSON-lines file; made if it is not there.
        suite: Name of the suite.
        cases: All of its targets.
        synth: Synth to match with.
        networks: Folder of the networks used instead of those that come with the package.

    Raises:
        UsageError: It is another kind of file, or holds other results.
        OutputError: It cannot be read or written.
        CheckpointError: There are no such networks.
    """
    player = make_synth(synth)
    header = {
        "evaluation": "match",
        "suite": suite,
        "synth": f"{player.name}, version {player.version}",
        "recordings": {case.name: case.file_sha256[:12] for case in cases if case.file_sha256},
        "tonewright": version("tonewright"),
        "networks": network_digests(player, networks, PARTS),
    }
    return RecordLog(path, key=_KEY, header=header)


def summarise(records: Iterable[Record]) -> list[Record]:
    """Median and 90th percentile over targets of the loss and every distance, by method and budget.

    See `measuring.summary.summarise`; the bad end follows from each distance's `better`.
    """
    better = {name: get(name).better for name in names()}
    return summarise_records(records, by=("method", "renders"), better=better)


def _search(case: Case, method: str, space: SearchSpace, networks: StrPath | None) -> SearchMethod:
    _check(case, method)
    if case.true_params is not None and method == SELF:
        return around_search(space.point(case.true_params, 0.0, 0.0))
    return search_method(method, networks if METHODS[method].parts else None)


def _check(case: Case, method: str) -> None:
    if method not in (*METHODS, SELF):
        raise UnknownNameError("search method", method, [*METHODS, SELF])
    if method == SELF and case.true_params is None:
        raise UsageError(
            f"the method 'self' needs targets whose true presets are known; got {case.name!r}, a recording;"
            " name the suite 'random' or 'factory', or other methods"
        )


def _do(synth: str, networks: StrPath | None, run: Run, keys: list[Key]) -> list[Record]:
    """Search once for the budgets that are missing."""
    budgets = [key[-1] for key in keys]
    return evaluate_case(run.case, run.method, budgets, seed=run.seed, synth=synth, networks=networks)


def _spent(method: str, budgets: Sequence[int]) -> tuple[int, ...]:
    """The budgets at which a method is measured, in order."""
    return (_SELF_RENDERS,) if method == SELF else tuple(sorted(set(budgets)))


def _best_by(objective: Objective, budget: int) -> tuple[float, NDArray[np.float32]]:
    heard = [(loss, point) for renders, loss, point in objective.improvements if renders <= budget]
    return heard[-1]


def _rounded(value: float) -> float:
    """Six significant digits: logs of thousands of runs are kept, and grow half as large."""
    return float(f"{value:.6g}")


def _key(record: Record) -> Key:
    return tuple(record[name] for name in _KEY)


def _keys_of(run: Run) -> list[Key]:
    return [(run.case.name, run.method, run.seed, renders) for renders in run.budgets]
