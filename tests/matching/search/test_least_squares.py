from contextlib import suppress

import numpy as np
import pytest

from tonewright.matching.search.budget import Budget, BudgetSpent
from tonewright.matching.search.least_squares import Residuals, refine
from tonewright.matching.search.objective import Objective
from tonewright.matching.search.space import SearchSpace
from tonewright.matching.suites import random_suite
from tonewright.synths import synth

SYNTH = synth("serum-lite", 16_000)


def search(case, renders: int = 1000) -> Objective:
    return Objective(SYNTH, SearchSpace(SYNTH.controls, 60.0, 0.75), case.audio, Budget(renders), seed=0)


def disturbed(params: np.ndarray, spread: float, rng: np.random.Generator) -> np.ndarray:
    noise = rng.normal(0, spread, len(params)) * [control.steps == 0 for control in SYNTH.controls]
    return np.clip(params + noise, 0, 1).astype(np.float32)


def test_a_disturbed_preset_is_led_back_within_150_renders() -> None:
    rng = np.random.default_rng(0)
    before, after = [], []
    for case in random_suite(SYNTH, 6):
        objective = search(case, renders=150)
        with suppress(BudgetSpent):
            refine(objective, Residuals(case.audio, 16_000), disturbed(case.true_params, 0.1, rng), steps=9)
        before.append(objective.improvements[0][1])
        after.append(objective.best)
    assert np.median(after) < 0.5 * np.median(before)


def test_the_difference_from_itself_is_none() -> None:
    case = random_suite(SYNTH, 1)[0]
    assert not Residuals(case.audio, 16_000)(case.audio[None]).any()


def test_a_level_difference_is_heard_in_decibels() -> None:
    case = random_suite(SYNTH, 1)[0]
    difference = Residuals(case.audio, 16_000)(2 * case.audio[None])
    assert 6.0 < difference.max() < 6.03
    assert difference.min() >= 0.0


def test_integer_controls_stay() -> None:
    case = random_suite(SYNTH, 1)[0]
    objective = search(case)
    start = disturbed(case.true_params, 0.1, np.random.default_rng(1))
    refine(objective, Residuals(case.audio, 16_000), start, steps=3)
    integers = list(objective.space.integers)
    np.testing.assert_allclose(
        objective.points[:, integers], np.tile(SYNTH.controls.snap(start)[integers], (16, 1))
    )


def test_the_budget_holds() -> None:
    case = random_suite(SYNTH, 1)[0]
    objective = search(case, renders=30)
    with pytest.raises(BudgetSpent):
        refine(objective, Residuals(case.audio, 16_000), case.true_params * 0.9, steps=5)
    assert objective.renders == 30
