"""Samplers on flows whose answers are known."""

import numpy as np
import pytest

from tonewright.prompting.generators.sketch.sampling import (
    EVALUATIONS,
    SAMPLERS,
    guided,
    sample_flow,
    schedule,
)


def gaussian(mean, std):
    """The exact velocity of the flow to a normal distribution (Lipman et al. 2023)."""

    def velocity(x, t):
        # x = (1 − t) y + t n; E[n − y | x] by the joint normal of x and n − y.
        variance = (1 - t) ** 2 * std**2 + t**2
        slope = (t - (1 - t) * std**2) / variance
        return (slope * (x - (1 - t) * mean) - mean).astype(np.float32)

    return velocity


def drawn(sampler, steps, velocity, sigma_min=0.01, seed=0, count=4_000):
    rng = np.random.default_rng(seed)
    levels = schedule(steps, 1.0, sigma_min)
    start = rng.standard_normal((1, count), dtype=np.float32)
    return sample_flow(sampler, velocity, start, levels, rng)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_normal_distribution_is_reached(sampler):
    found = drawn(sampler, 60, gaussian(2.0, 0.5))
    assert found.mean() == pytest.approx(2.0, abs=0.05)
    if sampler == "pingpong":  # made for networks that go to a sound at once; of means it draws too narrowly
        assert 0.05 < found.std() < 0.4
    else:
        assert found.std() == pytest.approx(0.5, rel=0.1)


@pytest.mark.parametrize(("sampler", "order"), [("euler", 1), ("dpmpp", 2), ("rk4", 3)])
def test_errors_fall_with_the_steps_as_the_order_says(sampler, order):
    exact = drawn("rk4", 800, gaussian(1.0, 0.3), 1e-4)
    errors = [np.abs(drawn(sampler, steps, gaussian(1.0, 0.3), 1e-4) - exact).mean() for steps in (20, 80)]
    assert errors[1] < errors[0] / 4 ** (0.7 * order)


def test_a_point_is_reached_at_once_by_what_predicts_it():
    velocity = gaussian(3.0, 1e-6)
    for sampler in ("dpmpp", "pingpong"):
        assert drawn(sampler, 2, velocity).mean() == pytest.approx(3.0, abs=0.02)


def test_the_schedule_falls_from_one_level_to_the_other_and_to_nothing():
    levels = schedule(8, 1.0, 0.12)
    assert levels[0] == 1.0
    assert levels[-2] == pytest.approx(0.12)
    assert levels[-1] == 0.0
    assert (np.diff(levels) < 0).all()
    assert len(levels) == 9
    assert schedule(1, 0.7, 0.1).tolist() == [0.7, 0.0]
    log_snr = np.log((1 - levels[1:-1]) / levels[1:-1])
    np.testing.assert_allclose(np.diff(log_snr), np.diff(log_snr)[0], rtol=1e-6)


def test_guidance_goes_away_from_the_opposite():
    def velocity(x, t, prompt):
        return np.full_like(x, 3.0 if prompt else 1.0)

    x = np.zeros((1, 2), np.float32)
    for scale, expected, cost in ((1.0, 3.0, 1), (0.0, 1.0, 2), (2.0, 5.0, 2)):
        used, evaluations = guided(velocity, scale)
        assert (used(x, 0.5) == expected).all()
        assert evaluations == cost
    assert {*EVALUATIONS} == {*SAMPLERS}
