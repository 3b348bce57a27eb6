"""The agent's steps, with the agent that ships."""

from contextlib import suppress
from types import SimpleNamespace

import numpy as np
import pytest

from tonewright.learning.spaces import flatten
from tonewright.matching.agent.loaded import Agent
from tonewright.matching.environment import MatchEnv
from tonewright.matching.episodes import Drawn
from tonewright.matching.evaluation import evaluate_case
from tonewright.matching.hearing.observation import Observer
from tonewright.matching.networks.load import load_trained
from tonewright.matching.search.agent_steps import AgentSteps
from tonewright.matching.search.budget import Budget, BudgetSpent
from tonewright.matching.search.combined import agent_search
from tonewright.matching.search.objective import Objective
from tonewright.matching.search.space import SearchSpace
from tonewright.matching.suites import random_suite
from tonewright.synths import synth as make_synth

SYNTH = make_synth("serum-lite", 16_000)
AGENT = load_trained(SYNTH).need_agent(SYNTH)
CASES = random_suite(SYNTH, 12)


def objective_for(case, renders=1_000):
    space = SearchSpace(SYNTH.controls, case.midi_note, case.gate_seconds)
    return Objective(SYNTH, space, case.audio, Budget(renders), seed=0)


def test_in_a_search_the_agent_observes_what_the_environment_shows():
    case = CASES[0]
    drawn = Drawn(
        case.audio[None], np.array([60.0]), np.array([0.75]), np.full((1, 24), np.nan, np.float32), np.ones(1)
    )
    env = MatchEnv(1, targets=SimpleNamespace(draw=lambda rngs: drawn), seconds=1.0, action_view="all")
    shown = flatten(env.single_observation_space, env.reset(seed=0)[0])

    observed = []

    class Listener(Agent):
        def act(self, observations, rng):
            observed.append(observations.copy())
            return np.zeros((len(observations), 24), np.float32)

    objective = objective_for(case)
    neutral = objective.space.neutral()[None]
    losses = objective(neutral)
    steps = AgentSteps(objective, Listener(AGENT._network, SYNTH))
    steps.take(neutral, losses, 1, np.random.default_rng(0), approach=1)
    np.testing.assert_allclose(observed[0], shown, atol=1e-4)


def test_fifty_steps_from_the_neutral_preset_beat_a_thousand_renders_of_cma():
    reached = [evaluate_case(case, "agent", [50])[0]["mss"] for case in CASES]
    searched = [evaluate_case(case, "cma", [1_000])[0]["mss"] for case in CASES]
    assert np.median(reached) < np.median(searched)


def test_most_candidates_of_the_estimator_are_improved():
    improved = []
    for case in CASES:
        before, after = evaluate_case(case, "estimator-agent", [32, 100])
        improved.append(after["loss"] < before["loss"])
    assert np.mean(improved) >= 0.8


def test_steps_are_counted_and_the_budget_holds():
    objective = objective_for(CASES[1], renders=9)
    points = np.repeat(objective.space.neutral()[None], 2, axis=0)
    losses = objective(points)
    steps = AgentSteps(objective, AGENT)
    steps.take(points, losses, 2, np.random.default_rng(0))
    assert objective.renders == 6
    with pytest.raises(BudgetSpent):
        steps.take(points, losses, 5, np.random.default_rng(0))
    assert objective.renders == 9


def test_the_same_random_numbers_lead_to_the_same_steps():
    def best():
        objective = objective_for(CASES[2], renders=40)
        with suppress(BudgetSpent):
            points = objective.space.neutral()[None]
            losses = objective(points)
            AgentSteps(objective, AGENT).take(points, losses, 99, np.random.default_rng(5), approach=4)
        return objective.points[0]

    np.testing.assert_array_equal(best(), best())


def test_an_agent_that_begins_again_tries_other_presets(monkeypatch):
    objective, tried = objective_for(CASES[2], renders=300), []
    compare = objective.render_and_compare
    monkeypatch.setattr(
        objective,
        "render_and_compare",
        lambda points: tried.append(objective.space.decode(points)) or compare(points),
    )
    with suppress(BudgetSpent):
        agent_search(objective, np.random.default_rng(0))
    assert [len(points) for points in tried[:198]] == [1] * 198  # one at a time; then many
    assert len(tried[-1]) == 16
    presets = np.concatenate(tried)
    assert len(np.unique(presets, axis=0)) > 0.98 * len(presets)


def test_of_a_long_sound_the_agent_knows_what_it_hears_of_the_gate(monkeypatch):
    audio = SYNTH.render(CASES[4].true_params[None], 60.0, 2.0, 1.5)[0]
    objective = Objective(SYNTH, SearchSpace(SYNTH.controls, 60.0, 1.5), audio, Budget(10), seed=0)
    steps, gates = AgentSteps(objective, AGENT), []
    describe = Observer.describe_targets
    monkeypatch.setattr(
        Observer, "describe_targets", lambda *inputs: gates.extend(inputs[4]) or describe(*inputs)
    )
    neutral = objective.space.neutral()[None]
    steps.take(neutral, objective(neutral), 1, np.random.default_rng(0))
    assert gates == [1.0]


def test_rows_do_not_touch_each_other():
    def reached(rows):
        objective = objective_for(CASES[3])
        points = SYNTH.controls.sample(np.random.default_rng(1), batch=2)[rows]
        losses = objective(points)
        AgentSteps(objective, AGENT).take(points, losses, 3, np.random.default_rng(0), approach=3)
        return objective.losses

    together, alone = reached([0, 1]), np.concatenate([reached([0]), reached([1])])
    np.testing.assert_allclose(np.sort(together), np.sort(alone), rtol=1e-4)


@pytest.mark.parametrize(("seconds", "heard"), [(0.3, 0.3), (2.0, 1.0)])
def test_shorter_sounds_are_followed_by_silence_and_longer_ones_cut(seconds, heard):
    params = CASES[4].true_params[None]
    audio = SYNTH.render(params, 60.0, seconds, 0.2)[0]
    space = SearchSpace(SYNTH.controls, 60.0, 0.2)
    steps = AgentSteps(Objective(SYNTH, space, audio, Budget(10), seed=0), AGENT)
    (window,) = steps._window(audio[None])
    end = round(heard * 16_000)
    assert window.shape == (16_000,)
    np.testing.assert_array_equal(window[: end - 160], audio[: end - 160])
    assert not window[end:].any()
