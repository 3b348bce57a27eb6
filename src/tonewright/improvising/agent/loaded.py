"""The agent at work, without torch: how it moves the controls, given what is heard."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tonewright.errors import CheckpointError, TonewrightError, UsageError
from tonewright.improvising.actions import Actions
from tonewright.improvising.environment import ImproviseEnv
from tonewright.improvising.episode_config import ImproviseConfig
from tonewright.improvising.listening.normalising import Scales
from tonewright.improvising.listening.observation import Observer
from tonewright.learning.configuration import config_from
from tonewright.learning.inference import BoundNetwork, Network, check_shapes
from tonewright.learning.spaces import action_size, flatten, observation_size, to_env
from tonewright.synths.base import Synth

KIND = "improvise-agent"


class Agent:
    """Plays one synth; a `performing.Player`.

    Args:
        network: Exported agent of this synth.
        synth: The synth.

    Attributes:
        config: What its episodes were like; what it needs to be played alike.
        scales: Of what it hears and of what counted.
        columns: What it hears, in order.

    Raises:
        CheckpointError: The network was not trained as an improvise agent is.
    """

    def __init__(self, network: Network, synth: Synth) -> None:
        self._network = network
        try:
            given: Mapping[str, Any] = network.configuration
            self.config = config_from(ImproviseConfig, dict(given["episodes"]))
            self.scales = Scales(**{name: tuple(values) for name, values in given["scales"].items()})
            self.columns = tuple(given["columns"])
        except (KeyError, TypeError, ValueError, TonewrightError) as error:
            raise CheckpointError(
                f"the configuration of the agent is damaged ({error}); train it again"
            ) from None
        controls = len(synth.controls)
        self._space = Actions(self.config.action_view, controls).space
        observed = Observer(1, len(self.columns), controls, self.config.history).space
        inputs: dict[str, tuple[int, ...]] = {"observations": (observation_size(observed),)}
        if "noise" in network.inputs:  # of our own PPO; without it the agent does what it thinks best
            self._noise = network.inputs["noise"]
            inputs["noise"] = self._noise
        check_shapes(network, inputs=inputs, outputs={"actions": (action_size(self._space),)})

    def check_fits(self, env: ImproviseEnv) -> None:
        """Check that an environment shows what this agent was trained with and takes its actions.

        Raises:
            UsageError: It does not.
        """
        for name in ("action_view", "step_size", "hops_per_step", "history"):
            mine, theirs = getattr(self.config, name), getattr(env.config, name)
            if mine != theirs:
                raise UsageError(f"the agent was trained with {name} {mine!r}; got {theirs!r}; play it so")
        if self.columns != env.setting.keep.columns:
            raise UsageError(
                f"the agent hears {', '.join(self.columns)}; got {', '.join(env.setting.keep.columns)}; give "
                "the environment the agent's configuration"
            )

    def __call__(self, env: ImproviseEnv, observations: Any) -> Any:
        """Actions of all rows, without exploring."""
        return self.act(flatten(env.single_observation_space, observations))

    def alone(self) -> Callable[[NDArray[np.float32]], Any]:
        """As `act`, for one row `[1, O]` and one thread, in memory that stays; for live use."""
        bound = BoundNetwork(self._network)

        def act(observations: NDArray[np.float32]) -> Any:
            bound.inputs["observations"][:] = observations
            bound.run()
            return to_env(self._space, bound.outputs["actions"])

        return act

    def act(self, observations: NDArray[np.float32]) -> Any:
        """Actions for flat observations `[B, O]`."""
        inputs: dict[str, NDArray[np.float32]] = {"observations": observations}
        if "noise" in self._network.inputs:
            inputs["noise"] = np.zeros((len(observations), *self._noise), np.float32)
        return to_env(self._space, self._network(**inputs)["actions"])
