"""What decides the episodes of the match environment, alike for whoever plays, trains or loads an agent."""

from __future__ import annotations

from dataclasses import dataclass

from tonewright.checks import check_number, check_range, check_whole
from tonewright.errors import UsageError

ACTION_VIEWS = ("modules", "all")
"""What an action is: the changes of one module's controls, or of all controls at once."""
NOTES = (24.0, 96.0)
GATES_SECONDS = (0.05, 2.0)
THRESHOLD = 0.1


@dataclass(frozen=True)
class EpisodeConfig:
    """What is played, where an episode starts, what an action does, and when an episode ends.

    Raises:
        UsageError: A value that makes no sense.
    """

    synth: str = "serum-lite"
    """Registered name, or scheme:PATH."""
    targets: str = "random"
    """random, factory, or a folder of sounds."""
    stage: str | None = None
    """Stage of the curriculum; none for the last, in which everything is exposed."""
    action_view: str = "modules"
    """modules (one at a time) or all (every control at once)."""
    seconds: float = 0.5
    """What is heard of the targets, in seconds."""
    notes: tuple[float, float] = NOTES
    """Range of the MIDI note of random targets."""
    gates_seconds: tuple[float, float] = GATES_SECONDS
    """Range of their gate."""
    durations_s: tuple[float, float] | None = None
    """Range of their duration in seconds; none for targets that all last as long as is heard."""
    start_near: float = 0.0
    """Share of episodes that start near the target's own preset, where that is known: 2 to 50 % off it."""
    step_size: float = 0.5
    """Largest change of a control in one step, as a share of its range."""
    threshold: float = THRESHOLD
    """Loss at which a target counts as matched."""
    max_episode_steps: int = 50
    """Steps after which an episode is truncated."""

    def __post_init__(self) -> None:
        if self.action_view not in ACTION_VIEWS:
            raise UsageError(f"action_view is one of {', '.join(ACTION_VIEWS)}; got {self.action_view!r}")
        check_number(self.seconds, "seconds", 0.05, 4)
        check_number(self.step_size, "step_size", 0, 1, above=True)
        if check_number(self.threshold, "threshold", 0, 1, above=True) == 1:
            raise UsageError("threshold lies below 1, which every loss does; got 1")
        check_number(self.start_near, "start_near", 0, 1)
        check_whole(self.max_episode_steps, "max_episode_steps", 1)
        check_range(self.notes, "notes", 0, 127)
        check_range(self.gates_seconds, "gates_seconds", 0, above=True)
        if self.durations_s is not None:
            check_range(self.durations_s, "durations_s", 0.02)
