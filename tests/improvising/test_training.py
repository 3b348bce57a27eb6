import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tonewright.errors import CheckpointError, UnknownNameError, UsageError
from tonewright.improvising.agent.loaded import Agent
from tonewright.improvising.corpus.corpus import Corpus
from tonewright.improvising.environment import ImproviseEnv
from tonewright.improvising.episode_config import ImproviseConfig
from tonewright.improvising.evaluation import evaluate, open_log, stage, summarise
from tonewright.improvising.following.phrases import held_out_phrases
from tonewright.improvising.lookup.files import write_table
from tonewright.improvising.networks.export import export_agent
from tonewright.improvising.networks.load import load_agent
from tonewright.improvising.own_sound.small_table import measure_table
from tonewright.improvising.playing.baselines import baseline
from tonewright.improvising.playing.performing import perform
from tonewright.improvising.training import (
    ALGORITHMS,
    HeldOut,
    TrainImproviseConfig,
    follows_total,
    run_config,
    suited_view,
    train_improvise,
)
from tonewright.learning.configuration import config_from
from tonewright.learning.runs import Run, read_metrics
from tonewright.learning.training import TrainConfig
from tonewright.synths import synth as make_synth

from . import settings

KEPT = ("loudness_rms", "pitch_f0", "spectral_centroid")


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("table") / "sine.parquet"
    write_table(path, measure_table(make_synth("sine"), settings.HEARD, grid=17))
    return path


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return settings.corpus(*[
        (split, settings.played(900, seed))
        for seed, split in enumerate(("train", "train", "validation", "test"))
    ])  # fmt: skip


def config(table: Path, **changes: object) -> TrainImproviseConfig:
    episodes = ImproviseConfig(
        table=str(table), features_keep=KEPT, training_mode="dynamic", max_episode_steps=50, history=1
    )
    return replace(
        TrainImproviseConfig(
            episodes=episodes,
            num_envs=32,
            hidden=(16,),
            updates=4,
            loop=TrainConfig(steps=8, checkpoint_every=2),
        ),
        **changes,
    )


def train(folder: Path, chosen: TrainImproviseConfig) -> None:
    with Run.create(folder, run_config(chosen), 0, sinks=()) as run:
        trained, setting = train_improvise(run, chosen)
        export_agent(folder / "agent.onnx", trained, setting, run_config(chosen))


def logged(folder: Path) -> list[dict[str, float]]:
    return [
        {key: value for key, value in line.items() if key != "wall_s" and not key.startswith("time/")}
        for line in read_metrics(folder)
    ]


