"""Policies of Stable-Baselines3, exported, act as they do in it."""

import numpy as np
import pytest
from gymnasium import spaces

from tonewright.errors import CheckpointError, UsageError
from tonewright.learning import BatchEnv
from tonewright.learning.inference import load_network
from tonewright.learning.probes import CopyProbe, HybridProbe, MaskProbe
from tonewright.learning.spaces import to_env

pytest.importorskip("stable_baselines3")
pytest.importorskip("sb3_contrib")
pytest.importorskip("onnx")

import torch
from sb3_contrib import QRDQN, TQC, MaskablePPO, RecurrentPPO
from stable_baselines3 import DQN, PPO, SAC, TD3
from stable_baselines3.common.vec_env import VecNormalize

from tonewright.learning.sb3 import FlatActions, SB3VecEnv, export_sb3

N = 4


class Wide(BatchEnv):
    """Observations far from 0, and actions whose bounds lie to one side."""

    def __init__(self, num_envs=1, **kwargs):
        move = spaces.Box(np.float32([-2, 0.5]), np.float32([1, 8]))
        super().__init__(num_envs, spaces.Box(-np.inf, np.inf, (3,)), move, max_episode_steps=5, **kwargs)

    def _begin(self, rows):
        pass

    def _advance(self, actions, rows):
        return np.zeros(self.num_envs, np.float32), np.zeros(self.num_envs, np.bool_)

    def _observe(self):
        rows = [rng.normal(1000, [0.1, 1, 10]) for rng in self.rngs]
        return np.stack(rows).astype(np.float32)


def made(algorithm, env, policy="MlpPolicy", normalised=False, clip=10.0, policy_kwargs=None, **options):
    """An algorithm that acts decidedly and differently from observation to observation."""
    env = VecNormalize(SB3VecEnv(env), clip_obs=clip) if normalised else SB3VecEnv(env)
    network = {"net_arch": [16], **(policy_kwargs or {})}
    model = algorithm(policy, env, policy_kwargs=network, seed=0, device="cpu", **options)
    if normalised:
        env.reset()
        for _ in range(20):
            env.step(np.stack([env.action_space.sample() for _ in range(N)]))
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for weights in model.policy.parameters():
            weights.normal_(0, 0.5, generator=generator)
    return model


CASES = {
    "PPO": lambda: made(PPO, CopyProbe(N)),
    "PPO-MultiDiscrete": lambda: made(PPO, MaskProbe(N), policy_kwargs={"share_features_extractor": False}),
    "PPO-Box": lambda: made(PPO, Wide(N), normalised=True),
    "PPO-unclipped": lambda: made(PPO, Wide(N), normalised=True, clip=np.inf),
    "PPO-squashed": lambda: made(
        PPO, Wide(N), normalised=True, use_sde=True, policy_kwargs={"squash_output": True}
    ),
    "DQN": lambda: made(DQN, CopyProbe(N), normalised=True),
    "QRDQN": lambda: made(QRDQN, CopyProbe(N), policy_kwargs={"n_quantiles": 8}),
    "SAC": lambda: made(SAC, Wide(N), normalised=True),
    "SAC-Dict": lambda: made(SAC, HybridProbe(N)),
    "TD3": lambda: made(TD3, Wide(N), normalised=True),
    "TQC": lambda: made(TQC, Wide(N), normalised=True, use_sde=True),
}


@pytest.mark.parametrize("case", CASES)
def test_exported_and_trained_act_alike(tmp_path, case):
    model, path = CASES[case](), tmp_path / "policy.onnx"
    export_sb3(path, model, kind="test", configuration={"gamma": 0.9}, controls=["cutoff_hz"])
    network = load_network(path, kind="test", controls=["cutoff_hz"])
    assert network.configuration == {"gamma": 0.9, "algorithm": type(model).__name__}

    (size,) = model.observation_space.shape
    observations = np.random.default_rng(2).normal(size=(1000, size)).astype(np.float32)
    seen, normaliser = observations, model.get_vec_normalize_env()
    if normaliser is not None:
        observations = normaliser.unnormalize_obs(3 * observations).astype(np.float32)
        seen = normaliser.normalize_obs(observations)
    expected, _ = model.predict(seen, deterministic=True)
    flat = network(observations=observations)["actions"]
    found = to_env(model.action_space, flat)
    assert (found.shape, found.dtype.kind) == (expected.shape, expected.dtype.kind)
    assert len(np.unique(flat.round(1), axis=0)) >= 4  # it does act differently
    if isinstance(model.action_space, spaces.Box):
        low, high = model.action_space.low, model.action_space.high
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * (high - low).max())
        np.testing.assert_allclose(flat, 2 * (expected - low) / (high - low) - 1, rtol=0, atol=1e-5)
        assert np.abs(flat).max() <= 1
    else:
        np.testing.assert_array_equal(found, expected)


def test_its_actions_are_those_of_the_view(tmp_path):
    model, path = CASES["SAC-Dict"](), tmp_path / "policy.onnx"
    export_sb3(path, model, kind="test", configuration={})
    env = HybridProbe(64)
    observations, _ = env.reset(seed=0)
    flat = load_network(path, kind="test")(observations=observations)["actions"]
    actions = FlatActions(env.single_action_space).to_env(to_env(model.action_space, flat))
    expected, _ = model.predict(observations, deterministic=True)
    assert actions["module"].tolist() == expected[:, :3].argmax(axis=1).tolist()
    np.testing.assert_allclose(actions["deltas"], expected[:, 3:], rtol=0, atol=1e-5)


def test_the_policy_may_go_on_training(tmp_path):
    model = made(PPO, CopyProbe(N), n_steps=4, batch_size=16)
    model.learn(16)  # its distribution holds what torch does not copy
    before = model.policy.action_net.weight.detach().clone()
    export_sb3(tmp_path / "policy.onnx", model, kind="test", configuration={})
    model.learn(16)
    assert (model.policy.action_net.weight != before).any()


def test_other_layers_are_noticed(tmp_path):
    model = CASES["SAC"]()
    model.policy.actor.get_action_dist_params = lambda observations: (observations[:, :2], None, {})
    model.policy.actor.action_dist.actions_from_params = lambda mean, *_, **__: mean
    with pytest.raises(CheckpointError, match="the layers of SACPolicy do not act as its predict does"):
        export_sb3(tmp_path / "policy.onnx", model, kind="test", configuration={})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("algorithm", "policy"), [(RecurrentPPO, "MlpLstmPolicy"), (MaskablePPO, "MlpPolicy")], ids=str
)
def test_memory_and_masks_are_refused(tmp_path, algorithm, policy):
    model = made(algorithm, CopyProbe(N), policy)
    with pytest.raises(UsageError, match=f"without memory and masks .*; got {type(model.policy).__name__}"):
        export_sb3(tmp_path / "policy.onnx", model, kind="test", configuration={})
