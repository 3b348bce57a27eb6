"""What a run keeps of its evaluations: groups, sounds to hear, and a table of then and now.

```
held_out/00000025.jsonl      what was written for held-out briefs after 25 updates, and what it got
held_out/00000025.sounds/    how the first of them sound, and their pictures
```
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from tonewright.files import write_text
from tonewright.learning.runs import Run
from tonewright.prompting.generators.base import SAMPLE_RATE_HZ
from tonewright.prompting.task.page import Keeper
from tonewright.prompting.task.rollouts import Group, read_groups
from tonewright.prompting.task.task import Episode, ReplyScore

FOLDER = "held_out"
COLUMNS = ("brief", "first prompt", "first reward", "prompt", "settings", "reward")
_HEARD = 10
_NAME = re.compile(r"\d{8}\.jsonl")


class HeldOut:
    """Keeps the evaluations of a run.

    Args:
        run: The run.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._folder = run.folder / FOLDER
        self._heard: list[tuple[Episode, list[ReplyScore]]] = []

    def there(self, update: int) -> bool:
        """Whether the evaluation after so many updates is kept."""
        return self._path(update).exists()

    def keep(self, episode: Episode, scores: Sequence[ReplyScore]) -> None:
        """Remember the sounds of a group until `write`, if it is one of the first."""
        if len(self._heard) < _HEARD:
            self._heard.append((episode, [*scores]))

    def write(self, update: int, groups: Sequence[Group]) -> None:
        """Write an evaluation, and show it: a sound of each category, and a table of then and now.

        Raises:
            OutputError: The disk is full or gone.
        """
        path = self._path(update)
        path.parent.mkdir(exist_ok=True)
        write_text(path, "".join(f"{json.dumps(group)}\n" for group in groups), overwrite=True)
        keeper, told, step = Keeper(path, _HEARD), set(), max(0, update - 1)
        for episode, scores in self._heard:
            keeper.keep(episode, scores)
            category, sounds = episode.brief.category, scores[0].sounds
            if category not in told and sounds and not sounds[0].fault:
                told.add(category)
                self._run.audio(category, sounds[0].samples, SAMPLE_RATE_HZ, step)
                self._run.picture(category, keeper.picture_path(episode.seed).read_bytes(), step)
        self._heard = []
        self._run.table("held_out", COLUMNS, rows_of(self._first(groups), groups), step)

    def _first(self, groups: Sequence[Group]) -> list[Group]:
        """The evaluation before the first update; that of `groups` if it was lost."""
        return list(read_groups(self._path(0))) if self.there(0) else [*groups]

    def _path(self, update: int) -> Path:
        return self._folder / f"{update:08}.jsonl"


def rows_of(before: Sequence[Group], after: Sequence[Group]) -> list[list[str]]:
    """Rows of the table `COLUMNS`: what was written first, and later, for the same briefs."""
    then = {group["group_overrides"]["seed"]: group["overrides"][0] for group in before}
    rows = []
    for group in after:
        about, now = group["group_overrides"], group["overrides"][0]
        first = then.get(about["seed"], {})
        reply = now.get("reply", {})
        settings = ", ".join(f"{name} {value}" for name, value in reply.items() if name != "prompt")
        rows.append(
            [
                about["brief"]["description"],
                first.get("reply", {}).get("prompt", first.get("fault", "")),
                f"{first['reward']:.3f}" if first else "",
                reply.get("prompt", now.get("fault", "")),
                settings,
                f"{now['reward']:.3f}",
            ]
        )
    return rows


def evaluations(run: Path) -> list[tuple[int, Path]]:
    """The evaluations that the folder of a run keeps: after how many updates, and the file."""
    found = sorted((run / FOLDER).glob("*.jsonl"))
    return [(int(path.stem), path) for path in found if _NAME.fullmatch(path.name)]
