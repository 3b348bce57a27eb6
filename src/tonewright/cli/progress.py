"""Progress bars for long work; silent where nobody watches."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def search_progress(
    renders: int | None, seconds_budget: float | None
) -> Iterator[Callable[[int, float], None]]:
    """One live line on stderr: how far the search is, its best loss, its speed and the time left.

    Args:
        renders: Budget in renders, if there is one.
        seconds_budget: Budget in seconds, if there is one.
    """
    if not sys.stderr.isatty():
        yield lambda renders, best: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    by_time = seconds_budget is not None and renders is None
    total = seconds_budget if by_time else float(renders or 10_000)
    started = time.perf_counter()
    columns = (
        TextColumn("matching"),
        BarColumn(),
        TextColumn(
            "{task.fields[spent]:,} renders · {task.fields[speed]:,.0f}/s · loss {task.fields[best]:.3f}"
        ),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("matching", total=total, spent=0, speed=0.0, best=1.0)

        def update(spent: int, best: float) -> None:
            elapsed = time.perf_counter() - started
            done = elapsed if by_time else spent
            bar.update(task, completed=done, spent=spent, speed=spent / max(elapsed, 1e-9), best=best)

        yield update


@contextmanager
def steps_progress(name: str, total: int) -> Iterator[Callable[[], None]]:
    """One live line on stderr for work of so many equal steps; call what it gives after each."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task(name, total=total)
        yield lambda: bar.advance(task)
