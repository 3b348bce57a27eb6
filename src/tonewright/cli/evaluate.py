"""`tonewright evaluate`: a second word for each craft."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from tonewright.cli.options import (
    Count,
    Counts,
    Flag,
    Folder,
    InputFile,
    MeasuredFile,
    Name,
    Names,
    OptionalFile,
    OptionalFolder,
    OptionalName,
    OptionalNames,
    Seeds,
)
from tonewright.cli.verbs import VerbGroup
from tonewright.matching.search.methods import METHODS

_WIDEST = 200
_SHOWN = ("sot", "wmfcc", "rms", "mss", "loss")

_NUMBERS = ("reward", "gap_closed", "distance", "lag_ms", "correlation", "travel_per_s", "rails_share")

EVALUATE = VerbGroup("Measure on held-out targets how good methods are, side by side.")


@EVALUATE.word("match")
@dataclass(frozen=True)
class EvaluateMatch:
    """Match held-out targets with several methods at equal renders."""

    suite: Annotated[str, tyro.conf.arg(metavar="SUITE")]
    """Targets: random, factory, real, or a folder of sounds."""
    methods: Names = tuple(METHODS)
    """Methods of `tonewright match`, or self (around the true preset, where it is known)."""
    renders: Counts = (50, 200, 1_000, 5_000, 20_000)
    """Budgets; all are read off one run at the largest."""
    seeds: Seeds = (0,)
    """Seeds of the searches."""
    targets: Count = None
    """Only so many targets of the suite."""
    synth: Name = "serum-lite"
    """Synth to match with, which also renders the suites random and factory."""
    sounds: Folder = Path("benchmarks/sounds")
    """Recordings of the suite real."""
    partial: Flag = False
    """Take what is there of recordings that are cut short or damaged."""
    log: OptionalFile = None
    """JSON-lines file to keep finished targets in; a second run goes on from it."""
    networks: OptionalFolder = None
    """Folder of a training whose networks to use instead of those that ship."""
    workers: Count = None
    """Processes; as many as there are cores unless given."""
    output: MeasuredFile = None
    """Also write the result as JSON to this file."""
    overwrite: Flag = False
    """Replace the file if it exists."""
    json: Flag = False
    """Print JSON."""

    def run(self) -> None:
        """Evaluate and print."""
        from tonewright.cli.output import measured, print_json, skipped_sounds_told

        with skipped_sounds_told():
            result = measured(self._evaluate, self.output, overwrite=self.overwrite)
        if self.json:
            print_json(result)
        else:
            _print_table(result["summary"])
            if self.output is not None:
                print(f"wrote {self.output}")

    def _evaluate(self) -> dict[str, Any]:
        from tonewright.cli.progress import work_progress
        from tonewright.matching.evaluation import SELF, evaluate, open_log, summarise
        from tonewright.matching.suites import suite

        whole = suite(self.suite, sounds=self.sounds, synth=self.synth, partial=self.partial)
        cases = whole[: self.targets]
        runs = len(cases) * sum(1 if method == SELF else len(set(self.seeds)) for method in set(self.methods))
        log = None
        if self.log is not None:
            log = open_log(self.log, suite=self.suite, cases=whole, synth=self.synth, networks=self.networks)
        with work_progress(f"suite {self.suite}", runs) as done:
            records = evaluate(
                cases,
                self.methods,
                self.renders,
                seeds=self.seeds,
                synth=self.synth,
                workers=self.workers or os.cpu_count() or 1,
                networks=self.networks,
                log=log,
                progress=lambda: done(1),
            )
        return {"suite": self.suite, "summary": summarise(records), "records": records}


@EVALUATE.word("improvise")
@dataclass(frozen=True)
class EvaluateImprovise:
    """Let agents, and players that do not learn, follow what no training saw."""

    table: InputFile
    """What the synth can do, from `tonewright lookup build`."""
    corpus: OptionalFile = None
    """Recordings, from `tonewright corpus analyse`; random walks alone without it."""
    agents: OptionalNames = None
    """Folders of trainings; the agent that ships unless given."""
    synth: OptionalName = None
    """Synth to play; that of the table unless given."""
    methods: OptionalNames = None
    """Agents and baselines (random, hold, nearest, limited, proportional) to measure; all unless given."""
    suites: Names = ("corpus", "walks")
    """What is followed: the corpus, random walks over the sounds of the synth."""
    split: Name = "test"
    """The part of the corpus: test, validation or train."""
    hearings: Names = ("table", "render")
    """How the agent hears itself, and is measured."""
    seeds: Seeds = (0,)
    """Where the controls begin."""
    log: OptionalFile = None
    """JSON-lines file to keep finished performances in; a second run goes on from it."""
    workers: Count = None
    """Processes; as many as there are cores unless given."""
    output: MeasuredFile = None
    """Also write the result as JSON to this file."""
    overwrite: Flag = False
    """Replace the file if it exists."""
    json: Flag = False
    """Print JSON."""

    def run(self) -> None:
        """Evaluate and print."""
        from tonewright.cli.output import measured, print_json

        result = measured(self._evaluate, self.output, overwrite=self.overwrite)
        if self.json:
            print_json(result)
        else:
            _print_performances(result["summary"])
            if self.output is not None:
                print(f"wrote {self.output}")

    def _evaluate(self) -> dict[str, Any]:
        from tonewright.cli.progress import work_progress
        from tonewright.improvising.evaluation import evaluate, open_log, performances, stage, summarise

        on = stage(
            table=self.table,
            corpus=self.corpus,
            agents=self.agents or (),
            synth=self.synth,
            split=self.split,
        )
        log = None if self.log is None else open_log(self.log, on)
        choice: dict[str, Any] = {"suites": self.suites, "hearings": self.hearings, "seeds": self.seeds}
        total = len(performances(on, self.methods or (), **choice))
        with work_progress("performances", total) as done:
            records = evaluate(
                on,
                self.methods or (),
                **choice,
                workers=self.workers or os.cpu_count() or 1,
                log=log,
                progress=lambda: done(1),
            )
        return {"split": self.split, "summary": summarise(records), "records": records}


def _print_performances(rows: list[dict[str, Any]]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    for suite, hearing in dict.fromkeys((row["suite"], row["hearing"]) for row in rows):
        some = [row for row in rows if (row["suite"], row["hearing"]) == (suite, hearing)]
        title = f"suite {suite}, {some[0]['phrases']} phrases, the agent's own sound: {hearing}"
        table = Table("method", box=SIMPLE_HEAD, pad_edge=False, title=title, title_justify="left")
        for name in _NUMBERS:
            table.add_column(name, justify="right", no_wrap=True)
        for row in some:
            cells = ["-" if row[name] is None else f"{row[name]:.3g}" for name in _NUMBERS]
            table.add_row(row["method"], *cells)
        Console(width=_WIDEST).print(table)
    print("gap_closed: of the reward, between holding still (0) and the step-limited oracle (1).")
    print("--json tells the error of every descriptor.")


def _print_table(rows: list[dict[str, Any]]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    seeds, targets = max(row["seeds"] for row in rows), rows[0]["targets"]
    table = Table("method", box=SIMPLE_HEAD, pad_edge=False)
    for name in ("renders", *_SHOWN):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        cells = [f"{row[name]['median']:.3g} ({row[name]['p90']:.3g})" for name in _SHOWN]
        table.add_row(row["method"], f"{row['renders']:,}", *cells)
    Console(width=_WIDEST).print(table)  # as wide as its cells: what a terminal wraps can still be read
    print(f"{targets} targets, seeds: {seeds}. Medians; in brackets the 90th percentile")
    print("(of rms, where more is better, the 10th). --json tells every distance.")
