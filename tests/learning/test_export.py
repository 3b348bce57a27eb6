import sys
from pathlib import Path

import numpy as np
import pytest

from tonewright.errors import CheckpointError, MissingExtraError, OutputError
from tonewright.learning.inference import load_network

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")
from tonewright.learning.export import export_network, export_policy  # noqa: E402
from tonewright.learning.heads import (  # noqa: E402
    Branch,
    Categorical,
    Factored,
    MultiCategorical,
    SquashedGaussian,
)
from tonewright.learning.policy import ActorCritic  # noqa: E402

SIZE = 6
HEADS = {
    "masked": Categorical(4, [True, False, True, True]),
    "chain": MultiCategorical([2, 3], [[[True, False, False], [True, True, True]]]),
    "factored": Factored([Categorical(3), SquashedGaussian(2)]),
    "branch": Branch(Categorical(3), SquashedGaussian(2), [[1, 0], [1, 1], [0, 0]]),
}


def trained_policy(head, **kwargs):
    """A policy that has seen observations, and whose logits differ from row to row."""
    policy = ActorCritic(SIZE, head, (16, 16), **kwargs)
    generator = torch.Generator().manual_seed(1)
    torch.nn.init.normal_(policy.actor.weight, generator=generator)
    policy.normaliser.update(torch.randn(100, SIZE, generator=generator) * 3 + 5)
    return policy


def export(path, policy, **kwargs):
    export_policy(path, policy, kind="test", configuration={"hidden": [16, 16]}, **kwargs)
    return path


@pytest.mark.parametrize("name", HEADS)
def test_exported_and_trained_agree(tmp_path, name):
    policy = trained_policy(HEADS[name])
    path = export(tmp_path / "policy.onnx", policy, controls=["cutoff_hz"])
    network = load_network(path, kind="test", controls=["cutoff_hz"])
    head = policy.head
    assert network.configuration == {"hidden": [16, 16], "gumbel_noises": head.n_gumbel}
    for batch in (1, 2, 64):
        observations = np.random.default_rng(batch).normal(5, 10, (batch, SIZE)).astype(np.float32)
        found = network(observations=observations, noise=np.zeros((batch, head.n_gumbel + head.n_normal)))
        with torch.inference_mode():
            logits = policy(torch.from_numpy(observations)).logits
            actions = policy.mode(torch.from_numpy(observations))
        np.testing.assert_allclose(found["logits"], logits, rtol=0, atol=1e-5)
        np.testing.assert_allclose(found["actions"], actions, rtol=0, atol=1e-5)
    assert len(np.unique(found["actions"], axis=0)) > 1


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A policy with a critic of its own, and where it was exported to."""
    policy = trained_policy(HEADS["masked"], shared=False)
    return policy, export(tmp_path_factory.mktemp("exported") / "policy.onnx", policy)


def test_the_critic_stays_at_home_and_nothing_tells_of_this_machine(exported):
    content = exported[1].read_bytes()
    for word in (b"critic", str(Path.home()).encode(), b".py", b"stack_trace"):
        assert word not in content
    names = {weight.name for weight in onnx.load_from_string(content).graph.initializer}
    assert {"policy.trunk.0.weight", "policy.actor.weight"} <= names


def test_the_policy_may_go_on_training(exported):
    policy = exported[0]
    assert all(module.training for module in policy.modules())
    assert all(parameter.requires_grad for parameter in policy.parameters())


def test_the_same_policy_gives_the_same_bytes(exported):
    policy, path = exported
    before = path.read_bytes(), path.with_suffix(".json").read_bytes()
    export(path, policy, overwrite=True)
    assert (path.read_bytes(), path.with_suffix(".json").read_bytes()) == before


class Pair(torch.nn.Module):
    """Two inputs, two outputs, rows of several axes."""

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 4)
        self.dropout = torch.nn.Dropout(0.5)

    def forward(self, spectrum, time):
        hidden = self.dropout(self.layer(spectrum)) * time[:, :, None]
        return hidden, hidden.sum(2)


def pair_examples(batch):
    generator = torch.Generator().manual_seed(0)
    return {
        "spectrum": torch.randn(batch, 3, 4, generator=generator),
        "time": torch.rand(batch, 1, generator=generator),
    }


def test_any_network_can_be_exported(tmp_path):
    module = Pair()
    path = tmp_path / "estimator.onnx"
    export_network(path, module, pair_examples(11), ("velocity", "level"), kind="estimator", configuration={})
    network = load_network(path, kind="estimator")
    assert (network.inputs, network.outputs) == (
        {"spectrum": (3, 4), "time": (1,)},
        {"velocity": (3, 4), "level": (3,)},
    )
    examples = pair_examples(7)
    found = network(**{name: example.numpy() for name, example in examples.items()})
    with torch.inference_mode():
        velocity, level = module.eval()(*examples.values())
    np.testing.assert_allclose(found["velocity"], velocity, rtol=0, atol=1e-5)
    np.testing.assert_allclose(found["level"], level, rtol=0, atol=1e-5)


class Noise(torch.nn.Module):
    def forward(self, x):
        return x + torch.rand_like(x)


class NotANumber(torch.nn.Module):
    def forward(self, x):
        return (x - 100).log()


class Loud(torch.nn.Module):
    def forward(self, x):
        return 1e4 * torch.softmax(x, -1)  # of which float32 knows no 1e-5


def test_large_numbers_need_no_more_digits_than_there_are(tmp_path):
    path = tmp_path / "a.onnx"
    export_network(path, Loud(), {"x": torch.randn(500, 99)}, ("y",), kind="test", configuration={})
    assert path.exists()


@pytest.mark.parametrize(
    ("module", "complaint"),
    [(Noise(), "the exported network gives y off by"), (NotANumber(), "gives numbers that are not finite")],
    ids=["random", "nan"],
)
def test_a_network_that_does_not_do_the_same_is_not_written(tmp_path, module, complaint):
    with pytest.raises(CheckpointError, match=complaint):
        export_network(
            tmp_path / "a.onnx", module, {"x": torch.randn(5, 2)}, ("y",), kind="test", configuration={}
        )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["policy.onnx", "policy.json"])
def test_nothing_is_overwritten_unasked(tmp_path, name):
    (tmp_path / name).write_text("mine")
    with pytest.raises(OutputError, match="it exists"):
        export(tmp_path / "policy.onnx", trained_policy(HEADS["masked"]))
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [(name, "mine")]


@pytest.mark.parametrize("package", ["onnx", "onnxscript"])
def test_without_onnx_the_extra_is_named(tmp_path, monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=r"onnx and onnxscript.*\.\[train\]"):
        export(tmp_path / "policy.onnx", trained_policy(HEADS["masked"]))
