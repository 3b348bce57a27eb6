from copy import copy
from importlib.resources import files
from types import SimpleNamespace

import numpy as np
import pytest

from tonewright.errors import CheckpointError
from tonewright.learning.inference import load_network
from tonewright.matching.agent.loaded import KIND, Agent
from tonewright.synths import synth as make_synth

SYNTH = make_synth("serum-lite", 16_000)
NETWORK = load_network(
    files("tonewright.matching.networks") / "shipped" / "agent-serum-lite-v1.onnx",
    kind=KIND,
    controls=SYNTH.controls.names,
)


def with_configuration(**changes):
    """The network that ships, with another configuration."""
    network = copy(NETWORK)
    network.configuration = NETWORK.configuration | changes
    episodes = NETWORK.configuration["episodes"]
    network.configuration["episodes"] = episodes | changes.get("episodes", {})
    return network


def test_without_random_numbers_it_does_the_likeliest():
    agent = Agent(NETWORK, SYNTH)
    observations = np.random.default_rng(0).standard_normal((3, 2640)).astype(np.float32)
    likeliest = agent.act(observations, None)
    assert likeliest.shape == (3, 24)
    np.testing.assert_array_equal(agent.act(observations, None), likeliest)
    sampled = [agent.act(observations, np.random.default_rng(seed)) for seed in (0, 0, 1)]
    np.testing.assert_array_equal(sampled[0], sampled[1])
    assert not np.array_equal(sampled[0], sampled[2])
    assert agent.seconds == 1.0


@pytest.mark.parametrize(
    "damage",
    [
        {"episodes": {"seconds": 1e308}},
        {"episodes": {"seconds": 10**400}},
        {"episodes": {"seconds": 0}},
        {"episodes": {"seconds": "long"}},
        {"episodes": {"step_size": -1}},
        {"episodes": {"step_size": 1e300}},
        {"episodes": {"action_view": "modules"}},
        {"episodes": {"action_view": "none"}},
        {"gumbel_noises": -1},
        {"gumbel_noises": 5},
    ],
    ids=str,
)
def test_a_configuration_that_is_damaged_is_refused(damage):
    with pytest.raises(CheckpointError, match=r"the configuration of the agent is damaged|and this one"):
        Agent(with_configuration(**damage), SYNTH)


@pytest.mark.parametrize(
    "configuration",
    [{}, {"episodes": []}, {"episodes": {"seconds": 1.0, "action_view": "all"}, "gumbel_noises": 0}],
    ids=str,
)
def test_a_configuration_that_lacks_something_is_refused(configuration):
    with pytest.raises(CheckpointError, match="the configuration of the agent is damaged"):
        Agent(SimpleNamespace(configuration=configuration), SYNTH)
