"""How far long work is, on stderr: a bar on a terminal, elsewhere a line now and then."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

SECONDS_BETWEEN_LINES = 10.0
"""How often there is a line, at most, where stderr is no terminal."""


class _Lines:
    """How far work is, in lines of plain text for logs and for other programs.

    Args:
        name: What is done.
        total: How much there is to do.
        done: How much was done before.
    """

    def __init__(self, name: str, total: float, done: float = 0.0) -> None:
        self._name, self._total, self._done = name, total, done
        self._began_s = self._told_s = time.monotonic()

    def begin(self, done: float) -> None:
        """What came before tells nothing of how long the rest takes.

        Args:
            done: How much has been done, in the unit of the total.
        """
        self._began_s, self._done = time.monotonic(), done

    def tell(self, done: float, state: str) -> None:
        """A line, unless there was one a moment ago.

        Args:
            done: How much has been done, in the unit of the total.
            state: The same in words.
        """
        now_s = time.monotonic()
        if now_s - self._told_s < SECONDS_BETWEEN_LINES:
            return
        self._told_s = now_s
        left = ""
        if done > self._done:
            left_s = (now_s - self._began_s) * (self._total - done) / (done - self._done)
            left = f", {_time(left_s)} left"
        print(f"tonewright: {self._name}: {state}{left}", file=sys.stderr, flush=True)


def _time(seconds: float) -> str:
    """A duration as it is guessed: `40 s`, `12 min`, `3 h 20 min`."""
    if seconds < 100:
        return f"{max(seconds, 0):.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def search_budget(renders: int | None, seconds_budget: float | None) -> tuple[float, bool]:
    """What a search may spend, and whether that is seconds."""
    from tonewright.matching.matcher import DEFAULT_RENDERS

    by_time = seconds_budget is not None and renders is None
    return float((seconds_budget if by_time else renders) or DEFAULT_RENDERS), by_time


def search_bar() -> Progress:
    """A live line of a description, a bar, a field `state` and the time left, gone when it is done."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    state = TextColumn("{task.fields[state]}")
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=20), state, TimeRemainingColumn())
    return Progress(*columns, console=_console(), transient=True)


@contextmanager
def search_progress(
    renders: int | None, seconds_budget: float | None
) -> Iterator[Callable[[int, float], None]]:
    """One live line: how far a search is, its speed, its best loss and the time left.

    Args:
        renders: Budget in renders, if there is one.
        seconds_budget: Budget in seconds, if there is one.
    """
    total, by_time = search_budget(renders, seconds_budget)
    if not sys.stderr.isatty():
        lines, began_s = _Lines("matching", total), 0.0

        def tell(spent: int, best: float) -> None:
            nonlocal began_s
            began_s = began_s or time.monotonic()  # not while it was prepared
            done = time.monotonic() - began_s if by_time else spent
            lines.tell(done, f"{spent:,} renders · loss {best:.3f}")

        yield tell
        return
    with search_bar() as bar:
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
        lines, last = _Lines("training", updates, first), ""

        def tell(update: int, scores: Mapping[str, float]) -> None:
            nonlocal last
            last = f" · {_listed(scores)}" if scores else last
            if update == first:
                lines.begin(update + 1)  # the first one compiles
            lines.tell(update + 1, f"{update + 1:,} of {updates:,} updates{last}")

        yield tell
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
                bar.console.print(f"{update + 1}: {_listed(scores)}", highlight=False)
            bar.update(task, completed=update + 1)

        yield update_bar


def _listed(scores: Mapping[str, float]) -> str:
    return " · ".join(f"{name} {value:.3g}" for name, value in scores.items())


@contextmanager
def work_progress(name: str, total: float) -> Iterator[Callable[[float], None]]:
    """One live line for other work; call what it gives with how much has been done since.

    Args:
        name: What is done.
        total: How much there is to do, in whatever unit.
    """
    if not sys.stderr.isatty():
        lines, done = _Lines(name, total), 0.0

        def tell(amount: float) -> None:
            nonlocal done
            done += amount
            lines.tell(done, f"{done / total:.0%}")

        yield tell
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
