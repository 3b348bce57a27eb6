import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tonewright.errors import CheckpointError, UnknownNameError, UsageError
from tonewright.learning.configuration import config_from, read_config
from tonewright.learning.runs import Run, read_metrics
from tonewright.learning.training import TrainConfig
from tonewright.matching.agent.policy import MatchPolicy
from tonewright.matching.agent.validation import measure, measure_random, play
from tonewright.matching.estimator.training import EstimatorConfig
from tonewright.matching.training import (
    MatchConfig,
    first_policy,
    follows_total,
    make_env,
    make_policy,
    run_config,
    train_match,
)

CONFIG = MatchConfig(
    episodes=replace(MatchConfig().episodes, action_view="modules", seconds=0.1, max_episode_steps=5),
    num_envs=8, hidden=(16,), updates=4, held_out=4, held_out_steps=5,
    loop=TrainConfig(steps=4, checkpoint_every=2),
)  # fmt: skip
ROOT = Path(__file__).parents[2]


def with_episodes(config: MatchConfig, **changes: object) -> MatchConfig:
    return replace(config, episodes=replace(config.episodes, **changes))


EASY = replace(
    CONFIG, promote_below=0.99, promote_at=0.5, patience=100, loop=TrainConfig(steps=2, checkpoint_every=1)
)


def train(folder: Path, config: MatchConfig = CONFIG) -> MatchPolicy:
    with Run.create(folder, run_config(config), 0, sinks=()) as run:
        return train_match(run, config)


def logged(folder: Path) -> list[dict[str, float]]:
    return [
        {key: value for key, value in line.items() if key != "wall_s" and not key.startswith("time/")}
        for line in read_metrics(folder)
    ]


def test_a_run_that_is_interrupted_learns_what_one_does_that_is_not(tmp_path: Path) -> None:
    whole = train(tmp_path / "whole")

    def stop(update: int, _: object) -> None:
        if update == 3:
            raise KeyboardInterrupt

    run = Run.create(tmp_path / "broken", run_config(CONFIG), 0, sinks=())
    with run, pytest.raises(KeyboardInterrupt):
        train_match(run, CONFIG, progress=stop)
    with Run.resume(tmp_path / "broken") as run:
        assert run.first_step == 2
        resumed = train_match(run, CONFIG)
    assert logged(tmp_path / "broken") == logged(tmp_path / "whole")
    for name, array in whole.weights().items():
        np.testing.assert_array_equal(array, resumed.weights()[name])


def test_stages_are_left_when_they_are_learned(tmp_path: Path) -> None:
    policy = train(tmp_path / "run", replace(EASY, updates=10))
    stages = [line["evaluation/stage"] for line in logged(tmp_path / "run")]
    assert stages == [0, 0, 1, 1, 2, 2, 3, 3, 3, 3]
    assert int(policy.stage) == 3


def test_a_stage_that_is_not_learned_is_left_when_patience_is_over(tmp_path: Path) -> None:
    train(tmp_path / "run", replace(EASY, promote_below=1e-6, patience=3, updates=7))
    assert [line["evaluation/stage"] for line in logged(tmp_path / "run")] == [0, 0, 0, 1, 1, 1, 2]


def test_what_is_saved_at_the_end_was_trained_in_its_stage(tmp_path: Path) -> None:
    policy = train(tmp_path / "run", replace(EASY, updates=2))
    assert [line["evaluation/stage"] for line in logged(tmp_path / "run")] == [0, 0]
    assert int(policy.stage) == 0


def test_a_bank_is_trained_on_but_for_what_is_held_out() -> None:
    config = with_episodes(CONFIG, targets="factory")
    seen, held_out = (
        {row.tobytes() for row in env.target.params}
        for env in (make_env(config, 200), make_env(config, 200, held_out=True))
        if env.reset(seed=0)
    )
    assert (len(seen), len(held_out)) == (52, 12)
    assert not seen & held_out


def test_a_resumed_run_is_promoted_as_if_it_had_never_stopped(tmp_path: Path) -> None:
    for updates in (1, 3, 4):  # in between: the first success of two that are needed, and a promotion
        config = replace(EASY, updates=updates)
        folder = tmp_path / "run"
        with Run.resume(folder) if folder.exists() else Run.create(folder, {}, 0, sinks=()) as run:
            train_match(run, config)
    assert [line["evaluation/stage"] for line in logged(tmp_path / "run")] == [0, 0, 1, 1]


