"""Another synth is matched and trained on with no change outside its own file."""

from dataclasses import asdict

import numpy as np
import pytest

from tonewright.audio import Clip
from tonewright.errors import CheckpointError, UsageError
from tonewright.learning.ppo import PPOConfig
from tonewright.learning.runs import Run, read_metrics
from tonewright.learning.training import TrainConfig
from tonewright.matching import match
from tonewright.matching.agent.validation import measure, measure_random
from tonewright.matching.episode_config import EpisodeConfig
from tonewright.matching.estimator.training import EstimatorConfig, train_estimator
from tonewright.matching.evaluation import evaluate, open_log
from tonewright.matching.networks.export import export_agent, export_estimator
from tonewright.matching.networks.load import load_trained
from tonewright.matching.report import report_html
from tonewright.matching.suites import suite
from tonewright.matching.training import MatchConfig, make_env, run_config, train_match
from tonewright.synths import registry

from .two_operators import TwoOperators


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    monkeypatch.setitem(registry.SYNTHS, "two-operators", f"{TwoOperators.__module__}:TwoOperators")


def test_full_searches_where_no_estimator_ships():
    synth = TwoOperators(16_000)
    with pytest.raises(CheckpointError, match="there is no estimator for two-operators version 1"):
        load_trained(synth).need_proposals(synth)
    sound = synth.render(np.array([[0.25, 0.4, 0.6, 0.7]]), 57.0, 0.6, 0.4)
    result = match(Clip(sound, 16_000), synth="two-operators", note=57.0, gate_seconds=0.4, renders=1_500)
    assert result.terms["total"] < 0.05
    assert "two-operators · playing A3" in report_html(result).replace(
        "\u00a0", " "
    )  # it has no words of its own


def test_it_is_evaluated_on_a_suite_and_a_log_of_its_own(tmp_path):
    cases = suite("random", sounds=tmp_path, synth="two-operators")[:2]
    log = open_log(tmp_path / "log.jsonl", suite="random", cases=cases, synth="two-operators")
    records = evaluate(cases, ["cma", "self"], [600], synth="two-operators", log=log)
    assert [record["method"] for record in records] == ["cma", "cma", "self", "self"]
    assert max(record["loss"] for record in records[:2]) < 0.2
    assert [record["loss"] for record in records[2:]] == [0.0, 0.0]
    with pytest.raises(UsageError, match="with synth two-operators, version 1, and these have serum-lite"):
        open_log(tmp_path / "log.jsonl", suite="random", cases=cases)


def test_an_estimator_learns(tmp_path):
    config = EstimatorConfig(
        synth="two-operators", updates=300, batch=64, durations_s=(0.3,), width=64, flow_width=64,
        checkpoint_every=150,
    )  # fmt: skip
    with Run.create(tmp_path / "run", asdict(config), 0) as run:
        network = train_estimator(run, config)
    choice = [
        line["held_out_choice_nats"]
        for line in read_metrics(tmp_path / "run")
        if "held_out_choice_nats" in line
    ]
    assert choice[-1] < 0.8 * np.log(6)  # nats of not knowing the ratio
    export_estimator(tmp_path / "estimator.onnx", network, asdict(config))
    synth = TwoOperators(16_000)
    proposals = load_trained(synth, tmp_path).need_proposals(synth)
    sound = synth.render(np.array([[0.25, 0.4, 0.6, 0.7]]), 57.0, 0.3, 0.2)
    candidates = proposals(sound[0], 57.0, 0.2, 8, np.random.default_rng(0))
    assert candidates.params.shape == (8, 4)


def test_an_agent_learns(tmp_path):
    config = MatchConfig(
        episodes=EpisodeConfig(
            synth="two-operators", stage="envelope", action_view="all", seconds=0.2,
            durations_s=(0.15, 4.0), start_near=0.5, max_episode_steps=10,
        ),
        num_envs=32, hidden=(64,), updates=30, cloning_until=1.0, ppo=PPOConfig(learning_rate=1e-3),
        loop=TrainConfig(steps=10, checkpoint_every=30),
    )  # fmt: skip
    with Run.create(tmp_path / "run", run_config(config), 0) as run:
        policy = train_match(run, config)
    env = make_env(config, 32)
    assert measure(policy, env).scores["loss"] < 0.9 * measure_random(env).scores["loss"]

    export_agent(tmp_path / "agent.onnx", policy, run_config(config))
    synth = TwoOperators(16_000)
    target = synth.controls.defaults()
    target[2:] = (0.2, 0.3)  # what the stage exposes
    sound = synth.render(target[None], 57.0, 0.6, 0.4)
    result = match(
        Clip(sound, 16_000), synth="two-operators", note=57.0, gate_seconds=0.4, renders=60,
        method="agent", networks=tmp_path,
    )  # fmt: skip
    assert result.curve[-1][1] < 0.5 * result.curve[0][1]
