"""How far a match of many sounds is, on stderr; silent where nobody watches."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO


class ManyProgress:
    """What is shown while many sounds are matched; by itself it shows nothing."""

    def begin(self, name: str) -> None:
        """The search of a sound begins."""

    def search(self, spent: int, best: float) -> None:
        """Renders spent by the present search, and its best loss."""

    def end(self) -> None:
        """A sound is done, whatever became of it."""

    def print(self, line: str, file: TextIO | None = None) -> None:
        """Print a line, above the progress if both are on one terminal."""
        print(line, file=file, flush=True)


@contextmanager
def many_progress(total: int, renders: int | None, seconds_budget: float | None) -> Iterator[ManyProgress]:
    """One live line: how many sounds are done, the present search, and the time left for all.

    Args:
        total: How many sounds there are.
        renders: Budget of each in renders, if there is one.
        seconds_budget: Budget of each in seconds, if there is one.
    """
    if not sys.stderr.isatty():
        yield ManyProgress()
        return
    from tonewright.cli.progress import search_bar, search_budget

    budget, by_time = search_budget(renders, seconds_budget)
    with search_bar() as bar:
        task = bar.add_task(f"0 of {total}", total=float(total), state="")

        class Live(ManyProgress):
            done, began = 0, 0.0

            def begin(self, name: str) -> None:
                self.began = time.perf_counter()
                bar.update(task, state=name)

            def search(self, spent: int, best: float) -> None:
                share = (time.perf_counter() - self.began if by_time else spent) / budget
                state = bar.tasks[0].fields["state"].partition(" · ")[0]
                bar.update(
                    task,
                    completed=self.done + min(share, 1.0),
                    state=f"{state} · {spent:,} renders · loss {best:.3f}",
                )

            def end(self) -> None:
                self.done += 1
                bar.update(task, description=f"{self.done} of {total}", completed=self.done)

            def print(self, line: str, file: TextIO | None = None) -> None:
                bar.stop()  # the line is wiped, and drawn anew below
                super().print(line, file)
                bar.start()

        yield Live()