def test_an_extended_run_is_as_one_that_was_asked_for_more(tmp_path: Path) -> None:
    config = replace(EASY, cloning=0.0, ppo=replace(EASY.ppo, anneal=False), updates=4)
    assert follows_total(config) == []
    whole = train(tmp_path / "whole", config)
    train(tmp_path / "parts", replace(config, updates=2))  # it ends where a stage is learned
    with Run.resume(tmp_path / "parts") as run:
        extended = train_match(run, config)
    assert [line["evaluation/stage"] for line in logged(tmp_path / "parts")] == [0, 0, 1, 1]
    assert logged(tmp_path / "parts") == logged(tmp_path / "whole")
    for name, array in whole.weights().items():
        np.testing.assert_array_equal(array, extended.weights()[name])
    with Run.resume(tmp_path / "parts") as run:
        assert int(train_match(run, config).stage) == 1  # a run that has ended stays as it is


@pytest.mark.parametrize(
    ("fields", "following"),
    [
        ({}, ["the learning rate", "the weight of imitation"]),
        ({"cloning": 0.0}, ["the learning rate"]),
        ({"ppo": replace(CONFIG.ppo, anneal=False)}, ["the weight of imitation"]),
        (
            {"ppo": replace(CONFIG.ppo, policy_from=0.5)},
            ["the learning rate", "the weight of imitation", "when the reward begins to teach"],
        ),
        ({"ppo": replace(CONFIG.ppo, policy_from=0.5), "cloning": 0.0}, ["the learning rate"]),
    ],
)
def test_what_depends_on_the_updates_in_all_is_told(fields: dict[str, object], following: list[str]) -> None:
    assert follows_total(replace(CONFIG, **fields)) == following


def test_a_pinned_stage_stays(tmp_path: Path) -> None:
    policy = train(tmp_path / "run", with_episodes(replace(EASY, updates=3), stage="filter"))
    assert {line["evaluation/stage"] for line in logged(tmp_path / "run")} == {1.0}
    assert int(policy.stage) == 1


def test_the_policy_picks_exposed_modules_alone() -> None:
    env = make_env(CONFIG, 2)
    policy = make_policy(CONFIG)
    allowed = np.flatnonzero(env.exposed_modules)
    observations = torch.randn(500, len(policy.normaliser.mean))
    modules = policy.act(observations, torch.Generator().manual_seed(0))[0][:, 0]
    assert set(modules.int().tolist()) == set(allowed.tolist())
    policy.enter(3)
    assert policy.stage_name == "lfo"
    modules = policy.act(observations, torch.Generator().manual_seed(0))[0][:, 0]
    assert set(modules.int().tolist()) == set(range(len(env.modules)))


def test_a_stage_that_a_checkpoint_makes_up_is_refused() -> None:
    policy = make_policy(CONFIG)
    weights = policy.weights()
    weights["stage"] = np.array(9)
    with pytest.raises(UsageError, match="4 stages, counted from 0; got stage 9"):
        policy.load_weights(weights)


def test_weights_bring_their_stage() -> None:
    policy, other = make_policy(CONFIG), make_policy(CONFIG)
    policy.enter(2)
    other.load_weights(policy.weights())
    assert other.stage_name == "envelopes"
    observations = torch.zeros(300, len(policy.normaliser.mean))
    modules = other.act(observations, torch.Generator().manual_seed(0))[0][:, 0]
    assert set(modules.int().tolist()) == set(policy.act(observations)[0][:, 0].int().tolist())


@pytest.mark.parametrize("view", ["modules", "all"])
def test_scores_are_those_of_first_episodes(view: str) -> None:
    config = with_episodes(CONFIG, action_view=view, stage="lfo")
    env = make_env(config, 16)
    scores = measure(make_policy(config), env).scores
    assert scores["steps"] <= 5
    assert scores["loss"] <= scores["start_loss"]
    assert scores["success"] <= scores["below_0.2"] <= scores["below_0.3"] <= 1
    random = measure_random(env).scores
    assert random["start_loss"] == scores["start_loss"]
    width = 5 if view == "modules" else 24
    still = play(env, lambda _: np.zeros((16, width), np.float32), seed=2**30).scores
    assert still["loss"] == pytest.approx(scores["start_loss"])
    assert still["steps"] == 5


def test_the_best_sounds_of_held_out_episodes_are_kept(tmp_path: Path) -> None:
    config = with_episodes(replace(CONFIG, updates=2), stage="lfo")
    train(tmp_path / "run", config)
    folder = tmp_path / "run"
    assert sorted(path.name for path in (folder / "audio" / "00000001").iterdir()) == sorted(
        f"{row}-{name}.wav" for row in range(4) for name in ("target", "match")
    )
    pictures = sorted((folder / "pictures" / "00000001").iterdir())
    assert [path.name for path in pictures] == [f"{row}.png" for row in range(4)]

    env = make_env(config, 4, held_out=True)
    played = measure(make_policy(config), env)
    losses = env.loss(played.matches, env.loss.analyse(played.targets)).total
    assert losses.mean() == pytest.approx(played.scores["loss"], abs=1e-6)


