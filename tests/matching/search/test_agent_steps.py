"""The agent at work, with the one that ships."""

from contextlib import suppress
from types import SimpleNamespace

import numpy as np
import pytest

from tonewright.errors import CheckpointError
from tonewright.learning.spaces import flatten
from tonewright.matching.environment import MatchEnv
from tonewright.matching.episodes import Drawn
from tonewright.matching.evaluation import evaluate_case
from tonewright.matching.hearing.observation import Observer
from tonewright.matching.networks.load import load_trained
from tonewright.matching.search.agent_steps import Agent, Editor
from tonewright.matching.search.combined import agent_search
from tonewright.matching.search.objective import BudgetSpent, Objective
from tonewright.matching.search.space import SearchSpace
from tonewright.matching.suites import random_suite
from tonewright.synths import synth as make_synth

SYNTH = make_synth("serum-lite", 16_000)
AGENT = load_trained(SYNTH).need_agent(SYNTH)
CASES = random_suite(SYNTH, 12)


def objective_for(case, renders=1_000):
    space = SearchSpace(SYNTH.controls, case.midi_note, case.gate_seconds)
    return Objective(SYNTH, space, case.audio, renders=renders, seed=0)


def test_an_editor_hears_what_the_environment_shows():
    case = CASES[0]
    drawn = Drawn(
        case.audio[None], np.array([60.0]), np.array([0.75]), np.full((1, 24), np.nan, np.float32), np.ones(1)
    )
    env = MatchEnv(1, targets=SimpleNamespace(draw=lambda rngs: drawn), seconds=1.0, action_view="all")
    shown = flatten(env.single_observation_space, env.reset(seed=0)[0])

    heard = []

    class Listener(Agent):
        def act(self, observations, rng):
            heard.append(observations.copy())
            return np.zeros((len(observations), 24), np.float32)

    objective = objective_for(case)
    neutral = objective.space.neutral()[None]
    losses = objective(neutral)
    editor = Editor(objective, Listener(AGENT._network, SYNTH))
    editor.edit(neutral, losses, 1, np.random.default_rng(0), approach=1)
    np.testing.assert_allclose(heard[0], shown, atol=1e-4)


def test_fifty_edits_of_the_neutral_preset_beat_a_thousand_renders_of_cma():
    edited = [evaluate_case(case, "agent", [50])[0]["mss"] for case in CASES]
    searched = [evaluate_case(case, "cma", [1_000])[0]["mss"] for case in CASES]
    assert np.median(edited) < np.median(searched)


def test_most_candidates_of_the_estimator_are_improved():
    improved = []
    for case in CASES:
        before, after = evaluate_case(case, "estimator-agent", [32, 100])
        improved.append(after["loss"] < before["loss"])
    assert np.mean(improved) >= 0.8


def test_edits_are_counted_and_the_budget_holds():
    objective = objective_for(CASES[1], renders=9)
    points = np.repeat(objective.space.neutral()[None], 2, axis=0)
    losses = objective(points)
    editor = Editor(objective, AGENT)
    editor.edit(points, losses, 2, np.random.default_rng(0))
    assert objective.renders == 6
    with pytest.raises(BudgetSpent):
        editor.edit(points, losses, 5, np.random.default_rng(0))
    assert objective.renders == 9


def test_the_same_random_numbers_lead_to_the_same_edits():
    def best():
        objective = objective_for(CASES[2], renders=40)
        with suppress(BudgetSpent):
            points = objective.space.neutral()[None]
            losses = objective(points)
            editor = Editor(objective, AGENT)
            editor.edit(points, losses, 99, np.random.default_rng(5), approach=4)
        return objective.points[0]

    np.testing.assert_array_equal(best(), best())


def test_an_agent_that_begins_again_hears_other_presets():
    objective, heard = objective_for(CASES[2], renders=300), []
    hear = objective.hear
    objective.hear = lambda points: heard.append(objective.space.decode(points)) or hear(points)
    with suppress(BudgetSpent):
        agent_search(objective, np.random.default_rng(0))
    assert [len(points) for points in heard[:198]] == [1] * 198  # one at a time; then many
    assert len(heard[-1]) == 16
    presets = np.concatenate(heard)
    assert len(np.unique(presets, axis=0)) > 0.98 * len(presets)


def test_of_a_long_sound_the_agent_knows_what_it_hears_of_the_gate(monkeypatch):
    audio = SYNTH.render(CASES[4].true_params[None], 60.0, 2.0, 1.5)[0]
    objective = Objective(SYNTH, SearchSpace(SYNTH.controls, 60.0, 1.5), audio, renders=10, seed=0)
    editor, gates = Editor(objective, AGENT), []
    hear_target = Observer.hear_target
    monkeypatch.setattr(
        Observer, "hear_target", lambda *inputs: gates.extend(inputs[4]) or hear_target(*inputs)
    )
    neutral = objective.space.neutral()[None]
    editor.edit(neutral, objective(neutral), 1, np.random.default_rng(0))
    assert gates == [1.0]


def test_rows_are_edited_apart_from_each_other():
    def edited(rows):
        objective = objective_for(CASES[3])
        points = SYNTH.controls.sample(np.random.default_rng(1), batch=2)[rows]
        losses = objective(points)
        Editor(objective, AGENT).edit(points, losses, 3, np.random.default_rng(0), approach=3)
        return objective.losses

    together, alone = edited([0, 1]), np.concatenate([edited([0]), edited([1])])
    np.testing.assert_allclose(np.sort(together), np.sort(alone), rtol=1e-4)


@pytest.mark.parametrize(("seconds", "heard"), [(0.3, 0.3), (2.0, 1.0)])
def test_shorter_sounds_are_followed_by_silence_and_longer_ones_cut(seconds, heard):
    params = CASES[4].true_params[None]
    audio = SYNTH.render(params, 60.0, seconds, 0.2)[0]
    space = SearchSpace(SYNTH.controls, 60.0, 0.2)
    editor = Editor(Objective(SYNTH, space, audio, renders=10, seed=0), AGENT)
    (window,) = editor._window(audio[None])
    end = round(heard * 16_000)
    assert window.shape == (16_000,)
    np.testing.assert_array_equal(window[: end - 160], audio[: end - 160])
    assert not window[end:].any()


@pytest.mark.parametrize("configuration", [{}, {"seconds": "long", "gumbel_noises": 0, "step_size": 0.5}])
def test_a_configuration_that_is_damaged_is_refused(configuration):
    with pytest.raises(CheckpointError, match="configuration of the agent is damaged"):
        Agent(SimpleNamespace(configuration=configuration), SYNTH)
