"""What decides the episodes of the match environment, alike for whoever plays, trains or loads an agent."""

from __future__ import annotations

from dataclasses import dataclass

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
        if not (0.05 <= self.seconds <= 4 and 0 < self.step_size <= 1 and 0 < self.threshold < 1):
            raise UsageError(
                "a match needs 0.05 <= seconds <= 4, 0 < step_size <= 1 and 0 < threshold < 1;"
                f" got seconds={self.seconds}, step_size={self.step_size}, threshold={self.threshold}"
            )
        if not 0 <= self.start_near <= 1:
            raise UsageError(f"start_near is a share, from 0 to 1; got {self.start_near}")
        if not 0 <= self.notes[0] <= self.notes[1] <= 127:
            raise UsageError(f"notes go from 0 or more to 127 or less; got {self.notes}")
        if not 0 < self.gates_seconds[0] <= self.gates_seconds[1]:
            raise UsageError(
                f"gates_seconds go from more than 0 to as much or more; got {self.gates_seconds}"
            )
        if self.durations_s is not None and not 0.02 <= self.durations_s[0] <= self.durations_s[1]:
            raise UsageError(f"durations_s go from 0.02 or more to as much or more; got {self.durations_s}")
        if self.max_episode_steps < 1:
            raise UsageError(f"max_episode_steps is 1 or more; got {self.max_episode_steps}")
