import numpy as np
import pytest

from tonewright.matching.search import objective as module
from tonewright.matching.search.objective import BudgetSpent


@pytest.fixture
def target(factory_sound):
    return factory_sound(0)[1]


class TestBudget:
    def test_is_spent_to_the_last_render(self, make_objective, target, rng):
        objective = make_objective(target, 50)
        objective(objective.space.sample(rng, 40))
        assert objective.left == 10
        with pytest.raises(BudgetSpent):
            objective(objective.space.sample(rng, 40))
        assert objective.renders == 50

    def test_what_is_left_is_rendered_before_it_ends(self, make_objective, target, factory_sound, rng):
        objective = make_objective(target, 10)
        points = objective.space.sample(rng, 30)
        points[9] = objective.space.point(factory_sound(0)[0], 57.0, 0.2)
        with pytest.raises(BudgetSpent):
            objective(points)
        assert objective.best == 0

    def test_a_batch_that_just_fits_returns(self, make_objective, target, rng):
        objective = make_objective(target, 20)
        assert len(objective(objective.space.sample(rng, 20))) == 20

    def test_once_spent_nothing_is_rendered_any_more(self, make_objective, target, rng):
        objective = make_objective(target, 20)
        objective(objective.space.sample(rng, 20))
        kept = objective.points.copy()
        for _ in range(2):
            with pytest.raises(BudgetSpent):
                objective(objective.space.sample(rng, 20))
        assert objective.renders == 20
        np.testing.assert_array_equal(objective.points, kept)

    def test_stop_ends_after_the_batch_and_keeps_it(self, make_objective, target, rng):
        objective = make_objective(target, 1_000, stop=lambda: True)
        with pytest.raises(BudgetSpent):
            objective(objective.space.sample(rng, 20))
        assert objective.renders == 20
        assert len(objective.points) == 16

    def test_progress_is_told_after_every_batch(self, make_objective, target, rng):
        told = []
        objective = make_objective(target, 50, progress=lambda *facts: told.append(facts))
        for _ in range(2):
            objective(objective.space.sample(rng, 20))
        with pytest.raises(BudgetSpent):
            objective(objective.space.sample(rng, 20))
        assert [renders for renders, _ in told] == [20, 40, 50]
        assert told[-1][1] == objective.best


class TestMemory:
    def test_keeps_the_best_different_points_in_order(self, make_objective, target, rng):
        objective = make_objective(target, 1_000, keep=5)
        points = objective.space.decode(objective.space.sample(rng, 90))
        losses = np.concatenate([objective(part) for part in np.split(points, 3)])
        order = np.argsort(losses, kind="stable")[:5]
        np.testing.assert_array_equal(objective.losses, losses[order])
        np.testing.assert_array_equal(objective.points, points[order])
        assert objective.best == losses.min()

    def test_keeps_a_point_heard_again_only_once(self, make_objective, target, rng):
        objective = make_objective(target, 1_000)
        points = objective.space.sample(rng, 10)
        for _ in range(5):
            objective(points)
        assert objective.points.shape == (10, len(objective.space))
        assert len(np.unique(objective.points, axis=0)) == 10
        assert (np.diff(objective.losses) >= 0).all()

    def test_points_that_decode_to_the_same_are_the_same(self, make_objective, target, synth):
        objective = make_objective(target, 100)
        points = np.tile(synth.controls.defaults(), (2, 1))
        points[:, synth.controls.index("osc2_semitones")] = (0.501, 0.509)
        objective(points)
        assert len(objective.points) == 1

    def test_improvements_fall_as_renders_rise(self, make_objective, target, rng):
        objective = make_objective(target, 300)
        for _ in range(6):
            objective(objective.space.sample(rng, 50))
        renders, losses, points = zip(*objective.improvements, strict=True)
        assert renders[0] == 1
        assert (np.diff(renders) > 0).all()
        assert (np.diff(losses) < 0).all()
        assert losses[-1] == objective.best
        np.testing.assert_array_equal(points[-1], objective.points[0])

    def test_an_improvement_is_counted_within_its_batch(self, make_objective, target, factory_sound, rng):
        objective = make_objective(target, 300)
        points = objective.space.sample(rng, 40)
        points[30] = objective.space.point(factory_sound(0)[0], 57.0, 0.2)
        objective(points[:20])
        objective(points[20:])
        assert objective.improvements[-1][:2] == (31, 0.0)

    def test_is_empty_at_first(self, make_objective, target):
        objective = make_objective(target, 10)
        assert (objective.best, objective.renders, objective.improvements) == (np.inf, 0, [])


class TestRuns:
    def test_the_best_of_each_run_is_a_contender(self, make_objective, factory_sound, rng):
        params, target = factory_sound(0)
        objective = make_objective(target, 200)
        others = []
        for _ in range(2):
            objective.begin_run()
            points = objective.space.decode(objective.space.sample(rng, 20))
            others.append(points[np.argmin(objective(points))])
            objective.end_run()
            objective(0.98 * objective.space.point(params, 57.0, 0.2)[None])  # near the target
        contenders = objective.contenders(1.0, 1e3)
        assert 0 < objective.best < min(loss for loss, _ in objective.run_bests)
        np.testing.assert_array_equal(contenders[1:], others)
        assert len(objective.contenders(1.0, 1.0)) == 1

    def test_a_run_that_heard_nothing_has_no_best(self, make_objective, target, rng):
        objective = make_objective(target, 200)
        objective(objective.space.sample(rng, 3))
        objective.begin_run()
        assert len(objective.contenders(1.0, 1e3)) == 1


class TestLoss:
    def test_the_true_preset_costs_nothing(self, make_objective, factory_sound):
        params, target = factory_sound(3)
        objective = make_objective(target, 10)
        assert objective(objective.space.point(params, 57.0, 0.2)[None]) == 0.0
        assert set(objective.terms(target).values()) == {0.0}

    def test_points_outside_are_moved_into_the_space(self, make_objective, target, rng):
        objective = make_objective(target, 100)
        points = 3 * objective.space.sample(rng, 10) - 1
        outside = objective(points)
        np.testing.assert_array_equal(outside, objective(np.clip(points, 0, 1)))

    def test_does_not_depend_on_the_size_of_a_batch(self, make_objective, target, rng, monkeypatch):
        objective = make_objective(target, 1_000)
        points = objective.space.sample(rng, 33)
        whole = objective(points)
        monkeypatch.setattr(module, "_CHUNK_SAMPLES", 7 * len(target))
        np.testing.assert_array_equal(objective(points), whole)
        one_by_one = np.concatenate([objective(point[None]) for point in points])
        np.testing.assert_array_equal(one_by_one, whole)

    def test_free_note_and_gate_are_heard(self, make_objective, factory_sound):
        params, target = factory_sound(3)
        objective = make_objective(target, 10, note=(50.0, 64.0), gate_seconds=(0.02, 0.25))
        right, high, short = (objective.space.point(params, *at) for at in ((57, 0.2), (64, 0.2), (57, 0.03)))
        losses = objective(np.stack([right, high, short]))
        assert losses[0] < 0.01
        assert losses[1:].min() > 0.05

    def test_rendering_for_a_look_spends_nothing(self, make_objective, target, rng):
        objective = make_objective(target, 10)
        audio = objective.render(objective.space.decode(objective.space.sample(rng, 4)))
        assert audio.shape == (4, len(target))
        assert objective.renders == 0
