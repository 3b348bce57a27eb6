"""The improvise environment: follow a musician by turning the controls of a synth while it sounds."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray

from tonewright.errors import UsageError
from tonewright.files import StrPath
from tonewright.improvising.actions import Actions
from tonewright.improvising.corpus.corpus import Corpus, Split
from tonewright.improvising.episode_config import ImproviseConfig
from tonewright.improvising.following.phrases import Phrase
from tonewright.improvising.following.targets import CORPUS, Recordings, Targets
from tonewright.improvising.guide import Guide
from tonewright.improvising.listening.normalising import Scales
from tonewright.improvising.listening.observation import Observer
from tonewright.improvising.lookup.table import LookupTable
from tonewright.improvising.reward import reward, weigh
from tonewright.improvising.row_random import uniforms
from tonewright.improvising.setting import Setting, setting
from tonewright.learning.vector import BatchEnv, SingleEnv


class ImproviseEnv(BatchEnv):
    """Follow what a musician plays, in a batch.

    Every step lasts `hops_per_step` hops of 5.8 ms, in each of which the controls move by up to `step_size`
    of their range, as the action says, and both sides are heard. The reward is how near they are to each
    other in the features that count, mean of the hops. Nothing ends an episode but time.

    Every info is per row: `distance`, the distance of the last hop that the reward is made of; `errors`
    `[N, R]`, the magnitude of the difference in each column that counts (`reward_columns`), as far as the
    target has it; `recording`, the number of the recording that is played, −1 for a random sound.

    Args:
        num_envs: Rows.
        config: What decides the episodes.
        table: What the synth can do, or its file, in place of the file that the configuration names.
        corpus: Recordings, or their file, in place of the file that the configuration names.
        split: The part of the corpus that is played.
        phrases: What to follow instead, each row the one of its number, from the beginning in every episode.
        scales: See `setting`; likewise `also`.
        also: Features that are heard without being seen or counted.
        demonstrations: Tell in the info `demonstration` what the step-limited nearest neighbour would do
            next, as the heads of `learning` give actions.
        autoreset_mode: See `BatchEnv`.
        **changes: Fields of the configuration and their values (`step_size=0.1`).

    Attributes:
        config: What decides the episodes, with the changes.
        setting: What was made of it: synth, table, scales, features.
        params: `[N, D]` the present controls.
        distances: `[N]` distances of the last hop.
        watch: Called after every hop, for whoever looks on.

    Raises:
        UsageError: An argument that makes no sense, or a table or corpus that does not fit.
        UnknownNameError: No such synth or feature, or no such argument.
    """

    def __init__(
        self,
        num_envs: int = 64,
        config: ImproviseConfig | None = None,
        *,
        table: LookupTable | StrPath | None = None,
        corpus: Corpus | StrPath | None = None,
        split: Split = "train",
        phrases: Sequence[Phrase] | None = None,
        scales: Scales | None = None,
        also: Sequence[str] = (),
        demonstrations: bool = False,
        autoreset_mode: AutoresetMode | str = AutoresetMode.SAME_STEP,
        **changes: Any,
    ) -> None:
        self._check_known(changes, (field.name for field in fields(ImproviseConfig)))
        if isinstance(table, str | os.PathLike):
            changes["table"], table = os.fspath(table), None
        if isinstance(corpus, str | os.PathLike):
            changes["corpus"], corpus = os.fspath(corpus), None
        self.config = config = replace(config or ImproviseConfig(), **changes)
        self.setting: Setting = setting(config, table, corpus, scales=scales, also=also)
        controls = len(self.setting.synth.controls)
        self.actions = Actions(config.action_view, controls)
        self._observer = Observer(num_envs, len(self.setting.keep.columns), controls, config.history)
        super().__init__(
            num_envs,
            self._observer.space,
            self.actions.space,
            max_episode_steps=config.max_episode_steps,
            autoreset_mode=autoreset_mode,
        )
        self.own = self.setting.own_sound(num_envs)
        heard = None if phrases is None else self.setting.phrases(phrases)
        self.targets = Targets(
            self.setting.table_sound(num_envs),
            controls,
            self.setting.mixture,
            config.target_noise,
            self._recorded(split) if heard is None else heard,
            in_order=heard is not None,
        )
        self._guide = Guide(self.setting) if demonstrations else None
        self.watch: Callable[[], None] = nobody
        self.params = np.zeros((num_envs, controls), np.float32)
        counted = self.setting.counted
        self._counted = counted
        self._weights = np.array(self.setting.reward.weights)
        self._states = np.zeros(num_envs, np.uint64)
        self._errors = np.zeros((num_envs, len(counted)), np.float32)
        self.distances = np.zeros(num_envs)

    @property
    def reward_columns(self) -> tuple[str, ...]:
        """Names of the columns that count, in the order of `errors`."""
        return self.setting.reward.columns

    @property
    def reach(self) -> float:
        """How far an action of 1 moves a control, as a share of its range."""
        return self.config.step_size * self.config.hops_per_step

    def _begin(self, rows: NDArray[np.intp]) -> None:
        # Three seeds each: of the row's own numbers, of its target and of its sound.
        seeds = np.array([self.rngs[row].integers(0, 2**64, 3, np.uint64) for row in rows])
        self._states[rows] = seeds[:, 0]
        uniforms(rows, self._states, self.params)
        self.targets.begin(rows, seeds[:, 1])
        self.own.begin(rows, self.params, seeds[:, 2])
        self._observer.begin(rows, self.own.values, self.targets.values)
        self._compare(rows)

    def _advance(
        self, actions: Any, rows: NDArray[np.intp]
    ) -> tuple[NDArray[np.floating[Any]], NDArray[np.bool_]]:
        moves = self.actions.moves(actions)[rows] * np.float32(self.config.step_size)
        rewards = np.zeros(self.num_envs)
        for _ in range(self.config.hops_per_step):
            self.params[rows] = np.clip(self.params[rows] + moves, 0.0, 1.0)
            self.own.hear(rows, self.params)
            self.targets.advance(rows)
            self._observer.take(rows, self.own.values, self.targets.values)
            self._compare(rows)
            self.watch()
            rewards += reward(self.distances, self.config.reward_type, self.config.reward_scale)
        return rewards / self.config.hops_per_step, np.zeros(self.num_envs, np.bool_)

    def _observe(self) -> dict[str, NDArray[np.float32]]:
        return self._observer.observe(self.params)

    def _info(self) -> dict[str, NDArray[Any]]:
        info: dict[str, NDArray[Any]] = {
            "distance": self.distances.copy(),
            "errors": self._errors.copy(),
            "recording": np.where(self.targets.kinds == CORPUS, self.targets.files, -1),
        }
        if self._guide is not None:
            goals = self._guide.goals(self.targets.values, self.targets.presence)
            info["demonstration"] = self.actions.demonstrated((goals - self.params) / self.reach)
        return info

    def _recorded(self, split: Split) -> Recordings | None:
        static, dynamic, corpus = self.setting.mixture
        if self.setting.corpus is None and not static + dynamic:
            raise UsageError(
                f"training_mode {self.config.training_mode!r} plays recordings alone; got no corpus; name one"
            )
        return self.setting.recordings(split) if corpus else None

    def _compare(self, rows: NDArray[np.intp]) -> None:
        weigh(
            rows, self._counted, self.targets.values, self.own.values, self.targets.presence,
            self.own.presence, self._weights, self._states, self.config.reward_noise, self._errors,
            self.distances,
        )  # fmt: skip


def nobody() -> None:
    """Looks on."""


def improvise_env(**kwargs: Any) -> SingleEnv:
    """One improvise environment; takes what `ImproviseEnv` takes, but the number of rows."""
    return SingleEnv(ImproviseEnv, **kwargs)
