"""The agent at work, without torch: which changes of the controls it would make."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tonewright.errors import CheckpointError
from tonewright.learning.inference import Network, check_shapes
from tonewright.learning.spaces import observation_size
from tonewright.matching.agent.actions import Actions
from tonewright.matching.episode_config import EpisodeConfig
from tonewright.matching.hearing.observation import observation_space
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
            given: dict[str, Any] = network.configuration["episodes"]
            episodes = EpisodeConfig(
                action_view=given["action_view"],
                seconds=float(given["seconds"]),
                step_size=float(given["step_size"]),
            )
            self._gumbel_noises = int(network.configuration["gumbel_noises"])
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise CheckpointError(
                f"the configuration of the agent is damaged ({error}); train it again"
            ) from None
        per_module = episodes.action_view == "modules"
        self.seconds = episodes.seconds
        self.actions = Actions(synth.controls, episodes.step_size, per_module=per_module)
        self._noises = self._gumbel_noises + (self.actions.width if per_module else len(synth.controls))
        size = observation_size(observation_space(len(synth.controls)))
        check_shapes(
            network,
            inputs={"observations": (size,), "noise": (self._noises,)},
            outputs={"actions": (len(self.actions.continuous),)},
        )
        if self._gumbel_noises != (len(self.actions.modules) if per_module else 0):
            raise CheckpointError("the configuration of the agent is damaged (gumbel_noises); train it again")

    def act(self, observations: NDArray[np.float32], rng: np.random.Generator | None) -> NDArray[np.float32]:
        """Flat actions `[n, width]` for flat observations `[n, D]`; without random numbers the likeliest."""
        gumbel, normal = self._gumbel_noises, self._noises - self._gumbel_noises
        noise = np.zeros((len(observations), self._noises), np.float32)
        if rng is not None:
            noise[:, :gumbel] = rng.gumbel(size=(len(noise), gumbel))
            noise[:, gumbel:] = rng.standard_normal((len(noise), normal))
        return self._network(observations=observations, noise=noise)["actions"]
