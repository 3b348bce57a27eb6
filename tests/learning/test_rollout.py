import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.vector import AutoresetMode

from tonewright.errors import UsageError
from tonewright.learning.vector import BatchEnv

pytest.importorskip("torch")

import torch

from tonewright.learning.heads import head_for
from tonewright.learning.policy import ActorCritic
from tonewright.learning.probes import HybridProbe, MaskProbe
from tonewright.learning.rollout import RolloutWorker
from tonewright.learning.spaces import observation_size


class Counter(BatchEnv):
    """Rows count steps, one more each than the row before; row 0 terminates at 3, all are truncated at 5."""

    def __init__(self, num_envs=3, autoreset_mode=AutoresetMode.SAME_STEP):
        super().__init__(
            num_envs,
            spaces.Box(0, 100, (1,)),
            spaces.Discrete(2),
            max_episode_steps=5,
            autoreset_mode=autoreset_mode,
        )
        self.counts = np.zeros(num_envs, np.float32)
        self.actions = []

    def _begin(self, rows):
        self.counts[rows] = 0

    def _advance(self, actions, rows):
        self.actions.append(actions.copy())
        self.counts += 1 + np.arange(self.num_envs)
        return self.counts.copy(), (self.counts == 3) & (np.arange(self.num_envs) == 0)

    def _observe(self):
        return self.counts[:, None].copy()

    def _info(self):
        return {"double": 2 * self.counts[:, None], "count": self.counts.copy()}


def worker(make_env=Counter, seed=0, index=0, **kwargs):
    env = make_env()
    size, head = observation_size(env.single_observation_space), head_for(env.single_action_space)
    return RolloutWorker(lambda: env, lambda: ActorCritic(size, head, (8,)), seed, index, **kwargs)


def weights_for(one, seed=5):
    """Weights other than the worker's first ones."""
    size, head = one.policy.normaliser.mean.shape[0], one.policy.head
    return ActorCritic(size, head, (8,), seed=seed).weights()


def arrays(rollout):
    fields = vars(rollout)
    return {**fields, **fields["extras"], **fields["episodes"], "extras": 0, "episodes": 0}


def same(one, other):
    return all(
        np.array_equal(a, b) for a, b in zip(arrays(one).values(), arrays(other).values(), strict=True)
    )


@pytest.fixture
def counted():
    one = worker(extras=["double"], episode_keys=["count"])
    return one, one.collect(weights_for(one), 12, reseed=1)


def test_steps_and_ends_are_in_their_places(counted):
    _, rollout = counted
    observations = rollout.observations[..., 0]
    assert observations[:, 0].tolist() == [0, 1, 2] * 4
    assert observations[:, 2].tolist() == [0, 3, 6, 9, 12, 0, 3, 6, 9, 12, 0, 3]
    assert rollout.rewards[:, 2].tolist() == [3, 6, 9, 12, 15, 3, 6, 9, 12, 15, 3, 6]
    assert np.flatnonzero(rollout.terminated[:, 0]).tolist() == [2, 5, 8, 11]
    assert np.flatnonzero(rollout.truncated[:, 2]).tolist() == [4, 9]
    assert not rollout.terminated[:, 1:].any()
    assert not rollout.truncated[:, 0].any()
    assert {array.dtype for array in (rollout.actions, rollout.values, rollout.final_values)} == {
        np.dtype("f4")
    }


def test_values_are_the_policy_s(counted):
    one, rollout = counted

    def values(observations):
        return one.policy(torch.as_tensor(observations, dtype=torch.float32)).values.detach().numpy()

    np.testing.assert_allclose(rollout.values[:, 1], values(rollout.observations[:, 1]), rtol=1e-5)
    np.testing.assert_allclose(rollout.last_values, values([[0], [4], [6]]), rtol=1e-5)
    expected = np.zeros((12, 3))
    expected[[4, 9], 1:] = values([[10], [15]])
    np.testing.assert_allclose(rollout.final_values, expected, rtol=1e-5)


def test_actions_are_those_the_environments_got(counted):
    one, rollout = counted
    assert np.array_equal(rollout.actions[..., 0], one.env.actions[-12:])
    observations, actions = (torch.from_numpy(a[:, 1]) for a in (rollout.observations, rollout.actions))
    log_probs = one.policy.head.log_prob(one.policy(observations).logits, actions)
    np.testing.assert_allclose(rollout.log_probs[:, 1], log_probs.detach(), rtol=1e-5)


def test_extras_came_with_the_observations(counted):
    assert np.array_equal(counted[1].extras["double"], 2 * counted[1].observations)


def test_episodes_are_summed_up(counted):
    _, rollout = counted
    assert rollout.episodes["length"].tolist() == [3, 5, 5, 3, 3, 5, 5, 3]
    assert rollout.episodes["return"].tolist() == [6, 30, 45, 6, 6, 30, 45, 6]
    assert rollout.episodes["count"].tolist() == [3, 10, 15, 3, 3, 10, 15, 3]


def test_episodes_go_on_in_the_next_rollout():
    one = worker(episode_keys=["count"])
    weights = weights_for(one)
    first, second = one.collect(weights, 2, reseed=0), one.collect(weights, 3)
    assert first.episodes["return"].shape == first.episodes["count"].shape == (0,)
    assert second.episodes["return"].tolist() == [6, 30, 45]
    whole = worker(episode_keys=["count"]).collect(weights, 5, reseed=0)
    assert np.array_equal(np.concatenate([first.actions, second.actions]), whole.actions)


@pytest.mark.parametrize("make_env", [lambda: MaskProbe(4), lambda: HybridProbe(4)], ids=["mask", "hybrid"])
def test_seed_index_and_reseed_decide_everything(make_env):
    one = worker(make_env)
    weights = weights_for(one)
    rollout = one.collect(weights, 10, reseed=3)
    assert same(rollout, one.collect(weights, 10, reseed=3))
    assert same(rollout, worker(make_env).collect(weights, 10, reseed=3))
    assert same(worker(make_env).collect(weights, 10), one.collect(weights, 10, reseed=0))
    for other, reseed in ((one, 4), (worker(make_env, seed=1), 3), (worker(make_env, index=1), 3)):
        assert not np.array_equal(rollout.observations, other.collect(weights, 10, reseed).observations)


def test_environments_are_prepared_for_new_weights_before_they_begin_anew():
    seen = []
    one = worker(prepare=lambda env, policy: seen.append((env.counts.copy(), policy.actor.bias.tolist())))
    weights = weights_for(one) | {"actor.bias": np.array([1, 2], np.float32)}
    one.collect(weights, 2)
    one.collect(weights, 2, reseed=1)
    assert [bias for _, bias in seen] == [[1, 2]] * 2
    assert [counts.tolist() for counts, _ in seen] == [[0, 0, 0], [2, 4, 6]]


def test_infos_that_are_not_there_are_named():
    one = worker(extras=["demonstration"])
    with pytest.raises(UsageError, match="no info 'demonstration'; choose from: count, double"):
        one.collect(weights_for(one), 1)


def test_other_autoreset_modes_are_refused():
    with pytest.raises(UsageError, match=r"SAME_STEP; got AutoresetMode\.NEXT_STEP"):
        worker(lambda: Counter(autoreset_mode=AutoresetMode.NEXT_STEP))
