"""How good matches are: suites of held-out targets, search methods at equal renders, every distance.

One run per target and method at the largest budget; smaller budgets are read off the same run, since no
method knows its budget. Finished targets are kept in a JSON-lines file, so that an interrupted evaluation can
go on.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tonewright.audio.levels import rms_dbfs
from tonewright.distances import compare
from tonewright.errors import OutputError, UnknownNameError, UsageError
from tonewright.matching.methods import METHODS
from tonewright.matching.objective import BudgetSpent, Objective
from tonewright.matching.recording import read_recording, sound_files
from tonewright.matching.search import around_search
from tonewright.matching.space import SearchSpace
from tonewright.matching.target import prepare
from tonewright.matching.targets import AUDIBLE_DBFS, render_presets
from tonewright.synths import synth as make_synth
from tonewright.synths.base import Synth
from tonewright.synths.serum_lite.factory import factory_presets

SUITES = ("random", "factory", "real")
SELF = "self"
"""Method name for searching around the true preset, where it is known: must stay at 0."""
_RATE_HZ = 16_000
_SECONDS = 1.0
_GATE_SECONDS = 0.75
_NOTE = 60.0
_RANDOM_TARGETS = 256
_RANDOM_SEED = 20_260_101
_SELF_RENDERS = 1_000
_RECORD_START = b'{"target"'

_Key = tuple[str, str, int]  # target, method, renders


@dataclass(frozen=True, eq=False)
class Case:
    """One target of a suite.

    Attributes:
        name: Identifies it within its suite.
        audio: `[frames]` float32.
        sample_rate_hz: Its rate.
        midi_note: Known note, or the range that is searched.
        gate_seconds: Known gate, or the range that is searched.
        true_params: The preset it was rendered from `[D]`, if any.
    """

    name: str
    audio: NDArray[np.float32]
    sample_rate_hz: int
    midi_note: float | tuple[float, float]
    gate_seconds: float | tuple[float, float]
    true_params: NDArray[np.float32] | None = None


def suite(name: str, *, sounds: Path) -> list[Case]:
    """The targets of a suite.

    `random`: 256 audible random presets, middle C, 1 s at 16 kHz. `factory`: the factory bank at its own
    notes, 1 s at 16 kHz. `real`: the recordings in the folder `sounds`. Any other name is a folder of sounds.

    Raises:
        UsageError: The folder holds no sound.
        UnknownNameError: Neither a suite nor a folder.
    """
    if name == "random":
        return random_suite(make_synth("serum-lite", _RATE_HZ))
    if name == "factory":
        return factory_suite(make_synth("serum-lite", _RATE_HZ))
    folder = sounds if name == "real" else Path(name)
    if not folder.is_dir():
        if name == "real":
            raise UsageError(f"the suite 'real' needs a folder of sounds at {folder}; name one with --sounds")
        raise UnknownNameError("suite or folder", name, SUITES)
    return recorded_suite(folder)


def random_suite(synth: Synth, count: int = _RANDOM_TARGETS) -> list[Case]:
    """Audible presets drawn uniformly with a fixed seed."""
    rng = np.random.default_rng(_RANDOM_SEED)
    cases: list[Case] = []
    while len(cases) < count:
        params = synth.controls.sample(rng, 64)
        audio = synth.render(params, _NOTE, _SECONDS, _GATE_SECONDS)
        for row in np.nonzero(rms_dbfs(audio) > AUDIBLE_DBFS)[0]:
            name = f"random-{len(cases):03}"
            cases.append(Case(name, audio[row], synth.sample_rate_hz, _NOTE, _GATE_SECONDS, params[row]))
    return cases[:count]


def factory_suite(synth: Synth) -> list[Case]:
    """The factory bank, each preset at its own note, the key held for at most 0.75 s."""
    presets = factory_presets()
    rate = synth.sample_rate_hz
    rows = zip(presets, *render_presets(synth, round(_SECONDS * rate), presets), strict=True)
    return [
        Case(preset.name, audio, rate, float(note), float(gate), params)
        for preset, audio, note, gate, params in rows
    ]


def recorded_suite(folder: Path) -> list[Case]:
    """Every sound file of a folder, prepared as `match` does, in the order of their names."""
    paths = sound_files(folder)
    stems = [path.stem for path in paths]
    cases = []
    for path in paths:
        name = path.stem if stems.count(path.stem) == 1 else path.name
        target = prepare(read_recording(path).clip)
        cases.append(Case(name, target.audio, target.sample_rate_hz, target.midi_note, target.gate_seconds))
    return cases


def evaluate_case(case: Case, method: str, budgets: Sequence[int], *, seed: int = 0) -> list[dict[str, Any]]:
    """Search for one target and measure the best preset at each budget.

    Returns:
        One record per budget: `target`, `method`, `renders`, `loss` and every published distance.

    Raises:
        UnknownNameError: No such method.
        UsageError: `self` on a target whose true preset is not known.
    """
    synth = make_synth("serum-lite", case.sample_rate_hz)
    space = SearchSpace(synth.controls, case.midi_note, case.gate_seconds)
    if method == SELF:
        if case.true_params is None:
            raise UsageError(f"{case.name} is a recording: its true preset is not known")
        search = around_search(space.point(case.true_params, 0.0, 0.0))
    elif method in METHODS:
        search = METHODS[method]
    else:
        raise UnknownNameError("search method", method, [*METHODS, SELF])
    budgets = _spent(method, budgets)
    objective = Objective(synth, space, case.audio, renders=budgets[-1], seed=0)
    with suppress(BudgetSpent):
        search(objective, np.random.default_rng(seed))
    points = [_best_by(objective, budget) for budget in budgets]
    audio = objective.render(np.stack([point for _, point in points]))
    distances = compare(case.audio[None], audio, case.sample_rate_hz)
    return [
        {"target": case.name, "method": method, "renders": budget, "loss": points[i][0]}
        | {name: float(values[i]) for name, values in distances.items()}
        for i, budget in enumerate(budgets)
    ]


def evaluate(
    cases: Sequence[Case],
    methods: Iterable[str],
    budgets: Sequence[int],
    *,
    log: Path | None = None,
    progress: Callable[[], None] = lambda: None,
) -> list[dict[str, Any]]:
    """Evaluate methods on targets.

    Args:
        cases: The suite.
        methods: Names in `METHODS`, or `self`.
        budgets: Renders at which the best is measured.
        log: JSON-lines file that finished work is appended to, and taken from if it is there already.
        progress: Called after each target.

    Returns:
        Records as of `evaluate_case`, in the order of methods, targets and budgets.

    Raises:
        UsageError: The log is another kind of file.
        OutputError: The log cannot be read or written.
    """
    known = {} if log is None else _open_log(log)
    records = []
    for method in methods:
        for case in cases:
            keys = [(case.name, method, renders) for renders in _spent(method, budgets)]
            if not all(key in known for key in keys):
                found = evaluate_case(case, method, budgets)
                known |= {_key(record): record for record in found}
                if log is not None:
                    _append(log, found)
            records += [known[key] for key in keys]
            progress()
    return records


def summarise(records: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Median and 90th percentile over targets of the loss and every distance, by method and budget.

    The 90th percentile is the bad end: for `rms`, where more is better, it is the 10th.
    """
    groups: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for record in records:
        groups.setdefault((record["method"], record["renders"]), []).append(record)
    rows = []
    for (method, renders), group in groups.items():
        row: dict[str, Any] = {"method": method, "renders": renders, "targets": len(group)}
        for name in group[0]:
            if name in {"target", "method", "renders"}:
                continue
            values = np.array([record[name] for record in group])
            bad_end = 10 if name == "rms" else 90
            row[name] = {"median": float(np.median(values)), "p90": float(np.percentile(values, bad_end))}
        rows.append(row)
    return rows


def _spent(method: str, budgets: Sequence[int]) -> tuple[int, ...]:
    """The budgets at which a method is measured, in order."""
    return (_SELF_RENDERS,) if method == SELF else tuple(sorted(set(budgets)))


def _best_by(objective: Objective, budget: int) -> tuple[float, NDArray[np.float32]]:
    heard = [(loss, point) for renders, loss, point in objective.improvements if renders <= budget]
    return heard[-1]


def _key(record: dict[str, Any]) -> _Key:
    return record["target"], record["method"], record["renders"]


def _append(log: Path, records: list[dict[str, Any]]) -> None:
    try:
        with log.open("a", encoding="utf-8") as file:
            file.write("".join(json.dumps(record) + "\n" for record in records))
    except OSError as error:
        raise _unusable(log, error) from error


def _open_log(log: Path) -> dict[_Key, dict[str, Any]]:
    """Finished work by target, method and budget; the line that a killed run left half-written is cut off.

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
    reason = (error.strerror or str(error)).lower()
    return OutputError(f"cannot keep a log in {str(log)!r}: {reason}; name another file")
