"""`tonewright bench`."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from tonewright.cli.options import Count, Counts, Flag, Names

_OF_A_SUITE = ("methods", "renders", "targets", "sounds", "log")


@dataclass(frozen=True)
class Bench:
    """Measure speed on this machine or, with --suite, the quality of matches."""

    what: tyro.conf.Positional[Literal["render", "hear", "match"]]
    """render: the synth. hear: losses and descriptors. match: a whole match."""
    suite: Annotated[str | None, tyro.conf.arg(metavar="SUITE", help_behavior_hint="")] = None
    """Match the targets of a suite: random, factory, real, or a folder of sounds."""
    methods: Names = ("random", "cma")
    """Methods of a suite: random, cma, estimator, full, or self (around the true preset)."""
    renders: Counts = (200, 1_000, 5_000, 20_000)
    """Budgets of a suite."""
    targets: Count = None
    """Only so many targets of a suite."""
    sounds: Annotated[Path, tyro.conf.arg(metavar="DIR")] = Path("benchmarks/sounds")
    """Recordings of the suite real."""
    log: Annotated[Path | None, tyro.conf.arg(metavar="FILE", help_behavior_hint="")] = None
    """JSON-lines file to keep finished targets of a suite in; a second run goes on from it."""
    output: Annotated[Path | None, tyro.conf.arg(aliases=["-o"], metavar="FILE", help_behavior_hint="")] = (
        None
    )
    """Also write the result as JSON to this file."""
    overwrite: Flag = False
    """Replace the file if it exists."""
    json: Flag = False
    """Print JSON."""

    def run(self) -> None:
        """Measure and print."""
        import json

        from tonewright.cli.output import print_json
        from tonewright.files import replacing

        if self.output:
            with replacing(self.output, overwrite=self.overwrite) as temporary:
                result = self._measure()
                temporary.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        else:
            result = self._measure()
        if self.json:
            print_json(result)
        elif self.suite:
            _print_table(result["summary"])
        else:
            for name, value in result.items():
                print(f"{name:34} {value:12,.1f}")

    def _measure(self) -> dict[str, Any]:
        return self._quality(self.suite) if self.suite else self._speed()

    def _speed(self) -> dict[str, Any]:
        from tonewright.errors import UsageError
        from tonewright.matching import speed

        for field in fields(self):
            if field.name in _OF_A_SUITE and getattr(self, field.name) != field.default:
                raise UsageError(
                    f"--{field.name} is for suites; name one with --suite: random, factory, real"
                )
        measures = {"render": speed.render_speed, "hear": speed.hear_speed, "match": speed.match_speed}
        return measures[self.what]()

    def _quality(self, name: str) -> dict[str, Any]:
        from tonewright.cli.progress import work_progress
        from tonewright.errors import UsageError
        from tonewright.matching.evaluation import evaluate, suite, summarise

        if self.what != "match":
            raise UsageError(f"--suite measures matches: tonewright bench match --suite {name}")
        cases = suite(name, sounds=self.sounds)[: self.targets]
        with work_progress(f"suite {name}", len(cases) * len(self.methods)) as done:
            records = evaluate(cases, self.methods, self.renders, log=self.log, progress=lambda: done(1))
        return {"suite": name, "summary": summarise(records), "records": records}


def _print_table(rows: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    names = [name for name in rows[0] if name not in {"method", "renders", "targets"}]
    table = Table("method", "renders", "targets", *names, title="median (90th percentile)")
    for row in rows:
        cells = [f"{row[name]['median']:.3g} ({row[name]['p90']:.3g})" for name in names]
        table.add_row(row["method"], f"{row['renders']:,}", str(row["targets"]), *cells)
    Console(width=200).print(table)