@pytest.fixture(scope="module")
def trained(table: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small agent that has learned."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    train(folder, config(table, num_envs=64, hidden=(32,), updates=30, loop=TrainConfig(16, 30)))
    return folder


class TestOurOwn:
    def test_it_learns_to_follow(self, trained: Path) -> None:
        scores = {key: value for key, value in logged(trained)[-1].items() if key.startswith("evaluation/")}
        assert scores["evaluation/hold_reward"] < 0.5 < scores["evaluation/oracle_reward"]
        assert scores["evaluation/gap_closed"] > 0.6

    def test_a_run_that_is_interrupted_learns_what_one_does_that_is_not(
        self, table: Path, tmp_path: Path
    ) -> None:
        chosen = config(table)
        train(tmp_path / "whole", chosen)

        def stop(update: int, _: object) -> None:
            if update == 2:
                raise KeyboardInterrupt

        with (
            pytest.raises(KeyboardInterrupt),
            Run.create(tmp_path / "cut", run_config(chosen), 0, sinks=()) as run,
        ):
            train_improvise(run, chosen, progress=stop)
        with Run.resume(tmp_path / "cut") as run:
            train_improvise(run, chosen)
        assert logged(tmp_path / "cut") == logged(tmp_path / "whole")

    def test_the_exported_agent_does_what_was_trained(self, trained: Path, table: Path) -> None:
        agent = load_agent(make_synth("sine"), trained)
        held_out = HeldOut(config(table))
        agent.check_fits(held_out.env)
        assert held_out(agent)["gap_closed"] == pytest.approx(
            read_metrics(trained)[-1]["evaluation/gap_closed"], abs=0.02
        )  # its weights are kept in half precision


class TestTheLibrary:
    @pytest.mark.parametrize("algorithm", [name for name in ALGORITHMS if name != "ppo"])
    def test_every_algorithm_trains_and_is_exported(
        self, algorithm: str, table: Path, tmp_path: Path
    ) -> None:
        episodes = config(table).episodes
        view = suited_view(algorithm) or "continuous"
        chosen = config(
            table, algorithm=algorithm, updates=2, num_envs=8,
            episodes=replace(episodes, action_view=view), loop=TrainConfig(8, 2),
        )  # fmt: skip
        train(tmp_path / "run", chosen)
        assert "evaluation/gap_closed" in logged(tmp_path / "run")[-1]
        agent = load_agent(make_synth("sine"), tmp_path / "run")
        env = ImproviseEnv(3, agent.config, scales=agent.scales)
        observations, _ = env.reset(seed=0)
        assert env.action_space.contains(agent(env, observations))


class TestConfiguration:
    def test_mistakes_are_told(self, table: Path) -> None:
        with pytest.raises(UnknownNameError, match="algorithm"):
            TrainImproviseConfig(algorithm="ppq")
        with pytest.raises(UsageError, match="dqn acts in action_view 'joint'; got 'continuous'"):
            config(table, algorithm="dqn")
        with pytest.raises(UsageError, match="hidden"):
            config(table, hidden=())

    def test_it_comes_back_from_json(self, table: Path) -> None:
        chosen = config(table, algorithm="sac", learning_rate=1e-4)
        values = json.loads(json.dumps(run_config(chosen)))
        assert values.pop("recipe") == "improvise"
        assert config_from(TrainImproviseConfig, values) == chosen

    def test_what_follows_the_total(self, table: Path) -> None:
        assert follows_total(config(table)) == ["the learning rate", "the weight of imitation"]
        assert follows_total(config(table, algorithm="sac")) == []


class TestAgents:
    def test_one_of_another_synth_is_refused(self, trained: Path) -> None:
        with pytest.raises(CheckpointError, match="is an agent of sine, and this synth is fm"):
            load_agent(make_synth("fm"), trained)

    def test_a_damaged_description_is_refused(self, trained: Path, tmp_path: Path) -> None:
        for name in ("agent.onnx", "agent.json"):
            (tmp_path / name).write_bytes((trained / name).read_bytes())
        described = json.loads((tmp_path / "agent.json").read_text())
        del described["configuration"]["scales"]
        (tmp_path / "agent.json").write_text(json.dumps(described))
        with pytest.raises(CheckpointError, match="damaged"):
            load_agent(make_synth("sine"), tmp_path)

    def test_another_environment_is_refused(self, trained: Path) -> None:
        agent = load_agent(make_synth("sine"), trained)
        env = ImproviseEnv(1, replace(agent.config, step_size=0.2), scales=agent.scales)
        with pytest.raises(UsageError, match=r"trained with step_size 0\.05; got 0\.2"):
            agent.check_fits(env)

    def test_no_agent_for_a_synth_tells_the_command(self, tmp_path: Path) -> None:
        with pytest.raises(CheckpointError, match="tonewright train"):
            load_agent(make_synth("serum-lite"))
        with pytest.raises(CheckpointError, match=r"agent\.onnx"):
            load_agent(make_synth("sine"), tmp_path)


class TestEvaluation:
    def test_agent_and_baselines_side_by_side(
        self, trained: Path, table: Path, corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        on = replace(stage(table=table, corpus=None, agents=[trained]), corpus=corpus)
        name = on.methods[0]
        log = open_log(tmp_path / "log.jsonl", on)
        methods = (name, "hold", "limited")
        records = evaluate(on, methods, suites=["corpus"], hearings=["table"], log=log)
        phrases = held_out_phrases(corpus)
        assert [(one["method"], one["phrase"]) for one in records] == [
            (method, phrase.name) for method in methods for phrase in phrases
        ]
        rows = {row["method"]: row for row in summarise(records)}
        assert (rows["hold"]["gap_closed"], rows["limited"]["gap_closed"]) == (0.0, 1.0)
        low, high = rows["hold"]["reward"], rows["limited"]["reward"]
        assert rows[name]["gap_closed"] == pytest.approx((rows[name]["reward"] - low) / (high - low))
        assert rows[name]["gap_closed"] > 0.5
        assert rows["hold"]["travel_per_s"] == 0.0
        assert 0 < rows["limited"]["lag_ms"] < 150
        assert all(f"error_{one}" in rows[name] for one in settings.HEARD)  # seen, counted or neither

        # What is in the log is not played again.
        monkeypatch.setattr("tonewright.improvising.evaluation.perform", None)
        assert (
            evaluate(on, methods, suites=["corpus"], hearings=["table"], log=open_log(log.path, on))
            == records
        )

    def test_the_same_as_a_performance_by_hand(self, trained: Path, table: Path, corpus: Corpus) -> None:
        on = replace(stage(table=table, corpus=None, agents=[trained]), corpus=corpus)
        (record,) = evaluate(on, ["limited"], suites=["corpus"], hearings=["table"], seeds=[3])
        (phrase,) = held_out_phrases(corpus)
        agent = load_agent(make_synth("sine"), trained)
        env = ImproviseEnv(
            1, replace(agent.config, hearing="table", max_episode_steps=2000), table=on.table, corpus=corpus,
            phrases=[phrase], scales=agent.scales,
        )  # fmt: skip
        played = perform(env, baseline("limited", env), len(phrase.frames), seed=3)
        expected = played.rewards[0, 1 : len(phrase.frames)].mean()
        assert record["reward"] == pytest.approx(
            expected, rel=1e-3
        )  # what is reported beside draws noise of its own

    def test_mistakes_are_told(self, trained: Path, table: Path, tmp_path: Path) -> None:
        with pytest.raises(UnknownNameError, match="part of a corpus"):
            stage(table=table, corpus=None, agents=[trained], split="tset")
        on = stage(table=table, corpus=None, agents=[trained])
        with pytest.raises(UnknownNameError, match="method"):
            evaluate(on, ["oracle"])
        for name in ("agent.onnx", "agent.json"):
            (tmp_path / name).write_bytes((trained / name).read_bytes())
        described = json.loads((tmp_path / "agent.json").read_text())
        described["configuration"]["episodes"]["reward_scale"] = 0.25
        (tmp_path / "agent.json").write_text(json.dumps(described))
        with pytest.raises(UsageError, match=r"the same reward_scale; got 0\.5 in .* and 0\.25"):
            stage(table=table, corpus=None, agents=[trained, tmp_path])


def test_agents_act_on_flat_observations(trained: Path) -> None:
    agent = load_agent(make_synth("sine"), trained)
    assert isinstance(agent, Agent)
    size = agent._network.inputs["observations"][0]
    actions = agent.act(np.zeros((5, size), np.float32))
    assert actions.shape == (5, 2)
    assert (np.abs(actions) <= 1).all()
