"""What decides the episodes of the improvise environment, for whoever plays, trains or loads an agent."""

from __future__ import annotations

from dataclasses import dataclass

from tonewright.checks import check_number, check_whole
from tonewright.errors import UnknownNameError, UsageError
from tonewright.improvising.actions import ACTION_VIEWS
from tonewright.improvising.reward import REWARD_TYPES

TRAINING_MODES = ("static", "dynamic", "corpus", "mixed")
"""What is to be followed: a sound that stays, sounds that jump and glide, recordings, or some of each."""
HEARINGS = ("table", "render", "both")
"""Where the agent's own sound comes from: looked up in the table, really rendered, or rendered in one row of
eight."""
FEATURES_KEEP = ("loudness_rms", "pitch", "spectral_centroid", "spectral_flatness", "mfcc")
FEATURES_REWARD = ("loudness_rms", "pitch_f0", "spectral_centroid")
"""How loud, how high, how bright."""


@dataclass(frozen=True)
class ImproviseConfig:
    """What is played, what is heard and what counts, what an action does, and how long an episode is.

    Raises:
        UnknownNameError: No such mode, view, hearing or type of reward.
        UsageError: A value that makes no sense.
    """

    synth: str = "sine"
    """Registered name, or scheme:PATH."""
    table: str | None = None
    """File of what the synth can do; without one a small table is measured when the environment is made."""
    corpus: str | None = None
    """File of analysed recordings; without one, targets are random sounds of the synth."""
    features_keep: tuple[str, ...] = FEATURES_KEEP
    """What the agent hears of both sides: descriptors, whole categories or single columns."""
    features_reward: tuple[str, ...] = FEATURES_REWARD
    """What counts."""
    reward_weights: tuple[float, ...] = ()
    """How much each name of features_reward counts; all alike unless given."""
    reward_type: str = "closeness"
    """closeness, linear (0 to 1, both) or cubic (-1 to 1)."""
    reward_scale: float = 0.5
    """Distance at which the reward is halfway, in units of the spread of each feature."""
    reward_noise: float = 0.0
    """Weight of a dimension of noise in the reward, beside 1 of a feature."""
    training_mode: str = "mixed"
    """static, dynamic, corpus, or mixed."""
    mixture: tuple[float, float, float] = (1.0, 1.0, 2.0)
    """In mixed: weights of static, dynamic and corpus episodes; the last does not count without a corpus."""
    target_noise: float = 0.05
    """Spread of the noise on random targets, in units of the spread of each feature."""
    action_view: str = "continuous"
    """continuous (Box), each (down, hold, up of every control) or joint (one of 3^D such moves)."""
    step_size: float = 0.05
    """Largest move of a control in a hop of 5.8 ms, as a share of its range: 0.05 crosses it in 116 ms."""
    hops_per_step: int = 2
    """Hops that an action lasts; the controls move in each of them."""
    history: int = 3
    """How many earlier frames are seen of both sides: 1, 2, 4, ... hops ago."""
    hearing: str = "table"
    """table, render or both: where the agent's own sound comes from."""
    hearing_noise: float = 1.0
    """How much of a sound's own restlessness, the spread in the table, is heard when it is looked up."""
    max_episode_steps: int = 1000
    """Steps after which an episode is truncated."""

    def __post_init__(self) -> None:
        for name, value, known in (
            ("reward_type", self.reward_type, REWARD_TYPES),
            ("training_mode", self.training_mode, TRAINING_MODES),
            ("action_view", self.action_view, ACTION_VIEWS),
            ("hearing", self.hearing, HEARINGS),
        ):
            if value not in known:
                raise UnknownNameError(name, str(value), known)
        check_number(self.reward_scale, "reward_scale", 0, above=True)
        check_number(self.reward_noise, "reward_noise", 0)
        check_number(self.target_noise, "target_noise", 0)
        check_number(self.hearing_noise, "hearing_noise", 0)
        check_number(self.step_size, "step_size", 0, 1, above=True)
        check_whole(self.hops_per_step, "hops_per_step", 1, 64)
        check_whole(self.history, "history", 0, 8)
        check_whole(self.max_episode_steps, "max_episode_steps", 1)
        for weight in self.mixture:
            check_number(weight, "a weight of mixture", 0)
        if len(self.mixture) != 3 or not sum(self.mixture):
            raise UsageError(
                f"mixture holds three weights, of static, dynamic and corpus episodes, not all 0; "
                f"got {self.mixture}"
            )
