"""The match environment: turn a synth's controls, module by module, until it sounds like the target."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray

from tonewright.audio.fading import fade_out_at
from tonewright.distances.loss import LossTerms, TrainingLoss
from tonewright.errors import UsageError
from tonewright.learning.vector import BatchEnv, SingleEnv
from tonewright.matching.agent.actions import ACTION_VIEWS, Moves
from tonewright.matching.agent.curriculum import Stage, stage, stages
from tonewright.matching.episodes import GATES_SECONDS, NOTES, Drawn, Targets, make_targets
from tonewright.matching.hearing.cells import HEARING_RATE_HZ
from tonewright.matching.hearing.observation import Observer
from tonewright.synths import synth as make_synth

MAX_STEPS = 50
THRESHOLD = 0.1
GUARDS = ("dc", "clipping", "loudness_guard")
"""Terms of the loss that only ever punish; the reward reports what they cost apart from the rest."""
_BONUS = 0.5
_NEAR_SPREADS = (0.02, 0.5)

Proposer = Callable[[Drawn, Sequence[np.random.Generator]], NDArray[np.float32]]
"""Presets `[n, D]` to start from, given targets and the random numbers of each of their rows."""


class MatchEnv(BatchEnv):
    """Match a target with a synth, in a batch.

    An observation holds log-mel and descriptors of the target, of the present sound and their difference,
    fine spectra of the target, the terms of the loss, the controls, note, gate and steps left. An action
    picks a module and changes its controls (`modules`), or changes every control at once (`all`); a change of
    1 moves a control by `step_size` of its range, an integer control by whole steps. The reward is the
    improvement of the bounded training loss, with a bonus when it falls below the threshold, which ends the
    episode.

    Every info is per row: `loss`, `best_loss` of the episode and the `best_controls` that made it, `success`,
    the parts of the last reward (`reward_improvement`, `reward_guards`, `reward_bonus`), and `demonstration`,
    the action that someone who knows the target's preset would take next (NaN where nobody knows).

    Args:
        num_envs: Rows.
        synth: Registered name, or `scheme:PATH`.
        targets: `random`, `factory`, a folder of sounds, or a source of one's own.
        stage: Stage of the curriculum; everything is exposed if not given.
        action_view: `modules` or `all`.
        warm_start: Proposes presets to start from, as `starts.Proposed` does; the neutral preset if not
            given. What the stage does not expose stays neutral.
        start_near: Share of episodes that start near the target's own preset instead, where that is known:
            its controls off by 2 to 50 % of their range.
        seconds: What is heard of the targets.
        notes: Range of the MIDI note of random targets.
        gates_seconds: Range of their gate.
        durations_s: Range of their duration; they all last as long as is heard if not given.
        step_size: Largest change of a control in one step, as a share of its range.
        threshold: Loss at which a target counts as matched.
        max_episode_steps: Steps after which an episode is truncated.
        autoreset_mode: See `BatchEnv`.

    Raises:
        UsageError: An argument that makes no sense.
        UnknownNameError: No such synth or stage.
    """

    def __init__(
        self,
        num_envs: int = 64,
        *,
        synth: str = "serum-lite",
        targets: str | Targets = "random",
        stage: str | None = None,
        action_view: str = "modules",
        warm_start: Proposer | None = None,
        start_near: float = 0.0,
        seconds: float = 0.5,
        notes: tuple[float, float] = NOTES,
        gates_seconds: tuple[float, float] = GATES_SECONDS,
        durations_s: tuple[float, float] | None = None,
        step_size: float = 0.5,
        threshold: float = THRESHOLD,
        max_episode_steps: int = MAX_STEPS,
        autoreset_mode: AutoresetMode | str = AutoresetMode.SAME_STEP,
    ) -> None:
        if action_view not in ACTION_VIEWS:
            raise UsageError(f"action_view is one of {', '.join(ACTION_VIEWS)}; got {action_view!r}")
        if not (0.05 <= seconds <= 4 and 0 < step_size <= 1 and 0 < threshold < 1):
            raise UsageError(
                "a match needs 0.05 <= seconds <= 4, 0 < step_size <= 1 and 0 < threshold < 1;"
                f" got seconds={seconds}, step_size={step_size}, threshold={threshold}"
            )
        if not 0 <= start_near <= 1:
            raise UsageError(f"start_near is a share, from 0 to 1; got {start_near}")
        if not 0 <= notes[0] <= notes[1] <= 127:
            raise UsageError(f"notes go from 0 or more to 127 or less; got {notes}")
        if not 0 < gates_seconds[0] <= gates_seconds[1]:
            raise UsageError(f"gates_seconds go from more than 0 to as much or more; got {gates_seconds}")
        if durations_s is not None and not 0.02 <= durations_s[0] <= durations_s[1]:
            raise UsageError(f"durations_s go from 0.02 or more to as much or more; got {durations_s}")
        self.synth = make_synth(synth, HEARING_RATE_HZ)
        self.frames = round(seconds * HEARING_RATE_HZ)
        self.threshold, self.action_view = threshold, action_view
        self.loss = TrainingLoss(HEARING_RATE_HZ, self.frames)
        self.moves = Moves(self.synth.controls, step_size, per_module=action_view == "modules")
        self._observer = Observer(self.loss, len(self.synth.controls))
        self._source, self._ranges = targets, (notes, gates_seconds, durations_s)
        self._warm_start, self._start_near = warm_start, start_near
        self.set_stage(stage)
        super().__init__(
            num_envs,
            self._observer.space,
            self.moves.space,
            max_episode_steps=max_episode_steps,
            autoreset_mode=autoreset_mode,
        )
        count, controls = num_envs, len(self.synth.controls)
        self.params = np.empty((count, controls), np.float32)
        self._best_params = np.empty((count, controls), np.float32)
        self.target = Drawn(
            np.zeros((count, self.frames), np.float32),
            np.full(count, 60.0),
            np.full(count, seconds),
            np.full((count, controls), np.nan, np.float32),
            np.full(count, seconds),
        )
        self._analysis = self.loss.analyse(self.target.audio)
        self._heard_target, self._heard = self._observer.silence(count)
        self._guarded = np.zeros(count)
        self._last = {key: np.zeros(count, bool if key == "success" else float) for key in _LAST}

    @property
    def stage(self) -> Stage:
        """The present stage of the curriculum."""
        return self._stage

    def set_stage(self, name: str | None) -> None:
        """Go to a stage: other controls are exposed, and targets drawn from now on differ in them alone.

        Raises:
            UnknownNameError: The synth has no such stage.
        """
        self._stage = stage(self.synth, name)
        self._exposed = self._stage.exposed(self.synth)
        self._targets = make_targets(self._source, self.synth, self.frames, self._stage, *self._ranges)

    @property
    def stage_names(self) -> list[str]:
        """Stages of the curriculum, in order."""
        return [known.name for known in stages(self.synth)]

    @property
    def modules(self) -> dict[str, list[int]]:
        """Modules of the synth and the positions of their controls, in the order of the module action."""
        return self.moves.modules

    @property
    def exposed_modules(self) -> NDArray[np.bool_]:
        """Which modules the present stage exposes, `[modules]`."""
        return np.array([name in self._stage.modules for name in self.moves.modules])

    def render(self) -> NDArray[np.float32]:  # type: ignore[override]  # sound is what there is to see
        """The present sounds `[num_envs, frames]`."""
        return self.sounds(self.params, self.target)

    def sounds(self, params: NDArray[np.float32], targets: Drawn) -> NDArray[np.float32]:
        """Sounds `[n, frames]` of presets `[n, D]` at the note, gate and duration of `n` targets."""
        seconds = self.frames / HEARING_RATE_HZ
        audio = self.synth.render(params, targets.midi_note, seconds, targets.gate_seconds)
        return fade_out_at(audio[:, : self.frames], targets.seconds, HEARING_RATE_HZ)

    def _begin(self, rows: NDArray[np.intp]) -> None:
        drawn = self._targets.draw([self.rngs[row] for row in rows])
        for name in Drawn._fields:
            getattr(self.target, name)[rows] = getattr(drawn, name)
        self.loss.replace(self._analysis, rows, drawn.audio)
        analysis = self._analysis.take(rows)
        heard = self._observer.hear_target(drawn.audio, analysis, drawn.midi_note, drawn.gate_seconds)
        for kept, new in zip(self._heard_target, heard, strict=True):
            kept[rows] = new
        self.params[rows] = self._starts(drawn, rows)
        loss, log_mel_db = self.loss.compare_and_hear(self.sounds(self.params[rows], drawn), analysis)
        self._hear(loss, log_mel_db, rows)
        for key in _LAST:
            self._last[key][rows] = 0
        self._last["loss"][rows] = self._last["best_loss"][rows] = loss.total
        self._best_params[rows] = self.params[rows]

    def _starts(self, drawn: Drawn, rows: NDArray[np.intp]) -> NDArray[np.float32]:
        """Presets that new episodes start from."""
        controls = self.synth.controls
        starts = np.tile(controls.defaults(), (len(rows), 1))
        if self._warm_start is not None:
            proposed = self._warm_start(drawn, [self.rngs[row] for row in rows])
            starts = np.where(self._exposed, proposed, starts).astype(np.float32)
        if self._start_near:
            for i, row in enumerate(rows):
                rng = self.rngs[row]
                if rng.random() < self._start_near and np.isfinite(drawn.params[i]).all():
                    spread = np.exp(rng.uniform(*np.log(_NEAR_SPREADS)))
                    off = np.where(self._exposed, spread * rng.standard_normal(len(controls)), 0.0)
                    starts[i] = np.clip(drawn.params[i] + off, 0.0, 1.0)
        return controls.snap(starts)

    def _advance(
        self, actions: Any, rows: NDArray[np.intp]
    ) -> tuple[NDArray[np.floating[Any]], NDArray[np.bool_]]:
        self.params[rows] = self.moves.apply(self.params, actions, self._exposed)[rows]
        loss, log_mel_db = self.loss.compare_and_hear(self.render(), self._analysis)
        before, guards_before = self._last["loss"].copy(), self._guarded.copy()
        everything = np.arange(self.num_envs)
        self._hear(loss, log_mel_db, everything)
        success = loss.total < self.threshold
        guards = guards_before - self._guarded
        better = rows[loss.total[rows] < self._last["best_loss"][rows]]
        self._best_params[better] = self.params[better]
        last = {
            "loss": loss.total,
            "best_loss": np.minimum(self._last["best_loss"], loss.total),
            "success": success,
            "reward_improvement": before - loss.total - guards,
            "reward_guards": guards,
            "reward_bonus": _BONUS * success,
        }
        for key, values in last.items():
            self._last[key][rows] = values[rows]
        rewards = sum(self._last[key] for key in _LAST if key.startswith("reward_"))
        return np.asarray(rewards, np.float32), success

    def _observe(self) -> dict[str, NDArray[np.float32]]:
        left = 1.0 - self.elapsed / self.max_episode_steps
        return self._observer.observe(self._heard_target, self._heard, self.params, left)

    def _info(self) -> dict[str, NDArray[Any]]:
        demonstration = self.moves.towards(self.params, self.target.params, self._exposed)
        return {key: values.copy() for key, values in self._last.items()} | {
            "best_controls": self._best_params.copy(),
            "demonstration": demonstration,
        }

    def _hear(self, loss: LossTerms, log_mel_db: NDArray[np.float32], rows: NDArray[np.intp]) -> None:
        heard = self._observer.hear(loss, log_mel_db, self._heard_target.peak_db[rows])
        for kept, new in zip(self._heard, heard, strict=True):
            kept[rows] = new
        shares = self.loss.weights.shares()
        self._guarded[rows] = sum(shares[name] * loss.terms[name] for name in GUARDS)


_LAST = ("loss", "best_loss", "success", "reward_improvement", "reward_guards", "reward_bonus")


def match_env(**kwargs: Any) -> SingleEnv:
    """One match environment; takes what `MatchEnv` takes, but the number of rows."""
    return SingleEnv(MatchEnv, **kwargs)
