"""The agent at work on a match: it edits presets step by step, without torch."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tonewright.audio.resampling import resample_array
from tonewright.distances.loss import TrainingLoss
from tonewright.errors import CheckpointError
from tonewright.files import StrPath
from tonewright.learning.inference import Network, load_network
from tonewright.learning.spaces import flatten, to_env
from tonewright.matching.ear import HEARING_RATE_HZ
from tonewright.matching.moves import Moves
from tonewright.matching.objective import Objective
from tonewright.matching.observation import Observer
from tonewright.matching.shipping import shipped_network
from tonewright.matching.targets import cut_short
from tonewright.synths.base import Synth

KIND = "match-agent"


class Agent:
    """Turns the controls of one synth.

    Args:
        network: Exported agent of this synth.
        synth: The synth.

    Raises:
        CheckpointError: The network was not trained as a match agent is.
    """

    def __init__(self, network: Network, synth: Synth) -> None:
        self._network = network
        try:
            configuration: dict[str, Any] = network.configuration
            self.seconds = float(configuration["seconds"])
            self.steps = int(configuration["max_episode_steps"])
            self._gumbel_noises = int(configuration["gumbel_noises"])
            per_module = configuration["action_view"] == "modules"
            self.moves = Moves(synth.controls, float(configuration["step_size"]), per_module=per_module)
        except (KeyError, TypeError, ValueError) as error:
            raise CheckpointError(
                f"the configuration of the agent is damaged ({error}); train it again"
            ) from None

    def act(self, observations: NDArray[np.float32], rng: np.random.Generator | None) -> NDArray[np.float32]:
        """Flat actions `[n, width]` for flat observations `[n, D]`; without random numbers the likeliest."""
        noises = self._network.inputs["noise"][0]
        noise = np.zeros((len(observations), noises), np.float32)
        if rng is not None:
            noise[:, : self._gumbel_noises] = rng.gumbel(size=(len(noise), self._gumbel_noises))
            noise[:, self._gumbel_noises :] = rng.standard_normal((len(noise), noises - self._gumbel_noises))
        return self._network(observations=observations, noise=noise)["actions"]


class Editor:
    """Lets an agent edit points of a search.

    The agent hears at its own rate and for as long as it was trained to; shorter sounds are followed by
    silence, of longer ones it hears the beginning.

    Args:
        objective: Renders, compares, counts and remembers.
        agent: Edits.
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

    def edit(
        self,
        points: NDArray[np.float32],
        losses: NDArray[np.float64],
        audio: NDArray[np.float32],
        steps: int,
        rng: np.random.Generator,
    ) -> None:
        """Edit points that were heard before, side by side; the objective remembers the best.

        Each step goes on from the best of a point's edits so far.

        Args:
            points: `[n, N]`.
            losses: `[n]` as the objective gave them.
            audio: `[n, frames]` as the objective gave it.
            steps: Presets to render for each point.
            rng: Random numbers of the agent's choices.

        Raises:
            BudgetSpent: See `Objective`.
        """
        count = len(points)
        points, losses = self._objective.space.decode(points), losses.copy()
        notes = self._objective.space.notes(points)
        target = self._observer.hear_target(
            np.repeat(self._target, count, axis=0),
            self._analysis.take(np.zeros(count, np.intp)),
            notes.midi_note,
            notes.gate_seconds,
        )
        sound = self._hear(audio, target.peak_db)
        fresh = np.ones(count, np.bool_)
        for step in range(steps):
            left = np.full(count, max(0.0, 1.0 - step / self._agent.steps))
            observations = self._observer.observe(target, sound, points[:, : self._controls], left)
            flat = flatten(self._observer.space, observations)
            actions = self._agent.act(flat, rng)
            actions[fresh] = self._agent.act(flat[fresh], None)
            changed = points.copy()
            changed[:, : self._controls] = self._agent.moves.apply(
                points[:, : self._controls], to_env(self._agent.moves.space, actions), self._exposed
            )
            new_losses, new_audio = self._objective.hear(changed)
            fresh = new_losses < losses
            points, losses = np.where(fresh[:, None], changed, points), np.where(fresh, new_losses, losses)
            new = self._hear(new_audio, target.peak_db)
            for kept, better in zip(sound, new, strict=True):
                kept[fresh] = better[fresh]

    def _hear(self, audio: NDArray[np.float32], peak_db: NDArray[np.float32]) -> Any:
        loss, log_mel_db = self._loss.compare_and_hear(self._window(audio), self._analysis)
        return self._observer.hear(loss, log_mel_db, peak_db)

    def _window(self, audio: NDArray[np.float32]) -> NDArray[np.float32]:
        """What the agent hears of sounds `[n, frames]`."""
        heard = resample_array(audio, self._rate, HEARING_RATE_HZ)[:, : self._frames]
        heard = np.pad(heard, ((0, 0), (0, self._frames - heard.shape[1])))
        return cut_short(heard, np.full(len(heard), self._seconds), HEARING_RATE_HZ)


def shipped_agent(synth: Synth) -> Agent | None:
    """The agent of a synth that comes with the package, if one does."""
    network = shipped_network("agent", KIND, synth)
    return None if network is None else Agent(network, synth)


def load_agent(synth: Synth, path: StrPath | None = None) -> Agent:
    """The agent of a synth, from a file or, if none is named, as it ships with the package.

    Raises:
        CheckpointError: There is none for this synth, or the file is damaged or of another synth.
    """
    if path is not None:
        return Agent(load_network(path, kind=KIND, controls=synth.controls.names), synth)
    agent = shipped_agent(synth)
    if agent is None:
        raise CheckpointError(
            f"no agent ships for {synth.name} version {synth.version}; train one with"
            f" `tonewright train match --synth {synth.name}`, or use --method cma"
        )
    return agent
