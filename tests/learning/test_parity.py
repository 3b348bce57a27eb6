"""Our PPO against that of Stable-Baselines3: the same advantages, and the same weights after an update."""

import gymnasium
import numpy as np
import pytest

pytest.importorskip("stable_baselines3")

import stable_baselines3
import torch
from gymnasium import spaces
from stable_baselines3.common.buffers import RolloutBuffer
from stable_baselines3.common.vec_env import DummyVecEnv

from tonewright.learning.heads import Categorical
from tonewright.learning.policy import ActorCritic
from tonewright.learning.ppo import PPO, PPOConfig, gae
from tonewright.learning.rollout import Rollout

STEPS, ROWS = 32, 4


@pytest.mark.parametrize(("gamma", "gae_lambda"), [(0.99, 0.95), (0.9, 0.5), (1.0, 1.0), (0.99, 0.0)])
def test_advantages(gamma, gae_lambda):
    rng = np.random.default_rng(0)
    rewards, values, final_values = rng.standard_normal((3, STEPS, ROWS)).astype(np.float32)
    last_values = rng.standard_normal(ROWS).astype(np.float32)
    terminated = rng.random((STEPS, ROWS)) < 0.1
    truncated = (rng.random((STEPS, ROWS)) < 0.1) & ~terminated
    dones = terminated | truncated
    assert dones[-1].any()

    buffer = RolloutBuffer(
        STEPS, spaces.Box(-1, 1, (1,)), spaces.Discrete(2), "cpu", gae_lambda, gamma, n_envs=ROWS
    )
    buffer.values[:] = values
    buffer.rewards[:] = rewards + gamma * final_values * truncated  # as its collect_rollouts adds them
    buffer.episode_starts[1:] = dones[:-1]
    buffer.compute_returns_and_advantage(torch.from_numpy(last_values), dones[-1])

    advantages, returns = gae(
        rewards, values, terminated, truncated, final_values, last_values, gamma, gae_lambda
    )
    np.testing.assert_allclose(advantages, buffer.advantages, atol=1e-5)
    np.testing.assert_allclose(returns, buffer.returns, atol=1e-5)


@pytest.mark.parametrize("target_kl", [None, 0.004])
def test_an_update(monkeypatch, target_kl):
    shared = {
        "learning_rate": 3e-3,
        "gamma": 0.99,
        "gae_lambda": 0.95,
        "max_grad_norm": 0.5,
        "target_kl": target_kl,
    }
    theirs = stable_baselines3.PPO(
        "MlpPolicy",
        DummyVecEnv([lambda: gymnasium.make("CartPole-v1")] * ROWS),
        n_steps=STEPS,
        batch_size=32,
        n_epochs=4,
        clip_range=0.2,
        ent_coef=0.01,
        vf_coef=0.5,
        seed=1,
        device="cpu",
        **shared,
    )
    rollout = rollout_of(theirs)
    ours = PPO(
        copy_of(theirs.policy),
        PPOConfig(
            minibatch_size=32,
            epochs=4,
            clip=0.2,
            entropy_weight=0.01,
            value_weight=0.5,
            anneal=False,
            **shared,
        ),
        seed=5,
    )
    first = copy_of(theirs.policy).weights()

    rng = np.random.default_rng(5)

    def same_order(samples):
        """Their buffer has the steps of one environment after those of another; ours step after step."""
        step, row = np.divmod(rng.permutation(samples), ROWS)
        return row * STEPS + step

    monkeypatch.setattr(np.random, "permutation", same_order)
    theirs.train()
    metrics = ours.learn([rollout])

    assert (metrics["gradient_steps"] < 16) == (target_kl is not None)
    expected, found = copy_of(theirs.policy).weights(), ours.policy.weights()
    for name in expected:
        if not name.startswith("normaliser"):
            np.testing.assert_allclose(found[name], expected[name], atol=1e-6, rtol=0, err_msg=name)
            assert np.abs(found[name] - first[name]).max() > 1e-3


def rollout_of(model):
    """Let the model act as its `learn` does, and give what it did."""
    _, callback = model._setup_learn(STEPS * ROWS)
    buffer = model.rollout_buffer
    assert model.collect_rollouts(model.env, callback, buffer, STEPS)
    dones = np.concatenate([buffer.episode_starts[1:], model._last_episode_starts[None]]).astype(bool)
    assert dones.any()
    return Rollout(
        observations=buffer.observations.copy(),
        actions=buffer.actions.astype(np.float32),
        log_probs=buffer.log_probs.copy(),
        values=buffer.values.copy(),
        rewards=buffer.rewards.copy(),
        terminated=dones,  # the value at the end of truncated episodes is in the rewards
        truncated=np.zeros_like(dones),
        final_values=np.zeros_like(buffer.values),
        last_values=model.policy.predict_values(torch.from_numpy(model._last_obs)).detach().numpy()[:, 0],
    )


def copy_of(policy):
    """Our network with the weights of their MlpPolicy."""
    copy = ActorCritic(4, Categorical(2), (64, 64), shared=False)
    layers = {
        "trunk": policy.mlp_extractor.policy_net,
        "critic_trunk": policy.mlp_extractor.value_net,
        "actor": policy.action_net,
        "critic": policy.value_net,
    }
    for name, layer in layers.items():
        getattr(copy, name).load_state_dict(layer.state_dict())
    return copy
