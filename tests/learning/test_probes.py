"""That each probe pays what it says, for the best policy, for chance, and for mistakes."""

import numpy as np
import pytest

from tonewright.learning.probes import CopyProbe, CreditProbe, HybridProbe, MaskProbe

N = 128


def mean_reward(probe, policy, steps=40):
    """What a policy (observations → actions) earns a step."""
    env = probe(N)
    observations, _ = env.reset(seed=1)
    earned = []
    for _ in range(steps):
        observations, rewards, *_ = env.step(policy(observations))
        earned.append(rewards)
    return float(np.mean(earned))


def copy_best(observations):
    return observations.argmax(axis=1)


def credit_best(observations):
    return (observations[:, 0] > 0).astype(np.int64)


def mask_best(observations):
    return np.stack([observations[:, :3].argmax(axis=1), observations[:, 3:].argmax(axis=1)], axis=1)


def hybrid_best(observations):
    return {"module": observations[:, :3].argmax(axis=1), "deltas": observations[:, 3:]}


@pytest.mark.parametrize(
    ("probe", "policy", "best"),
    [
        (CopyProbe, copy_best, 1),
        (CreditProbe, credit_best, 0.5),  # one reward in two steps
        (MaskProbe, mask_best, 1),
        (HybridProbe, hybrid_best, 1),
    ],
)
def test_the_best_policy(probe, policy, best):
    assert mean_reward(probe, policy) == best


@pytest.mark.parametrize(
    ("probe", "expected"),
    [
        (CopyProbe, 0.25),
        (CreditProbe, 0.25),
        (MaskProbe, 1 / 12 - 7 / 12),  # of 12 pairs 7 are invalid
        (HybridProbe, (1 - (1 / 2 + 0.9**2 / 6) / 2) / 3),  # mean distance of uniforms over ±1 and ±0.9
    ],
)
def test_chance(probe, expected):
    env = probe(N)
    env.action_space.seed(2)
    assert mean_reward(probe, lambda _: env.action_space.sample()) == pytest.approx(expected, abs=0.01)


class TestCredit:
    def test_only_the_first_action_counts(self):
        def late(observations):
            first = observations[:, 1] == 0
            return np.where(first, observations[:, 0] < 0, observations[:, 0] > 0).astype(np.int64)

        assert mean_reward(CreditProbe, late) == 0

    def test_nothing_is_paid_at_once(self):
        env = CreditProbe(N)
        observations, _ = env.reset(seed=1)
        observations, rewards, terminated, truncated, _ = env.step(credit_best(observations))
        assert not np.stack([rewards, terminated, truncated]).any()
        np.testing.assert_array_equal(observations[:, 0], observations[:, 1])
        _, rewards, terminated, truncated, _ = env.step(np.zeros(N, np.int64))
        assert rewards.all()
        assert terminated.all()
        assert not truncated.any()


class TestMask:
    def test_invalid_pairs_cost_and_end(self):
        env = MaskProbe(N)
        env.reset(seed=1)
        env.action_space.seed(2)
        actions = env.action_space.sample()
        invalid = ~MaskProbe.VALID[actions[:, 0], actions[:, 1]]
        _, rewards, terminated, _, _ = env.step(actions)
        np.testing.assert_array_equal(rewards == -1, invalid)
        np.testing.assert_array_equal(terminated, invalid)

    def test_every_pair_shown_is_valid(self):
        env = MaskProbe(N)
        pairs = mask_best(env.reset(seed=1)[0])
        assert {tuple(pair) for pair in pairs} == {tuple(pair) for pair in np.argwhere(MaskProbe.VALID)}


class TestHybrid:
    def test_unused_controls_do_not_matter(self):
        def careless(observations):
            actions = hybrid_best(observations)
            used = HybridProbe.USED[actions["module"]]
            return actions | {"deltas": np.where(used, actions["deltas"], np.float32(1))}

        assert mean_reward(HybridProbe, careless) == 1

    def test_wrong_modules_earn_nothing(self):
        def wrong(observations):
            actions = hybrid_best(observations)
            return actions | {"module": (actions["module"] + 1) % 3}

        assert mean_reward(HybridProbe, wrong) == 0

    def test_distance_costs_half(self):
        def off(observations):
            actions = hybrid_best(observations)
            towards = np.where(actions["deltas"] > 0, -0.1, 0.1).astype(np.float32)
            return actions | {"deltas": actions["deltas"] + towards}

        assert mean_reward(HybridProbe, off) == pytest.approx(0.95, abs=1e-6)

    def test_the_choice_comes_first(self):
        assert list(HybridProbe().single_action_space) == ["module", "deltas"]
