"""`tonewright bench`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from tonewright.cli.options import Flag, print_json


@dataclass(frozen=True)
class Bench:
    """Measure speed on this machine, or with --suite how good matches are."""

    what: tyro.conf.Positional[Literal["render", "hear", "match"]]
    """render: the synth. hear: losses and descriptors. match: a whole match."""
    suite: str | None = None
    """Quality of matches on random, factory, real, or a folder of sounds."""
    methods: tuple[str, ...] = ("random", "cma")
    """Search methods: random, cma, or self (around the true preset)."""
    renders: tuple[int, ...] = (200, 1_000, 5_000, 20_000)
    """Budgets."""
    targets: int | None = None
    """Only the first targets of the suite."""
    sounds: Path = Path("benchmarks/sounds")
    """Recordings of the suite real."""
    log: Path | None = None
    """JSON-lines file that finished targets are kept in; a second run goes on from it."""
    output: Annotated[Path | None, tyro.conf.arg(aliases=["-o"])] = None
    """Also write the result as JSON to this file."""
    json: Flag = False
    """Print JSON."""

    def run(self) -> None:
        """Measure and print."""
        import json

        from tonewright.files import write_text

        result = self._quality() if self.suite else self._speed()
        if self.output:
            write_text(self.output, json.dumps(result, indent=1) + "\n", overwrite=True)
        if self.json:
            print_json(result)
        elif self.suite:
            _print_table(result["summary"])
        else:
            for name, value in result.items():
                print(f"{name:34} {value:12,.1f}")

    def _speed(self) -> dict[str, Any]:
        from tonewright.matching import speed

        measures = {"render": speed.render_speed, "hear": speed.hear_speed, "match": speed.match_speed}
        return measures[self.what]()

    def _quality(self) -> dict[str, Any]:
        from tonewright.cli.progress import steps_progress
        from tonewright.errors import UsageError
        from tonewright.matching.evaluation import evaluate, suite, summarise

        if self.what != "match":
            raise UsageError(f"--suite measures matches: tonewright bench match --suite {self.suite}")
        if min(self.renders, default=0) < 1:
            raise UsageError("--renders takes whole numbers from 1")
        cases = suite(str(self.suite), sounds=self.sounds)[: self.targets]
        with steps_progress(f"suite {self.suite}", len(cases) * len(self.methods)) as step:
            records = evaluate(cases, self.methods, self.renders, log=self.log, progress=step)
        return {"suite": self.suite, "summary": summarise(records), "records": records}


def _print_table(rows: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    names = [name for name in rows[0] if name not in {"method", "renders", "targets"}]
    table = Table("method", "renders", "targets", *names, title="median (90th percentile)")
    for row in rows:
        cells = [f"{row[name]['median']:.3g} ({row[name]['p90']:.3g})" for name in names]
        table.add_row(str(row["method"]), f"{row['renders']:,}", str(row["targets"]), *cells)
    Console(width=200).print(table)
