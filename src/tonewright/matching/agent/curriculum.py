"""The curriculum: which controls an agent may turn, and which its targets differ in, stage by stage."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tonewright.errors import UnknownNameError
from tonewright.synths.base import Synth


@dataclass(frozen=True)
class Stage:
    """One stage: its own modules and those of all stages before it.

    Attributes:
        name: What it adds.
        modules: Exposed modules (groups of controls), in the order of the synth.
    """

    name: str
    modules: tuple[str, ...]

    def exposed(self, synth: Synth) -> NDArray[np.bool_]:
        """Which controls are exposed, `[D]`."""
        return np.array([control.group in self.modules for control in synth.controls])


def stages(synth: Synth) -> list[Stage]:
    """The curriculum of a synth, from the simplest to everything.

    A synth names its own in an attribute `stages`, a mapping of stage names to the modules each adds; without
    one, every module is a stage, in the order of the controls.
    """
    added = getattr(synth, "stages", None) or {group: (group,) for group in synth.controls.groups}
    open_modules: set[str] = set()
    curriculum = []
    for name, modules in added.items():
        open_modules.update(modules)
        curriculum.append(
            Stage(name, tuple(group for group in synth.controls.groups if group in open_modules))
        )
    return curriculum


def stage(synth: Synth, name: str | None) -> Stage:
    """The stage of this name; the last one, in which everything is exposed, if none is given.

    Raises:
        UnknownNameError: The synth has no such stage.
    """
    curriculum = stages(synth)
    if name is None:
        return curriculum[-1]
    for candidate in curriculum:
        if candidate.name == name:
            return candidate
    raise UnknownNameError("stage", name, [candidate.name for candidate in curriculum])


class Promotion:
    """Decides when a stage is learned: its held-out success has stayed at a level for several evaluations.

    Args:
        success: Share of held-out targets that has to be reached.
        evaluations: So many times in a row.
        patience: After so many evaluations without it the stage is left all the same.
    """

    def __init__(self, success: float = 0.6, evaluations: int = 2, patience: int = 20) -> None:
        self.success, self.patience = success, patience
        self._recent: deque[float] = deque(maxlen=evaluations)
        self._seen = 0

    def __call__(self, success: float) -> bool:
        """Note a held-out success; true if it is time for the next stage."""
        self._recent.append(success)
        self._seen += 1
        learned = len(self._recent) == self._recent.maxlen and min(self._recent) >= self.success
        if learned or self._seen >= self.patience:
            self._recent.clear()
            self._seen = 0
            return True
        return False
