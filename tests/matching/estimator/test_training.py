import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from tonewright.errors import CheckpointError, UsageError
from tonewright.learning import runs
from tonewright.learning.inference import load_network
from tonewright.learning.runs import Run, read_metrics
from tonewright.matching.estimator.examples import draw_examples
from tonewright.matching.estimator.network import Estimator, Layout, Sampler
from tonewright.matching.estimator.proposals import KIND
from tonewright.matching.estimator.training import (
    EstimatorConfig,
    follows_total,
    run_config,
    train_estimator,
)
from tonewright.matching.networks.export import export_estimator
from tonewright.matching.networks.load import load_trained
from tonewright.synths import synth

SYNTH = synth("serum-lite", 16_000)
CONFIG = EstimatorConfig(
    updates=6,
    batch=8,
    durations_s=(0.2,),
    width=32,
    depth=1,
    flow_width=32,
    flow_depth=1,
    log_every=1,
    checkpoint_every=2,
)


def logged(folder: Path) -> list[dict[str, float]]:
    return [{k: v for k, v in line.items() if k != "wall_s"} for line in read_metrics(folder)]


def train(folder: Path, config: EstimatorConfig = CONFIG) -> Estimator:
    with Run.create(folder, run_config(config), 0, sinks=()) as run:
        return train_estimator(run, config)


def test_a_run_that_is_interrupted_learns_what_one_does_that_is_not(tmp_path: Path) -> None:
    whole = train(tmp_path / "whole")

    def stop(update: int, _: object) -> None:
        if update == 4:
            raise KeyboardInterrupt

    with (
        Run.create(tmp_path / "broken", run_config(CONFIG), 0, sinks=()) as run,
        pytest.raises(KeyboardInterrupt),
    ):
        train_estimator(run, CONFIG, progress=stop)
    with Run.resume(tmp_path / "broken") as run:
        assert run.first_step == 4
        resumed = train_estimator(run, CONFIG)
    assert logged(tmp_path / "broken") == logged(tmp_path / "whole")
    for one, other in zip(whole.parameters(), resumed.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)


@pytest.mark.parametrize("killed_at", [2, 3])
def test_the_first_checkpoint_that_comes_because_of_the_time_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed_at: int
) -> None:
    # Logged rarely, so that a line is made of what was learned before and after the kill.
    config = replace(CONFIG, reuse=3, log_every=5, checkpoint_every=5)
    whole = train(tmp_path / "whole", config)
    monkeypatch.setattr(runs, "FIRST_CHECKPOINT_S", 0.0)

    def stop(update: int, _: object) -> None:
        if update == 1:  # from here on it is time for a checkpoint
            run.checkpoint = None
        if update == killed_at:
            raise KeyboardInterrupt

    run = Run.create(tmp_path / "broken", run_config(config), 0, sinks=())
    with run, pytest.raises(KeyboardInterrupt):
        train_estimator(run, config, progress=stop)
    with Run.resume(tmp_path / "broken") as resumed_run:
        assert resumed_run.first_step == 2
        resumed = train_estimator(resumed_run, config)
    assert logged(tmp_path / "broken") == logged(tmp_path / "whole")
    for one, other in zip(whole.parameters(), resumed.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)


def test_an_estimator_is_trained_on(tmp_path: Path) -> None:
    train(tmp_path / "run", replace(CONFIG, updates=4))
    with Run.resume(tmp_path / "run") as run:
        train_estimator(run, CONFIG)
    assert [line["step"] for line in logged(tmp_path / "run")] == list(range(6))
    with Run.resume(tmp_path / "run") as run, pytest.raises(UsageError, match="has done 6; got 5 in all"):
        train_estimator(run, replace(CONFIG, updates=5))
    assert follows_total(CONFIG) == ["the learning rate"]


def test_it_learns(tmp_path: Path) -> None:
    config = replace(CONFIG, updates=60, batch=64, width=64, flow_width=64, log_every=20, checkpoint_every=60)
    train(tmp_path / "run", config)
    lines = read_metrics(tmp_path / "run")
    assert lines[-1]["choice_nats"] < lines[0]["choice_nats"] - 0.1
    assert lines[-1]["flow_error"] < lines[0]["flow_error"] - 0.1


