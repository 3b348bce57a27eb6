import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from tonewright.learning.heads import Branch, Categorical, SquashedGaussian
from tonewright.learning.policy import ActorCritic, Normaliser

D = 6


def observations(rows=5, seed=0):
    return torch.randn(rows, D, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("parts", [[100], [1, 30, 69], [50, 50]])
def test_the_normaliser_knows_mean_and_variance_of_all_it_has_seen(parts):
    seen = 3 * observations(100) - 2
    normaliser = Normaliser(D)
    for part in seen.split(parts):
        normaliser.update(part)
    assert normaliser.count == 100
    np.testing.assert_allclose(normaliser.mean, seen.double().mean(0), rtol=1e-5)
    np.testing.assert_allclose(normaliser.m2 / 100, seen.double().var(0, correction=0), rtol=1e-5)
    normalised = normaliser(seen)
    np.testing.assert_allclose(normalised.mean(0), np.zeros(D), atol=1e-5)
    np.testing.assert_allclose(normalised.std(0, correction=0), np.ones(D), atol=1e-5)


def test_the_normaliser_stays_exact_after_many_samples():
    normaliser = Normaliser(1)
    normaliser.count += 1e10
    normaliser.m2 += 1e10
    normaliser.update(torch.full((1000, 1), 1e5))
    assert normaliser.m2.item() - 1e10 == pytest.approx(1000 * 1e10, rel=1e-6)
    assert normaliser.mean.item() == pytest.approx(0.01, rel=1e-6)


def test_the_normaliser_clips():
    normaliser = Normaliser(2)
    assert normaliser(torch.tensor([[-30.0, 5.0]])).tolist() == [[-10, 5]]
    normaliser.update(torch.tensor([[1.0, 7.0], [3.0, 7.0]]))
    assert normaliser(torch.tensor([[1e6, 7.0]])).tolist() == [[10, 0]]


@pytest.mark.parametrize("shared", [True, False])
def test_outputs(shared):
    policy = ActorCritic(D, Categorical(3), (16, 8), shared=shared)
    logits, values, features = policy(observations())
    assert logits.shape == (5, 3)
    assert values.shape == (5,)
    assert features.shape == (5, 8)
    value_gradients = torch.autograd.grad(values.sum(), list(policy.trunk.parameters()), allow_unused=True)
    assert all((gradient is None) != shared for gradient in value_gradients)


def test_the_first_policy_hardly_prefers_anything():
    logits, values, _ = ActorCritic(D, Categorical(3))(observations(100))
    assert logits.softmax(-1).sub(1 / 3).abs().max() < 0.03
    assert values.std() > 0.1


def test_the_seed_alone_decides_the_first_weights():
    torch.manual_seed(0)
    before = torch.get_rng_state()
    first, again, other = (ActorCritic(D, Categorical(3), seed=seed) for seed in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(first.trunk[0].weight, again.trunk[0].weight)
    assert not torch.equal(first.trunk[0].weight, other.trunk[0].weight)


def test_an_action_comes_with_its_log_probability_and_the_value():
    policy = ActorCritic(D, Branch(Categorical(3), SquashedGaussian(2)))
    actions, log_probs, values = policy.act(observations(), torch.Generator().manual_seed(1))
    outputs = policy(observations())
    assert torch.equal(policy.head.log_prob(outputs.logits, actions), log_probs)
    assert torch.equal(outputs.values, values)
    assert torch.equal(policy.mode(observations()), policy.head.mode(policy(observations()).logits))


def test_weights_travel_as_arrays():
    policy, other = (ActorCritic(D, Categorical(3), seed=seed) for seed in (1, 2))
    policy.normaliser.update(observations(50))
    weights = policy.weights()
    for array in weights.values():
        array.setflags(write=False)  # as Ray gives them
    other.load_weights(weights)
    assert all(map(torch.equal, other.state_dict().values(), policy.state_dict().values()))
    with torch.no_grad():
        other.actor.bias += 1
    assert (weights["actor.bias"] == 0).all()
    assert (policy.actor.bias == 0).all()


def test_without_torch_the_extra_is_named():
    program = "import sys; sys.modules['torch'] = None; import tonewright.learning.policy"
    process = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "MissingExtraError" in process.stderr
    assert "pip install -c constraints.txt -e '.[train]'" in process.stderr
