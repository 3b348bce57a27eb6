"""Progress bars for long work on stderr; silent where nobody watches."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


@contextmanager
def search_progress(
    renders: int | None, seconds_budget: float | None
) -> Iterator[Callable[[int, float], None]]:
    """One live line: how far a search is, its speed, its best loss and the time left.

    Args:
        renders: Budget in renders, if there is one.
        seconds_budget: Budget in seconds, if there is one.
    """
    if not sys.stderr.isatty():
        yield lambda spent, best: None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from tonewright.matching.matcher import DEFAULT_RENDERS

    by_time = seconds_budget is not None and renders is None
    total = float((seconds_budget if by_time else renders) or DEFAULT_RENDERS)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[state]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=_console(), transient=True) as bar:
        task = bar.add_task("preparing", total=None, state="")
        first: tuple[float, int] | None = None

        def update(spent: int, best: float) -> None:
            nonlocal first
            now = time.perf_counter()
            first = first or (now, spent)
            elapsed = now - first[0]
            speed = f"{(spent - first[1]) / elapsed:,.0f}/s · " if elapsed else ""
            done = elapsed if by_time else float(spent)
            bar.update(
                task,
                description="judging" if done >= total else "matching",
                total=total,
                completed=done,
                state=f"{spent:,} renders · {speed}loss {best:.3f}",
            )

        yield update


@contextmanager
def training_progress(updates: int, first: int) -> Iterator[Callable[[int, Mapping[str, float]], None]]:
    """One live line: how far a training is and the time left; above it a line where there are scores.

    Args:
        updates: How many there are to do.
        first: The one it goes on from.
    """
    if not sys.stderr.isatty():
        yield lambda update, scores: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("training"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=_console(), transient=True) as bar:
        task = bar.add_task("training", total=updates, completed=first)

        def update_bar(update: int, scores: Mapping[str, float]) -> None:
            if scores:
                told = " · ".join(f"{name} {value:.3g}" for name, value in scores.items())
                bar.console.print(f"{update + 1}: {told}", highlight=False)
            bar.update(task, completed=update + 1)

        yield update_bar


@contextmanager
def work_progress(name: str, total: float) -> Iterator[Callable[[float], None]]:
    """One live line for other work; call what it gives with how much has been done since.

    Args:
        name: What is done.
        total: How much there is to do, in whatever unit.
    """
    if not sys.stderr.isatty():
        yield lambda amount: None
        return
    from rich.progress import Progress

    with Progress(console=_console(), transient=True) as bar:
        task = bar.add_task(name, total=total)
        yield lambda amount: bar.advance(task, amount)


def _console() -> Console:
    """The terminal; one that is closed meanwhile ends no work."""
    from rich.console import Console

    return Console(file=_Watched())


class _Watched(io.TextIOWrapper):
    """stderr, from which nobody learns that it cannot be written any more."""

    def __init__(self) -> None:
        file = io.FileIO(sys.stderr.fileno(), "w", closefd=False)
        super().__init__(io.BufferedWriter(file), encoding=sys.stderr.encoding, errors="replace")

    def write(self, text: str) -> int:
        with suppress(OSError):
            super().write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            super().flush()