def test_the_sampler_draws_integers_from_the_posterior_of_the_network() -> None:
    torch.manual_seed(0)
    layout = Layout(SYNTH.controls)
    network = Estimator(layout.steps, layout.flowing, width=16, depth=1, flow_width=16, flow_depth=1)
    with torch.no_grad():
        network.choices[0][2].bias[:] = torch.tensor([0.0, 0, 5, 0, 0, 0, 0])
    sound = draw_examples(SYNTH, np.random.default_rng(0), 1).inputs
    inputs = [torch.from_numpy(np.repeat(part, 500, axis=0)) for part in sound]
    generator = torch.Generator().manual_seed(0)
    uniforms = torch.rand(500, len(layout.steps), generator=generator)
    with torch.no_grad():
        bins, values = Sampler(network)(
            *inputs, uniforms, torch.randn(500, layout.flowing, generator=generator)
        )
        expected = network.choice(0, network.encoder(*inputs), inputs[0].new_zeros(500, 0)).softmax(1)[0]
    shares = torch.bincount(bins[:, 0].long(), minlength=7) / 500
    torch.testing.assert_close(shares, expected, rtol=0, atol=0.05)
    assert values.shape == (500, layout.flowing)


def test_noise_flows_to_the_distribution_of_the_data() -> None:
    """A network that knows the velocity towards one point arrives there."""
    torch.manual_seed(0)
    network = Estimator((), 3, width=8, depth=1, flow_width=8, flow_depth=1)
    goal = torch.tensor([0.2, 0.5, 0.9])
    point = (goal - 0.5) * 12**0.5
    network.velocity = lambda x, time, encoding, chosen: (point - x) / (1 - time[:, None]).clamp(min=1e-3)
    sound = draw_examples(SYNTH, np.random.default_rng(0), 1).inputs
    inputs = [torch.from_numpy(np.repeat(part, 4, axis=0)) for part in sound]
    _, values = Sampler(network, steps=20)(*inputs, torch.empty(4, 0), torch.randn(4, 3))
    torch.testing.assert_close(values, goal.expand(4, 3), atol=0.05, rtol=0)


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    config = replace(CONFIG, updates=2)
    network = train(tmp_path / "run", config)
    export_estimator(tmp_path / "estimator.onnx", network, run_config(config))
    return tmp_path / "estimator.onnx"


def test_what_is_exported_proposes_presets_for_a_sound(exported: Path) -> None:
    proposals = load_trained(SYNTH, exported.parent).need_proposals(SYNTH)
    audio = SYNTH.render(SYNTH.controls.defaults()[None], 60.0, 0.5)[0]
    first, again = (proposals(audio, 60.0, 0.3, 32, np.random.default_rng(1)) for _ in range(2))
    assert first.params.shape == (32, 24)
    np.testing.assert_array_equal(first.params, again.params)
    np.testing.assert_array_equal(first.params, np.clip(first.params, 0, 1))
    np.testing.assert_allclose(first.params, SYNTH.controls.snap(first.params), atol=1e-6)
    np.testing.assert_array_equal(first.gate_seconds, 0.3)
    free = proposals(audio, 60.0, None, 32, np.random.default_rng(1)).gate_seconds
    assert 0.05 <= free.min() < free.max() <= 0.5


def test_what_is_exported_gives_the_numbers_of_what_was_trained(tmp_path: Path) -> None:
    network = train(tmp_path / "run")
    export_estimator(tmp_path / "estimator.onnx", network, run_config(CONFIG))
    rng = np.random.default_rng(3)
    sound = draw_examples(SYNTH, rng, 5, (0.3,)).inputs
    inputs = {**sound._asdict(), "uniforms": rng.random((5, 3)), "noise": rng.standard_normal((5, 22))}
    inputs = {name: np.asarray(part, np.float32) for name, part in inputs.items()}
    outputs = load_network(tmp_path / "estimator.onnx", kind=KIND)(**inputs)
    with torch.no_grad():
        exact = Sampler(network)(*map(torch.from_numpy, inputs.values()))
        rounded = Sampler(network.half().float())(*map(torch.from_numpy, inputs.values()))
    for ours, theirs, before in zip(outputs.values(), rounded, exact, strict=True):
        np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-5)
        np.testing.assert_allclose(ours, before.numpy(), atol=1e-3)
    stored = onnx.load(tmp_path / "estimator.onnx").graph.initializer
    halves = sum(np.prod(part.dims) for part in stored if part.data_type == onnx.TensorProto.FLOAT16)
    assert halves > 0.95 * sum(weights.numel() for weights in network.parameters())


def test_an_estimator_of_other_controls_is_refused(exported: Path) -> None:
    description = json.loads(exported.with_suffix(".json").read_text())
    description["controls"][0] = "another"
    exported.with_suffix(".json").write_text(json.dumps(description))
    with pytest.raises(CheckpointError, match="controls"):
        load_trained(SYNTH, exported.parent)


@pytest.mark.parametrize(
    "wrong",
    [
        {"updates": 0},
        {"reuse": 0},
        {"durations_s": ()},
        {"durations_s": (9.0,)},
        {"batch": 0},
        {"learning_rate": 2.0},
        {"average": 1.0},
    ],
)
def test_nonsense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        replace(CONFIG, **wrong)
