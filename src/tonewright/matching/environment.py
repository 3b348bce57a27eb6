"""The match environment: turn a synth's controls, module by module, until it sounds like the target."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray

from tonewright.audio.fading import fade_out_at
from tonewright.distances.loss import LossTerms, TrainingLoss
from tonewright.learning.vector import BatchEnv, SingleEnv
from tonewright.matching.agent.actions import Actions
from tonewright.matching.agent.curriculum import Stage, stage, stages
from tonewright.matching.episode_config import EpisodeConfig
from tonewright.matching.episodes import Drawn, Targets, make_targets
from tonewright.matching.hearing.cells import HEARING_RATE_HZ
from tonewright.matching.hearing.observation import Observer
from tonewright.synths import synth as make_synth

EPISODE_KEYS = ("loss", "best_loss", "success", "reward_improvement", "reward_guards", "reward_bonus")
"""Numbers in `info` that tell how an episode goes."""
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
        config: What decides the episodes.
        targets: `random`, `factory`, a folder of sounds, or a source of one's own, in place of what the
            configuration names.
        warm_start: Proposes presets to start from, as `networks.starts.Proposed` does; the neutral preset if
            not given. What the stage does not expose stays neutral.
        autoreset_mode: See `BatchEnv`.
        **changes: Fields of the configuration and their values (`seconds=1.0`).

    Attributes:
        config: What decides the episodes, with the changes.

    Raises:
        UsageError: An argument that makes no sense.
        UnknownNameError: No such synth or stage, or no such argument.
    """

    def __init__(
        self,
        num_envs: int = 64,
        config: EpisodeConfig | None = None,
        *,
        targets: str | Targets | None = None,
        warm_start: Proposer | None = None,
        autoreset_mode: AutoresetMode | str = AutoresetMode.SAME_STEP,
        **changes: Any,
    ) -> None:
        self._check_known(changes, (field.name for field in fields(EpisodeConfig)))
        self.config = config = replace(config or EpisodeConfig(), **changes)
        self.synth = make_synth(config.synth, HEARING_RATE_HZ)
        self.frames = round(config.seconds * HEARING_RATE_HZ)
        self.loss = TrainingLoss(HEARING_RATE_HZ, self.frames)
        self.actions = Actions(
            self.synth.controls, config.step_size, per_module=config.action_view == "modules"
        )
        self._observer = Observer(self.loss, len(self.synth.controls))
        self._source = config.targets if targets is None else targets
        self._warm_start = warm_start
        self.set_stage(config.stage)
        super().__init__(
            num_envs,
            self._observer.space,
            self.actions.space,
            max_episode_steps=config.max_episode_steps,
            autoreset_mode=autoreset_mode,
        )
        count, controls = num_envs, len(self.synth.controls)
        self.params = np.empty((count, controls), np.float32)
        self._best_params = np.empty((count, controls), np.float32)
        self.target = Drawn(
            np.zeros((count, self.frames), np.float32),
            np.full(count, 60.0),
            np.full(count, config.seconds),
            np.full((count, controls), np.nan, np.float32),
            np.full(count, config.seconds),
        )
        self._analysis = self.loss.analyse(self.target.audio)
        self._target_features, self._sound_features = self._observer.empty(count)
        self._guarded = np.zeros(count)
        self._last = {key: np.zeros(count, bool if key == "success" else float) for key in EPISODE_KEYS}

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
        self._targets = make_targets(
            self._source,
            self.synth,
            self.frames,
            self._stage,
            self.config.notes,
            self.config.gates_seconds,
            self.config.durations_s,
        )

    @property
    def stage_names(self) -> list[str]:
        """Stages of the curriculum, in order."""
        return [known.name for known in stages(self.synth)]

    @property
    def modules(self) -> dict[str, list[int]]:
        """Modules of the synth and the positions of their controls, in the order of the module action."""
        return self.actions.modules

    @property
    def exposed_modules(self) -> NDArray[np.bool_]:
        """Which modules the present stage exposes, `[modules]`."""
        return np.array([name in self._stage.modules for name in self.actions.modules])

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
        features = self._observer.describe_targets(drawn.audio, analysis, drawn.midi_note, drawn.gate_seconds)
        for kept, new in zip(self._target_features, features, strict=True):
            kept[rows] = new
        self.params[rows] = self._starts(drawn, rows)
        loss, log_mel_db = self.loss.compare_and_hear(self.sounds(self.params[rows], drawn), analysis)
        self._keep_features(loss, log_mel_db, rows)
        for key in EPISODE_KEYS:
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
        if self.config.start_near:
            for i, row in enumerate(rows):
                rng = self.rngs[row]
                if rng.random() < self.config.start_near and np.isfinite(drawn.params[i]).all():
                    spread = np.exp(rng.uniform(*np.log(_NEAR_SPREADS)))
                    off = np.where(self._exposed, spread * rng.standard_normal(len(controls)), 0.0)
                    starts[i] = np.clip(drawn.params[i] + off, 0.0, 1.0)
        return controls.snap(starts)

    def _advance(
        self, actions: Any, rows: NDArray[np.intp]
    ) -> tuple[NDArray[np.floating[Any]], NDArray[np.bool_]]:
        self.params[rows] = self.actions.apply(self.params, actions, self._exposed)[rows]
        loss, log_mel_db = self.loss.compare_and_hear(self.render(), self._analysis)
        before, guards_before = self._last["loss"].copy(), self._guarded.copy()
        everything = np.arange(self.num_envs)
        self._keep_features(loss, log_mel_db, everything)
        success = loss.total < self.config.threshold
        guards = guards_before - self._guarded
        improvement, bonus = before - loss.total - guards, _BONUS * success
        better = rows[loss.total[rows] < self._last["best_loss"][rows]]
        self._best_params[better] = self.params[better]
        last = {
            "loss": loss.total,
            "best_loss": np.minimum(self._last["best_loss"], loss.total),
            "success": success,
            "reward_improvement": improvement,
            "reward_guards": guards,
            "reward_bonus": bonus,
        }
        for key, values in last.items():
            self._last[key][rows] = values[rows]
        return (improvement + guards + bonus).astype(np.float32), success

    def _observe(self) -> dict[str, NDArray[np.float32]]:
        left = 1.0 - self.elapsed / self.max_episode_steps
        return self._observer.observe(self._target_features, self._sound_features, self.params, left)

    def _info(self) -> dict[str, NDArray[Any]]:
        demonstration = self.actions.towards(self.params, self.target.params, self._exposed)
        return {key: values.copy() for key, values in self._last.items()} | {
            "best_controls": self._best_params.copy(),
            "demonstration": demonstration,
        }

    def _keep_features(
        self, loss: LossTerms, log_mel_db: NDArray[np.float32], rows: NDArray[np.intp]
    ) -> None:
        features = self._observer.describe_sounds(loss, log_mel_db, self._target_features.peak_db[rows])
        for kept, new in zip(self._sound_features, features, strict=True):
            kept[rows] = new
        shares = self.loss.weights.shares()
        self._guarded[rows] = sum(shares[name] * loss.terms[name] for name in GUARDS)


def match_env(**kwargs: Any) -> SingleEnv:
    """One match environment; takes what `MatchEnv` takes, but the number of rows."""
    return SingleEnv(MatchEnv, **kwargs)
