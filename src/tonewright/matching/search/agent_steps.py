"""The agent's steps in a search, without torch."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tonewright.audio.fading import fade_out_at
from tonewright.audio.resampling import resample_array
from tonewright.distances.loss import TrainingLoss
from tonewright.learning.spaces import flatten, to_env
from tonewright.matching.agent.loaded import Agent
from tonewright.matching.hearing.cells import HEARING_RATE_HZ
from tonewright.matching.hearing.observation import Observer, SoundFeatures, TargetFeatures
from tonewright.matching.search.objective import Objective

_SMALLEST = 1 / 16  # steps are not tried smaller than this; then they are as large as at first again


class _Presets(NamedTuple):
    """Points `[n, N]`, their losses `[n]` and features of their sounds."""

    points: NDArray[np.float32]
    losses: NDArray[np.float64]
    features: SoundFeatures

    def replaced(self, rows: NDArray[np.bool_], by: _Presets) -> _Presets:
        """A copy, with some rows replaced."""

        def picked(mine: NDArray[Any], theirs: NDArray[Any]) -> NDArray[Any]:
            return np.where(rows.reshape(-1, *[1] * (mine.ndim - 1)), theirs, mine)

        return _Presets(
            picked(self.points, by.points),
            picked(self.losses, by.losses),
            SoundFeatures(*(picked(*pair) for pair in zip(self.features, by.features, strict=True))),
        )


class AgentSteps:
    """Lets an agent take steps from points of a search.

    The agent hears at its own rate and for as long as it was trained to; shorter sounds are followed by
    silence, of longer ones it hears the beginning.

    Args:
        objective: Renders, compares, counts and remembers.
        agent: Turns the controls.
    """

    def __init__(self, objective: Objective, agent: Agent) -> None:
        self._objective, self._agent = objective, agent
        self._rate = objective.synth.sample_rate_hz
        self._controls = len(objective.space.controls)
        self._frames = round(agent.seconds * HEARING_RATE_HZ)
        self._seconds = min(agent.seconds, len(objective.target) / self._rate)
        self._loss = TrainingLoss(HEARING_RATE_HZ, self._frames)
        self._observer = Observer(self._loss, self._controls)
        self._target = self._window(objective.target[None])
        self._analysis = self._loss.analyse(self._target)
        self._exposed = np.ones(self._controls, np.bool_)

    def take(
        self,
        points: NDArray[np.float32],
        losses: NDArray[np.float64],
        steps: int,
        rng: np.random.Generator,
        *,
        approach: int = 0,
        surely: bool = True,
    ) -> None:
        """Take steps from points that were heard before, side by side; the objective remembers the best.

        Each step starts from the best that a point has become so far. A step that did not help is tried again
        half as large and a little differently; one that did, twice as large.

        Args:
            points: `[n, N]`.
            losses: `[n]` as the objective gave them.
            steps: Presets to render for each point.
            rng: Random numbers of the agent's choices.
            approach: Steps at first that follow the agent wherever it goes, as from a preset far away.
            surely: Whether it does the likeliest in them: the same whenever it starts from the same preset.

        Raises:
            BudgetSpent: See `Objective`.
        """
        count = len(points)
        points = self._objective.space.decode(points)
        notes = self._objective.space.notes(points)
        target = self._observer.describe_targets(
            np.repeat(self._target, count, axis=0),
            self._analysis.take(np.zeros(count, np.intp)),
            notes.midi_note,
            np.minimum(notes.gate_seconds, self._seconds),  # no gate in its training was longer
        )
        # Rendered once more, since a search keeps no sounds: what was counted is not counted again.
        best = _Presets(points, losses, self._features(self._objective.render(points), target.peak_db))
        present, size = best, np.ones((count, 1), np.float32)
        for step in range(steps):
            approaches = step < approach
            actions = self._actions(target, present, size, None if approaches and surely else rng)
            points = present.points.copy()
            points[:, : self._controls] = self._agent.actions.apply(
                points[:, : self._controls], to_env(self._agent.actions.space, actions), self._exposed
            )
            losses, audio = self._objective.render_and_compare(points)
            reached = _Presets(points, losses, self._features(audio, target.peak_db))
            helped = losses < best.losses
            best = best.replaced(helped, reached)
            present = reached if approaches and step + 1 < approach else best
            if not approaches:
                size = np.where(helped[:, None], np.minimum(2 * size, 1), size / 2).astype(np.float32)
                size[size < _SMALLEST] = 1.0

    def _actions(
        self,
        target: TargetFeatures,
        present: _Presets,
        size: NDArray[np.float32],
        rng: np.random.Generator | None,
    ) -> NDArray[np.float32]:
        """What the agent would do, times `size`; with random numbers, half-way to what it might do."""
        everything_left = np.ones(len(size))
        params = present.points[:, : self._controls]
        observations = self._observer.observe(target, present.features, params, everything_left)
        flat = flatten(self._observer.space, observations)
        actions = self._agent.act(flat, None)
        continuous = self._agent.actions.continuous
        if rng is not None:
            sampled = self._agent.act(flat, rng)
            alike = (sampled == actions)[:, ~continuous].all(axis=1)  # half-way makes sense in one module
            half = np.float32(0.5) * (actions + sampled)
            actions = np.where(alike[:, None], half, sampled)
        actions[:, continuous] *= size
        return actions

    def _features(self, audio: NDArray[np.float32], peak_db: NDArray[np.float32]) -> SoundFeatures:
        loss, log_mel_db = self._loss.compare_and_hear(self._window(audio), self._analysis)
        return self._observer.describe_sounds(loss, log_mel_db, peak_db)

    def _window(self, audio: NDArray[np.float32]) -> NDArray[np.float32]:
        """What the agent hears of sounds `[n, frames]`."""
        window = resample_array(audio, self._rate, HEARING_RATE_HZ)[:, : self._frames]
        window = np.pad(window, ((0, 0), (0, self._frames - window.shape[1])))
        return fade_out_at(window, np.full(len(window), self._seconds), HEARING_RATE_HZ)
