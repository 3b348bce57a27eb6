"""The agents that ship, without torch, on walks that they have not seen."""

from dataclasses import replace

import pytest

from tonewright.errors import CheckpointError
from tonewright.improvising.environment import ImproviseEnv
from tonewright.improvising.networks.load import agent_digest, load_agent
from tonewright.improvising.playing.baselines import baseline
from tonewright.improvising.playing.performing import perform
from tonewright.synths import synth

SHIPPED = ("sine", "fm", "granular")


@pytest.mark.parametrize("name", SHIPPED)
def test_it_goes_most_of_the_way_to_the_oracle_when_it_is_rendered(name):
    agent = load_agent(synth(name))
    config = replace(
        agent.config,
        table=None,
        corpus=None,
        training_mode="dynamic",
        hearing="render",
        max_episode_steps=300,
    )
    env = ImproviseEnv(8, config, scales=agent.scales)
    agent.check_fits(env)
    hold, own, limited = (
        perform(env, player, 500).rewards[:, 1:].mean()
        for player in (baseline("hold", env), agent, baseline("limited", env))
    )
    assert own - hold > 0.5 * (limited - hold)


@pytest.mark.parametrize("name", SHIPPED)
def test_its_digest_is_told(name):
    assert len(agent_digest(synth(name))) == 64


def test_none_ships_for_other_synths():
    assert agent_digest(synth("serum-lite")) is None
    with pytest.raises(CheckpointError, match="no agent ships for serum-lite"):
        load_agent(synth("serum-lite"))
