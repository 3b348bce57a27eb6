import random
from contextlib import suppress

import numpy as np
import pytest

from tonewright.distances import compare
from tonewright.matching.search.budget import Budget, BudgetSpent
from tonewright.matching.search.least_squares import Residuals, refine
from tonewright.matching.search.methods import METHODS, search_method
from tonewright.matching.search.objective import Objective
from tonewright.matching.search.random_and_cma import around_search, cma_search
from tonewright.matching.search.space import SearchSpace
from tonewright.synths.control import Control, ControlSpace


def run(search, objective, seed=0):
    with suppress(BudgetSpent):
        search(objective, np.random.default_rng(seed))
    return objective


@pytest.fixture(params=METHODS)
def method(request):
    return search_method(request.param)


class TestEveryMethod:
    def test_the_same_seed_gives_the_same_search(self, method, make_objective, factory_sound):
        target = factory_sound(0)[1]
        first, second = (run(method, make_objective(target, 600)) for _ in range(2))
        np.testing.assert_array_equal(first.points, second.points)
        np.testing.assert_array_equal(first.losses, second.losses)
        assert [i[:2] for i in first.improvements] == [i[:2] for i in second.improvements]

    def test_another_seed_gives_another(self, method, make_objective, factory_sound):
        target = factory_sound(0)[1]
        first, second = (run(method, make_objective(target, 100), seed) for seed in (0, 1))
        assert not np.array_equal(first.points, second.points)

    @pytest.mark.parametrize("budget", [1, 47, 512, 611])
    def test_spends_the_whole_budget_and_no_more(self, method, make_objective, factory_sound, budget):
        objective = run(method, make_objective(factory_sound(9)[1], budget))
        assert objective.renders == budget

    def test_does_not_know_its_budget(self, method, make_objective, factory_sound):
        """Smaller budgets may be read off a run with a larger one."""
        target = factory_sound(20)[1]
        small, large = (run(method, make_objective(target, budget)) for budget in (600, 1_000))
        heard = [i[:2] for i in large.improvements if i[0] <= 600]
        assert [i[:2] for i in small.improvements] == heard

    def test_leaves_global_randomness_alone(self, method, make_objective, factory_sound):
        np.random.seed(3)  # noqa: NPY002 - the global state is what is tested
        random.seed(3)
        before, before_python = np.random.get_state(), random.getstate()  # noqa: NPY002
        run(method, make_objective(factory_sound(0)[1], 560))
        after = np.random.get_state()  # noqa: NPY002
        np.testing.assert_array_equal(after[1], before[1])
        assert after[2:] == before[2:]
        assert random.getstate() == before_python

    def test_does_not_depend_on_global_randomness(self, method, make_objective, factory_sound):
        found = []
        for seed in (3, 4):
            np.random.seed(seed)  # noqa: NPY002
            random.seed(seed)
            found.append(run(method, make_objective(factory_sound(0)[1], 560)).points)
        np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("index", [0, 6, 50])
def test_cma_beats_random_at_equal_renders(make_objective, factory_sound, index):
    target = factory_sound(index)[1]
    best = {name: run(search_method(name), make_objective(target, 3_000)).best for name in ("cma", "random")}
    assert best["cma"] < 0.95 * best["random"]


def test_cma_hears_every_value_of_every_discrete_control(synth, factory_sound):
    class Listening(Objective):
        heard: list = []  # noqa: RUF012 - one objective, one test

        def render(self, points):
            self.heard.append(points)
            return super().render(points)

    target = factory_sound(0)[1]
    objective = Listening(synth, SearchSpace(synth.controls, 57.0, 0.2), target, Budget(4_000), seed=0)
    run(cma_search, objective)
    after_first_look = np.concatenate(objective.heard[1:])
    for column, count in objective.space.integers.items():
        values, times = np.unique(after_first_look[:, column], return_counts=True)
        assert len(values) == count
        assert times.min() >= 3


def test_cma_searches_note_and_gate_too(make_objective, factory_sound):
    target = factory_sound(0)[1]
    objective = run(cma_search, make_objective(target, 900, note=(56.0, 58.0), gate_seconds=(0.0125, 0.25)))
    notes = objective.space.notes(np.stack([point for _, _, point in objective.improvements]))
    for values, low, high in ((notes.midi_note, 56.0, 58.0), (notes.gate_seconds, 0.0125, 0.25)):
        assert low <= values.min() < values.max() <= high
        assert len(np.unique(values)) > len(values) / 2


@pytest.mark.parametrize("index", [0, 25, 50, 63])
def test_around_the_true_preset_nothing_gets_worse(make_objective, factory_sound, index):
    params, target = factory_sound(index)
    objective = make_objective(target, 300)
    run(around_search(objective.space.point(params, 57.0, 0.2)), objective)
    assert objective.best == 0
    assert objective.improvements[0][:2] == (1, 0.0)
    best = objective.render(objective.points[:1])
    np.testing.assert_array_equal(best[0], target)
    distances = {name: value[0] for name, value in compare(target[None], best, 16_000).items()}
    assert distances.pop("rms") == 1.0
    assert set(distances.values()) == {0.0}


class Clicks:
    """A synth without a continuous control: the period of its clicks, and their polarity."""

    name, version, sample_rate_hz = "clicks", 1, 16_000
    controls = ControlSpace(
        (Control("period", "clicks", 20, 200, 20, "integer"), Control("sign", "clicks", 0, 1, 0, "integer"))
    )

    def render(self, params, midi_note=60.0, seconds=1.0, gate_seconds=None, seed=0):
        period, sign = self.controls.to_physical(params).T[:, :, None]
        time = np.arange(round(seconds * self.sample_rate_hz))
        return np.where(time % period == 0, 0.5 - sign, 0.0).astype(np.float32)


@pytest.mark.parametrize("method", ["cma", "full"])
def test_a_synth_may_have_discrete_controls_alone(method):
    synth = Clicks()
    target = synth.render(synth.controls.to_unit({"period": 73, "sign": 1})[None], seconds=0.2)[0]
    space = SearchSpace(synth.controls, 60.0, 0.1)
    found = run(search_method(method), Objective(synth, space, target, Budget(2_000), seed=0))
    assert found.best == 0
    refine(found, Residuals(target, 16_000), found.points[0], steps=1)  # has nothing to turn