def test_held_out_episodes_start_neutral_and_have_their_own_number_of_steps() -> None:
    config = with_episodes(replace(CONFIG, held_out_steps=9), start_near=1.0)
    assert make_env(config, 2).max_episode_steps == 5
    env = make_env(config, 2, held_out=True)
    assert env.max_episode_steps == 9
    observations, _ = env.reset(seed=0)
    neutral = env.synth.controls.snap(env.synth.controls.defaults())
    np.testing.assert_array_equal(observations["controls"], np.tile(neutral, (2, 1)))


def test_a_training_goes_on_from_another_run(tmp_path: Path) -> None:
    earlier = train(tmp_path / "earlier", with_episodes(CONFIG, stage="filter"))
    later = replace(CONFIG, start_from=str(tmp_path / "earlier"))
    begun = first_policy(later)
    assert begun.stage_name == "filter"
    for name, array in earlier.weights().items():
        np.testing.assert_array_equal(begun.weights()[name], array)
    assert first_policy(with_episodes(later, stage="lfo")).stage_name == "lfo"
    with Run.create(tmp_path / "later", run_config(later), 0, sinks=()) as run:
        learned = train_match(run, later)
    assert (learned.weights()["trunk.0.weight"] != earlier.weights()["trunk.0.weight"]).any()
    assert logged(tmp_path / "later")[-1]["evaluation/stage"] == 1


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        (
            {"episodes": replace(CONFIG.episodes, action_view="all")},
            "a run of action_view 'modules'; here it is 'all'",
        ),
        ({"hidden": (8,)}, "does not fit"),
        ({"start_from": "nowhere"}, "holds no run"),
    ],
)
def test_a_run_that_does_not_fit_is_not_gone_on_from(
    tmp_path: Path, fields: dict[str, object], told: str
) -> None:
    train(tmp_path / "earlier", replace(CONFIG, updates=2))
    with pytest.raises(CheckpointError, match=told):
        first_policy(replace(CONFIG, **({"start_from": str(tmp_path / "earlier")} | fields)))


def test_a_run_without_a_checkpoint_is_not_gone_on_from(tmp_path: Path) -> None:
    Run.create(tmp_path / "begun", run_config(CONFIG), 0, sinks=()).close()
    with pytest.raises(CheckpointError, match="has no checkpoint yet"):
        first_policy(replace(CONFIG, start_from=str(tmp_path / "begun")))


def test_episodes_start_where_an_estimator_proposes() -> None:
    env = make_env(with_episodes(replace(CONFIG, warm_start="shipped"), start_near=0.0, stage="lfo"), 4)
    env.reset(seed=0)
    neutral = env.synth.controls.snap(env.synth.controls.defaults())
    assert (env.params != neutral).mean() > 0.8


def test_a_warm_start_without_an_estimator_is_refused() -> None:
    with pytest.raises(CheckpointError, match=r"holds neither estimator\.onnx nor agent\.onnx"):
        make_env(replace(CONFIG, warm_start="nowhere"), 1)


def test_random_agents_are_measured_beside(tmp_path: Path) -> None:
    train(tmp_path / "run")
    lines = [line for line in logged(tmp_path / "run") if "evaluation/loss" in line]
    assert [line["evaluation/random_loss"] for line in lines] == [lines[0]["evaluation/random_loss"]] * 2


def test_the_configuration_is_plain_json_and_read_back() -> None:
    written = json.loads(json.dumps(run_config(CONFIG)))
    assert written.pop("recipe") == "match"
    assert written["episodes"]["seconds"] == 0.1
    assert config_from(MatchConfig, written) == CONFIG


def test_the_episodes_of_training_keep_what_a_file_does_not_name() -> None:
    config = config_from(MatchConfig, {"episodes": {"stage": "lfo"}})
    assert config == with_episodes(MatchConfig(), stage="lfo")


@pytest.mark.parametrize("path", sorted(ROOT.glob("benchmarks/recipes/*.json")), ids=lambda path: path.stem)
def test_recipes_are_configurations(path: Path) -> None:
    read_config(EstimatorConfig if path.stem == "estimator" else MatchConfig, path)


@pytest.mark.parametrize(
    "wrong",
    [
        {"num_envs": 0},
        {"updates": 0},
        {"hidden": ()},
        {"hidden": (0,)},
        {"promote_at": 0.0},
        {"promote_below": 0.0},
        {"patience": 0},
    ],
)
def test_nonsense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        replace(CONFIG, **wrong)


def test_an_unknown_stage_is_refused() -> None:
    with pytest.raises(UnknownNameError):
        make_policy(with_episodes(CONFIG, stage="reverb"))
