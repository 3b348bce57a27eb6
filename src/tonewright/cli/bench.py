"""`tonewright bench`: a second word for each part that is measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tonewright.cli.options import Flag, MeasuredFile
from tonewright.cli.verbs import VerbGroup

BENCH = VerbGroup("Measure speed on this machine.")


@dataclass(frozen=True)
class _Measurement:
    """What every measurement takes."""

    output: MeasuredFile = None
    """Also write the result as JSON to this file."""
    overwrite: Flag = False
    """Replace the file if it exists."""
    json: Flag = False
    """Print JSON."""

    def run(self) -> None:
        """Measure and print."""
        from tonewright.cli.output import measured, print_json

        result = measured(self._measure, self.output, overwrite=self.overwrite)
        if self.json:
            print_json(result)
        else:
            for name, value in result.items():
                print(f"{name:34} {value:12,.{_decimals(value)}f}")
            if self.output is not None:
                print(f"wrote {self.output}")

    def _measure(self) -> dict[str, Any]:
        raise NotImplementedError


@BENCH.word("render")
@dataclass(frozen=True)
class BenchRender(_Measurement):
    """Measure the synth: presets a second, and a live note."""

    def _measure(self) -> dict[str, Any]:
        from tonewright.synths.speed import render_speed

        return render_speed()


@BENCH.word("hear")
@dataclass(frozen=True)
class BenchHear(_Measurement):
    """Measure descriptors: sounds a second, and a live hop."""

    def _measure(self) -> dict[str, Any]:
        from tonewright.features.speed import hear_speed

        return hear_speed()


@BENCH.word("compare")
@dataclass(frozen=True)
class BenchCompare(_Measurement):
    """Measure the training loss: sounds a second against one target and against many."""

    def _measure(self) -> dict[str, Any]:
        from tonewright.distances.speed import compare_speed

        return compare_speed()


@BENCH.word("match")
@dataclass(frozen=True)
class BenchMatch(_Measurement):
    """Measure whole matches, and the networks and steps that they are made of."""

    def _measure(self) -> dict[str, Any]:
        from tonewright.cli.progress import work_progress
        from tonewright.matching.speed import PARTS, match_speed

        with work_progress("measuring", PARTS) as done:
            return match_speed(progress=lambda: done(1))


def _decimals(value: float) -> int:
    if isinstance(value, int):
        return 0
    return 1 if value >= 10 else 3
