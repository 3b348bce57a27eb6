import math
from types import SimpleNamespace

import numpy as np
import pytest

from tonewright.errors import TonewrightError, UsageError

pytest.importorskip("torch")

import torch

from tonewright.learning.heads import Branch, Categorical, MultiCategorical, SquashedGaussian
from tonewright.learning.policy import ActorCritic
from tonewright.learning.ppo import PPO, PPOConfig, gae
from tonewright.learning.probes import CopyProbe, CreditProbe, HybridProbe, MaskProbe
from tonewright.learning.rollout import Rollout, RolloutWorker
from tonewright.learning.spaces import observation_size
from tonewright.learning.terms import BehaviouralCloning

D = 5


@pytest.fixture(autouse=True)
def one_thread():
    """Networks of a few neurons are slower on several threads, and other tests run beside these."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def policy_for(head=None, **kwargs):
    return ActorCritic(D, head or Categorical(3), (16,), **kwargs)


def rollout_for(policy, steps=8, rows=6, seed=0):
    """What a policy does in an environment of noise."""
    rng = np.random.default_rng(seed)
    shape = (steps, rows)
    observations = rng.standard_normal((*shape, D)).astype(np.float32)
    with torch.no_grad():
        outputs = policy.act(
            torch.from_numpy(observations.reshape(-1, D)), torch.Generator().manual_seed(seed)
        )
    actions, log_probs, values = (output.numpy().reshape(*shape, *output.shape[1:]) for output in outputs)
    return Rollout(
        observations,
        actions,
        log_probs,
        values,
        rewards=rng.standard_normal(shape).astype(np.float32),
        terminated=rng.random(shape) < 0.1,
        truncated=rng.random(shape) < 0.1,
        final_values=rng.standard_normal(shape).astype(np.float32),
        last_values=rng.standard_normal(rows).astype(np.float32),
    )


def gae_by_hand(rollout, gamma, gae_lambda):
    """The sum of later temporal differences, written out for every step."""
    steps, rows = rollout.rewards.shape
    advantages = np.zeros((steps, rows))
    following = np.vstack([rollout.values[1:], rollout.last_values])
    following = np.where(rollout.truncated, rollout.final_values, following)
    following = np.where(rollout.terminated, 0, following)
    differences = rollout.rewards + gamma * following - rollout.values
    for row in range(rows):
        for t in range(steps):
            for later in range(t, steps):
                advantages[t, row] += (gamma * gae_lambda) ** (later - t) * differences[later, row]
                if rollout.terminated[later, row] or rollout.truncated[later, row]:
                    break
    return advantages


def all_of_gae(r, gamma, gae_lambda):
    fields = r.rewards, r.values, r.terminated, r.truncated, r.final_values, r.last_values
    return gae(*fields, gamma, gae_lambda)


@pytest.mark.parametrize(("gamma", "gae_lambda"), [(0.99, 0.95), (0.9, 0.0), (1.0, 1.0)])
def test_gae_against_its_definition(gamma, gae_lambda):
    rollout = rollout_for(policy_for(), steps=20)
    advantages, returns = all_of_gae(rollout, gamma, gae_lambda)
    np.testing.assert_allclose(advantages, gae_by_hand(rollout, gamma, gae_lambda), atol=1e-5)
    np.testing.assert_allclose(returns, advantages + rollout.values, atol=1e-6)
    assert advantages.dtype == returns.dtype == np.float32


def test_gae_of_two_steps_by_hand():
    column = np.array([[1.0], [2.0]], np.float32)
    no, yes = np.array([[False], [False]]), np.array([[False], [True]])
    zeros, last = 0 * column, np.array([8.0], np.float32)
    running, _ = gae(column, zeros, no, no, zeros, last, 0.5, 1.0)
    assert running.tolist() == [[1 + 0.5 * 6], [2 + 0.5 * 8]]
    terminated, _ = gae(column, zeros, yes, no, zeros, last, 0.5, 1.0)
    assert terminated.tolist() == [[1 + 0.5 * 2], [2]]
    truncated, _ = gae(column, zeros, no, yes, 4 * yes.astype(np.float32), last, 0.5, 1.0)
    assert truncated.tolist() == [[1 + 0.5 * 4], [2 + 0.5 * 4]]


def weights_after(rollouts, head=None, seed=0, **config):
    algorithm = PPO(policy_for(head), PPOConfig(**{"minibatch_size": 16, **config}), seed=seed)
    metrics = algorithm.learn(rollouts)
    return algorithm.policy.weights(), metrics


def test_the_same_seed_learns_the_same():
    rollout = rollout_for(policy_for())
    first, again, other = (weights_after([rollout], seed=seed) for seed in (1, 1, 2))
    assert first[1] == again[1]
    assert all(np.array_equal(first[0][name], again[0][name]) for name in first[0])
    assert not np.array_equal(first[0]["actor.weight"], other[0]["actor.weight"])


def test_rollouts_of_several_workers_are_learned_from_together():
    parts = [rollout_for(policy_for(), rows=3, seed=seed) for seed in (1, 2)]
    fields = {name: [vars(part)[name] for part in parts] for name in vars(parts[0])}
    del fields["extras"], fields["episodes"]
    last_values = np.concatenate(fields.pop("last_values"))
    whole = Rollout(**{name: np.hstack(arrays) for name, arrays in fields.items()}, last_values=last_values)
    one, other = (weights_after(r, epochs=1, minibatch_size=1000) for r in (parts, [whole]))
    assert one[1] == pytest.approx(other[1], rel=1e-4, abs=1e-6)
    for name, array in one[0].items():
        np.testing.assert_allclose(other[0][name], array, atol=1e-4)


@pytest.mark.parametrize("head", [Categorical(3), Branch(Categorical(2), SquashedGaussian(2))])
def test_micro_batches_change_nothing_but_memory(head):
    rollout = rollout_for(policy_for(head))
    whole, metrics = weights_after([rollout], head)
    parts, metrics_of_parts = weights_after([rollout], head, micro_batches=3)
    for name, array in whole.items():
        np.testing.assert_allclose(parts[name], array, atol=1e-5)
    assert metrics_of_parts == pytest.approx(metrics, rel=1e-3, abs=1e-5)


def test_the_gradient_is_clipped():
    algorithm = PPO(policy_for(), PPOConfig(max_grad_norm=1e-3, epochs=1, minibatch_size=1000))
    metrics = algorithm.learn([rollout_for(policy_for())])
    gradients = torch.cat([parameter.grad.flatten() for parameter in algorithm.policy.parameters()])
    assert gradients.norm().item() == pytest.approx(1e-3, rel=1e-3)
    assert metrics["grad_norm"] > 0.1


def test_before_its_time_the_policy_loss_moves_nothing_and_nothing_is_stopped():
    policy = policy_for(shared=False)
    config = PPOConfig(policy_from=0.5, target_kl=1e-9, epochs=3, minibatch_size=16, entropy_weight=0.0)
    algorithm, rollout = PPO(policy, config), rollout_for(policy)
    actor, critic = (part.weight.detach().clone() for part in (policy.actor, policy.critic))
    early = algorithm.learn([rollout], progress=0.4)
    assert torch.equal(policy.actor.weight, actor)
    assert not torch.equal(policy.critic.weight, critic)
    assert early["gradient_steps"] == 9
    late = algorithm.learn([rollout_for(policy, seed=1)], progress=0.5)
    assert not torch.equal(policy.actor.weight, actor)
    assert late["gradient_steps"] < 9


def test_an_update_stops_at_the_target_kl():
    rollout = rollout_for(policy_for())
    free = weights_after([rollout], learning_rate=0.05, epochs=10)[1]
    assert free["gradient_steps"] == 30
    assert free["approx_kl"] > 0.02
    held = weights_after([rollout], learning_rate=0.05, epochs=10, target_kl=0.02)[1]
    assert held["gradient_steps"] < 10
    assert held["approx_kl"] < free["approx_kl"]


def test_the_learning_rate_falls_to_zero():
    policy = policy_for()
    algorithm = PPO(policy, PPOConfig(learning_rate=0.01))
    rollout = rollout_for(policy)
    algorithm.learn([rollout], progress=0.75)
    assert algorithm.optimizer.param_groups[0]["lr"] == pytest.approx(0.0025)
    before = [parameter.clone() for parameter in policy.parameters()]
    algorithm.learn([rollout], progress=1.0)
    assert all(map(torch.equal, before, policy.parameters()))


def test_the_first_gradient_step_compares_a_policy_with_itself():
    metrics = weights_after([rollout_for(policy_for())], epochs=1)[1]
    one_step = PPO(policy_for(), PPOConfig(epochs=1)).learn([rollout_for(policy_for())])
    assert metrics["gradient_steps"] == 3
    assert one_step["approx_kl"] == pytest.approx(0, abs=1e-6)
    assert one_step["clip_fraction"] == 0
    assert one_step["policy_loss"] == pytest.approx(0, abs=1e-6)  # advantages have a mean of 0
    assert one_step["entropy"] == pytest.approx(math.log(3), abs=1e-3)


@pytest.mark.parametrize(("ahead", "free", "clipped"), [(2, 4, 2.75**2), (-2, 4, 4)])
def test_a_clipped_value_is_judged_by_the_larger_error(ahead, free, clipped):
    """Values have moved by 1 since the rollout, of which 0.25 count; returns are `ahead` of them."""
    rollout = rollout_for(policy_for())
    rollout.terminated[:] = True
    np.copyto(rollout.rewards, rollout.values + ahead)
    np.copyto(rollout.values, rollout.values - 1)
    for value_clip, error in ((None, free), (0.25, clipped)):
        metrics = weights_after([rollout], epochs=1, minibatch_size=1000, value_clip=value_clip)[1]
        assert metrics["value_loss"] == pytest.approx(error, rel=1e-4)


def test_the_normaliser_takes_in_what_was_learned_from():
    policy = policy_for()
    rollout = rollout_for(policy)
    PPO(policy).learn([rollout])
    np.testing.assert_allclose(policy.normaliser.mean, rollout.observations.mean((0, 1)), atol=1e-6)
    assert policy.normaliser.count == rollout.rewards.size


def test_bfloat16_learns_nearly_the_same():
    rollout = rollout_for(policy_for())
    exact = weights_after([rollout])[1]
    assert weights_after([rollout], mixed_precision=True)[1] == pytest.approx(exact, rel=0.1, abs=0.02)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, [1.0, 0.75, 0.5, 0.25]),
        ({"anneal": False}, [1.0, 1.0, 1.0, 1.0]),
        ({"policy_from": 0.5}, [1.0, 0.75, 0.5, 0.25]),
        ({"policy_from": 0.5, "policy_learning_rate": 0.01}, [1.0, 0.5, 0.01, 0.005]),
        ({"policy_from": 0.5, "policy_learning_rate": 0.01, "anneal": False}, [1.0, 1.0, 0.01, 0.01]),
        ({"policy_from": 1.0, "policy_learning_rate": 0.01}, [1.0, 0.75, 0.5, 0.25]),
        ({"policy_from": 0.0, "policy_learning_rate": 0.01}, [0.01, 0.0075, 0.005, 0.0025]),
    ],
    ids=str,
)
def test_the_step_size_falls_and_changes_where_the_policy_loss_begins(fields, expected):
    algorithm = PPO(policy_for(), PPOConfig(learning_rate=1.0, epochs=1, **fields))
    used = []
    for progress in (0.0, 0.25, 0.5, 0.75):
        algorithm.learn([rollout_for(algorithm.policy)], progress)
        used.append(algorithm.optimizer.param_groups[0]["lr"])
    assert used == pytest.approx(expected)


def test_divergence_is_an_error():
    policy = policy_for()
    rollout = rollout_for(policy)
    rollout.rewards[0, 0] = np.nan
    before = policy.weights()
    with pytest.raises(TonewrightError, match="diverged"):
        PPO(policy, PPOConfig(minibatch_size=1000)).learn([rollout])
    assert all(np.array_equal(array, policy.weights()[name]) for name, array in before.items())


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"learning_rate": 0}, "learning_rate is a number above 0; got 0"),
        ({"learning_rate": math.nan}, "learning_rate is a number above 0; got nan"),
        ({"gamma": 1.1}, "gamma is a number from 0 to 1; got 1.1"),
        ({"epochs": 0}, "epochs is a whole number from 1; got 0"),
        ({"epochs": 1.5}, "epochs is a whole number from 1; got 1.5"),
        ({"target_kl": -1}, "target_kl is a number above 0; got -1"),
        ({"entropy_weight": -0.1}, "entropy_weight is a number from 0; got -0.1"),
        ({"policy_learning_rate": 0}, "policy_learning_rate is a number above 0; got 0"),
    ],
    ids=str,
)
def test_nonsense_is_refused(fields, rule):
    with pytest.raises(UsageError, match=rule):
        PPOConfig(**fields)


class TestBehaviouralCloning:
    def learned(self, head, demonstration, rounds=40):
        policy = policy_for(head)
        algorithm = PPO(
            policy,
            PPOConfig(learning_rate=0.01, epochs=1, anneal=False, entropy_weight=0),
            [BehaviouralCloning()],
        )
        for seed in range(rounds):
            rollout = rollout_for(policy, seed=seed)
            rollout.extras["demonstration"] = demonstration(rollout.observations)
            metrics = algorithm.learn([rollout])
        return policy, metrics

    def test_the_policy_does_what_is_demonstrated(self):
        policy, metrics = self.learned(
            Categorical(3), lambda x: x[..., :3].argmax(-1)[..., None].astype("f4")
        )
        observations = torch.from_numpy(rollout_for(policy, seed=99).observations.reshape(-1, D))
        agree = policy.mode(observations)[:, 0] == observations[:, :3].argmax(-1)
        assert agree.float().mean() > 0.9
        assert metrics["cloning_loss"] < 0.5

    def test_a_row_of_nan_demonstrates_nothing(self):
        minus_half = np.array([1, -0.5, -0.5], np.float32)

        def demonstration(observations):
            actions = np.tile(minus_half, (*observations.shape[:2], 1))
            actions[observations[..., 0] < 0] = np.nan
            return actions

        policy, metrics = self.learned(Branch(Categorical(2), SquashedGaussian(2)), demonstration)
        assert math.isfinite(metrics["cloning_loss"])
        observations = torch.from_numpy(rollout_for(policy, seed=99).observations.reshape(-1, D))
        shown = policy.mode(observations)[observations[:, 0] > 0.5]
        assert (shown[:, 0] == 1).all()
        assert shown[:, 1:].mean(0).tolist() == pytest.approx([-0.5, -0.5], abs=0.1)

    @pytest.mark.parametrize(("progress", "weight"), [(0, 2), (0.25, 1), (0.5, 0), (0.9, 0)])
    def test_its_weight_falls(self, progress, weight):
        policy = policy_for()
        term = BehaviouralCloning(weight=2, until=0.5)
        observations = torch.zeros(4, D)
        minibatch = SimpleNamespace(outputs=policy(observations), extras={"demonstration": torch.ones(4, 1)})
        loss, scalars = term(policy, minibatch, progress)
        assert loss.item() == pytest.approx(weight * scalars["cloning_loss"].item())
        assert scalars["cloning_loss"].item() == pytest.approx(math.log(3), abs=0.05)

    @pytest.mark.parametrize(
        ("fields", "rule"),
        [
            ({"weight": -1}, "the weight of cloning is a number from 0; got -1"),
            ({"until": 0}, "cloning ends is a number above 0 and up to 1; got 0"),
            ({"until": 2}, "cloning ends is a number above 0 and up to 1; got 2"),
        ],
    )
    def test_nonsense_is_refused(self, fields, rule):
        with pytest.raises(UsageError, match=rule):
            BehaviouralCloning(**fields)


@pytest.mark.parametrize(
    ("probe", "head", "updates", "reward"),
    [
        pytest.param(CopyProbe, Categorical(4), 20, 0.98, id="copy"),
        pytest.param(CreditProbe, Categorical(2), 12, 0.49, id="credit"),
        pytest.param(MaskProbe, MultiCategorical([3, 4], [MaskProbe.VALID]), 24, 0.98, id="mask"),
        pytest.param(
            HybridProbe, Branch(Categorical(3), SquashedGaussian(2), HybridProbe.USED), 50, 0.95, id="hybrid"
        ),
    ],
)
def test_probes_are_learned(probe, head, updates, reward):
    def make_policy():
        return ActorCritic(observation_size(probe().single_observation_space), head, (32,))

    worker = RolloutWorker(lambda: probe(32), make_policy, seed=1, index=0)
    config = PPOConfig(learning_rate=5e-3, minibatch_size=128, gamma=0.9, entropy_weight=0.003)
    algorithm = PPO(make_policy(), config)
    for update in range(updates):
        algorithm.learn([worker.collect(algorithm.policy.weights(), 16)], update / updates)
    assert worker.collect(algorithm.policy.weights(), 16).rewards.mean() > reward
